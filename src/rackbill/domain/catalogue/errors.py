"""What a caller of the catalogue should expect."""


class DiscountRefused(ValueError):
    """A discount rate cannot be; the message says why."""


class ProductNotFound(LookupError):
    """The catalogue has no such product."""
