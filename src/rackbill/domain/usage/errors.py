"""What a caller of usage should expect."""


class MeterNotFound(LookupError):
    """There is no such meter."""


class UsageRefused(ValueError):
    """A measured quantity or a sample is not acceptable; the message says why."""
