"""Refusals that a caller of the outbox should expect."""


class DispatchRefused(ValueError):
    """A mail cannot be sent again; the message says why and the way out."""
