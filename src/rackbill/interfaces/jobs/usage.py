"""Usage, step by step: files into the books, months frozen, late ones measured anew. Every step may run twice."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from rackbill.core.metering import month_of
from rackbill.core.samples import SampleDay
from rackbill.domain.usage import operations as usage
from rackbill.domain.usage import queries as usage_queries
from rackbill.domain.usage.operations import FrozenLines, LoadedDays

OnStep = Callable[[str, int, int], None]
DAYS_AT_A_TIME = 2000
LINES_AT_A_TIME = 200


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What a file brought, and which months were measured anew because of it."""

    days: LoadedDays
    anew: dict[date, FrozenLines]


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def load_samples(
    *, days: Iterable[SampleDay], now: datetime, replaces: bool = False, on_step: OnStep = _silent
) -> LoadedFile:
    """Keeps a file's samples batch by batch, then measures anew what was frozen before they came. Raises as `record_days`."""
    source, total = iter(days), LoadedDays(0, 0, 0)
    while batch := list(islice(source, DAYS_AT_A_TIME)):
        done = usage.record_days(days=batch, now=now, replaces=replaces)
        total = LoadedDays(total.new + done.new, total.changed + done.changed, total.same + done.same)
        count = total.new + total.changed + total.same
        on_step("days of meters", count, count + 1)
    count = total.new + total.changed + total.same
    on_step("days of meters", count, count)
    return LoadedFile(total, measure_anew(now=now))


def freeze_month(*, month: date, now: datetime, on_step: OnStep = _silent) -> FrozenLines:
    """Freezes a month of every metered line, some lines in each transaction. Raises UsageRefused."""
    return _freeze(usage_queries.lines_to_measure(month=month), month, now, on_step)


def measure_anew(*, now: datetime, on_step: OnStep = _silent) -> dict[date, FrozenLines]:
    """Measures again the frozen months whose samples came late or whose lines were ended or moved since."""
    return {
        month: _freeze(line_keys, month, now, on_step)
        for month, line_keys in usage_queries.months_to_measure_anew(on=now.date())
    }


def _freeze(line_keys: list[int], month: date, now: datetime, on_step: OnStep) -> FrozenLines:
    stage, total = f"lines of {month_of(month).start:%Y-%m}", FrozenLines()
    for start in range(0, len(line_keys), LINES_AT_A_TIME):
        total += usage.freeze_lines(line_keys=line_keys[start : start + LINES_AT_A_TIME], month=month, now=now)
        on_step(stage, min(start + LINES_AT_A_TIME, len(line_keys)), len(line_keys))
    if not line_keys:
        usage.freeze_lines(line_keys=[], month=month, now=now)
    return total
