"""What a caller of billing should expect."""


class RunRefused(ValueError):
    """A bill run cannot be planned or go on; the message says why and what to do."""


class ApprovalRefused(RunRefused):
    """This actor may not approve this run; the message says who may."""


class RunHeld(RunRefused):
    """Drafts of the run are not checked against the official e-invoice rules yet; the message says what keeps them."""


class RunNotFound(LookupError):
    """There is no such bill run."""


class ReportNotFound(LookupError):
    """The run has no report yet."""


class LimitRefused(ValueError):
    """An approval limit cannot be set so; the message says who may."""


class DocumentNotBilled(LookupError):
    """There is no such document of ours with charges behind it."""


class NothingToPreview(ValueError):
    """A coming bill cannot be foretold; the message says why."""
