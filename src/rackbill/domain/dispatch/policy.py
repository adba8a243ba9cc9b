"""How long until the next try, and when to stop trying."""

from datetime import timedelta

MAX_ATTEMPTS = 8
CLAIM = timedelta(minutes=5)
"""How long a worker may hold a dispatch before another takes it over."""


HOLD = timedelta(minutes=1)
"""How long until an e-invoice that could not be checked is tried again; it is tried for ever."""
NO_WAY = timedelta(minutes=5)
"""As HOLD, where the mail server cannot be used as the settings ask: seldom enough that a wrong password locks nobody out."""


def back_off(attempt_count: int) -> timedelta | None:
    """Time until the next try after so many failed ones, or None when it is to be left to a person."""
    if attempt_count >= MAX_ATTEMPTS:
        return None
    return timedelta(seconds=min(30 * 4 ** (attempt_count - 1), 6 * 3600))
