"""What a caller of parties should expect."""


class SalesOrganisationNotFound(LookupError):
    """There is no such sales organisation."""


class SalesOrganisationRefused(ValueError):
    """A sales organisation cannot be added or used so; the message says why."""


class CustomerNotFound(LookupError):
    """There is no such customer."""


class RecipientNotFound(LookupError):
    """The billing group has no such recipient."""


class AttachmentsRefused(ValueError):
    """Nothing is attached to mail in that way; the message says what can be."""
