"""What a caller of parties should expect."""


class SalesOrganisationNotFound(LookupError):
    """There is no such sales organisation."""


class SalesOrganisationRefused(ValueError):
    """A sales organisation cannot be added or used so; the message says why."""


class CustomerNotFound(LookupError):
    """There is no such customer."""


class RecipientNotFound(LookupError):
    """The billing group has no such recipient."""


class RecipientRefused(ValueError):
    """What was given is no e-mail address; the message says how to write one."""


class AttachmentsRefused(ValueError):
    """Nothing is attached to mail in that way; the message says what can be."""


class BillingGroupNotFound(LookupError):
    """There is no such billing group."""


class EinvoiceDataRefused(ValueError):
    """An entry for e-invoices cannot be right; the message says which, why, and what to enter.

    `code` and `given` let a page say the same in its reader's language.
    """

    def __init__(self, message: str, *, code: str, given: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.given = given
