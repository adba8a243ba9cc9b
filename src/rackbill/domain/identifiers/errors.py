"""What a caller of identifiers should expect."""


class NothingResolves(LookupError):
    """No identifier, past or present, is written like this."""


class IdsExhausted(RuntimeError):
    """All IDs of a kind are given."""
