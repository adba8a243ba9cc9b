"""What a caller of usage should expect."""


class MeterNotFound(LookupError):
    """There is no such meter, or no meter of a line."""


class UsageRefused(ValueError):
    """A meter, a sample or a measured quantity is not acceptable; the message says why and the way out."""
