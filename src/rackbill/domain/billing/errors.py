"""What a caller of billing should expect."""


class RunRefused(ValueError):
    """A bill run cannot be planned or go on; the message says why and what to do."""


class RunNotFound(LookupError):
    """There is no such bill run."""


class DocumentNotBilled(LookupError):
    """There is no such document of ours with charges behind it."""


class NothingToPreview(ValueError):
    """A coming bill cannot be foretold; the message says why."""
