"""What a caller of receivables should expect."""


class OpenItemNotFound(LookupError):
    """There is no such document that is to be paid."""


class MoneyNotFound(LookupError):
    """There is no such payment, credit note, deposit or bank line."""


class MoneyRefused(ValueError):
    """Money cannot go where it was sent; the message says why and what to do instead."""


class IdReused(ValueError):
    """The ID of an operation was used before for something else; nothing was done."""


class MandateRefused(ValueError):
    """A mandate cannot be entered or revoked so; the message says why. `code` and `given` let a page say it in its language."""

    def __init__(self, message: str, *, code: str, given: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.given = given


class ReminderRefused(ValueError):
    """A ladder or a hold cannot be; the message says why."""
