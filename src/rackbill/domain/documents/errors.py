"""What a caller of documents should expect."""


class DocumentNotFound(LookupError):
    """There is no such document for this customer."""


class SeriesRefused(ValueError):
    """A number series cannot be created or used; the message says why."""


class NumbersExhausted(RuntimeError):
    """A series' range has no number left."""
