"""What a caller of access should expect."""


class StaffRefused(ValueError):
    """A member of staff cannot be given this; the message says why and what to do."""
