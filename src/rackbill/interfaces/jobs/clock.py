"""The one place that reads the clock. It may stand still or be moved only in a demo or test installation."""

from datetime import UTC, datetime

from django.conf import settings


class ClockRefused(ValueError):
    """The clock of a live installation cannot be moved."""


_moved: datetime | None = None


def now() -> datetime:
    """The installation's now, with its zone (UTC)."""
    if _moved is not None:
        return _moved
    standing = settings.INSTALLATION.get("clock")
    if standing and settings.INSTALLATION.get("kind") in ("demo", "test"):
        return datetime.fromisoformat(standing)
    return datetime.now(UTC)


def move(moment: datetime | None) -> None:
    """Sets the clock of this process. Raises ClockRefused unless the installation was created as a demo or test."""
    global _moved
    if moment is not None and settings.INSTALLATION.get("kind") not in ("demo", "test"):
        raise ClockRefused("--at works only where the installation was created as a demo or test")
    _moved = moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def wall() -> datetime:
    """The real time, for leases and time-outs, which must run on even where the installation's clock stands still."""
    return datetime.now(UTC)
