"""Refusals of offers and orders; the message says why and the way out."""


class OfferRefused(ValueError):
    """A quote or an order confirmation cannot be issued like this."""
