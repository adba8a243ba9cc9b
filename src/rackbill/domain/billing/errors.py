"""What a caller of billing should expect."""


class RunRefused(ValueError):
    """A bill run cannot be planned or go on; the message says why and what to do.

    `code` is the reason in one word, for doors that say it in their own.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


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


class CreditUnchecked(ValueError):
    """A credit note that will be an e-invoice and did not pass the official rules yet. Nothing was stored.

    `canonical` is the draft's canonical form, `profile` its e-invoice profile.
    """

    def __init__(self, number: str, canonical: bytes, profile: str) -> None:
        super().__init__(
            f"the credit note on invoice {number} will be an e-invoice ({profile}) and is not checked against the official "
            "rules; try again"
        )
        self.canonical, self.profile = canonical, profile


class NothingToPreview(ValueError):
    """A coming bill cannot be foretold; the message says why."""
