"""What a caller of parties should expect."""


class SalesOrganisationNotFound(LookupError):
    """There is no such sales organisation."""
