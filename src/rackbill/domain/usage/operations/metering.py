"""Meters, which line they count for, and how that line is measured."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q

from rackbill.core.metering import MeasuringRule as Rule
from rackbill.core.metering import Method, MonthBy
from rackbill.domain.kit import locks
from rackbill.domain.usage.errors import MeterNotFound, UsageRefused
from rackbill.domain.usage.models import MeasuringRule, Meter, MeterAssignment

METER_ID = re.compile(r"[\w.:/-]{1,64}")
_RULE = ("method", "unit", "profile", "month_by")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMeter:
    """A meter, the line it counts for from a day on, and how that line is measured; of a service where its hours count."""

    meter_id: str
    line_key: int
    method: str
    unit: str
    valid_from: date
    profile: str = ""
    month_by: str = "utc"
    valid_until: date | None = None
    service_key: int | None = None


@transaction.atomic
def add_meters(*, meters: Sequence[NewMeter]) -> None:
    """Many meters at once, each as by the three operations below; all of them or none. May run twice. Raises as they do."""
    known = set(Meter.objects.filter(meter_id__in=[new.meter_id for new in meters]).values_list("meter_id", flat=True))
    fresh: dict[str, NewMeter] = {}
    others = []
    for new in meters:
        _check_meter_id(new.meter_id)
        _check_rule(new.method, new.unit, new.profile, new.month_by)
        _check_days(new.valid_from, new.valid_until)
        if new.meter_id in known or new.meter_id in fresh:
            others.append(new)
        else:
            fresh[new.meter_id] = new
    rules = {new.line_key: {name: getattr(new, name) for name in _RULE} for new in meters}
    MeasuringRule.objects.bulk_create(
        [MeasuringRule(line_id=key, **values) for key, values in rules.items()], update_conflicts=True,
        unique_fields=["line"], update_fields=_RULE, batch_size=1000,
    )  # fmt: skip
    Meter.objects.bulk_create(
        [Meter(meter_id=new.meter_id, service_id=new.service_key) for new in fresh.values()], batch_size=1000
    )
    keys = dict(Meter.objects.filter(meter_id__in=list(fresh)).values_list("meter_id", "pk"))
    MeterAssignment.objects.bulk_create(
        [
            MeterAssignment(
                meter_id=keys[new.meter_id], line_id=new.line_key, valid_from=new.valid_from, valid_until=new.valid_until
            )
            for new in fresh.values()
        ], batch_size=1000,
    )  # fmt: skip
    for new in others:
        add_meter(meter_id=new.meter_id, service_key=new.service_key)
        assign_meter(
            meter_id=new.meter_id, line_key=new.line_key, valid_from=new.valid_from, valid_until=new.valid_until
        )


@transaction.atomic
def add_meter(*, meter_id: str, service_key: int | None = None) -> None:
    """A meter, of a service where its hours count. May run twice. Raises UsageRefused where it is another service's."""
    _check_meter_id(meter_id)
    row, _ = Meter.objects.get_or_create(meter_id=meter_id, defaults={"service_id": service_key})
    if row.service_id != service_key:
        raise UsageRefused(f"meter {meter_id} belongs to another service already; give the new one another ID")


@transaction.atomic
def set_measuring_rule(*, line_key: int, method: str, unit: str, profile: str = "", month_by: str = "utc") -> None:
    """How the line's months are measured from now on; frozen months stay until they are measured anew.

    Raises UsageRefused for what cannot be measured so.
    """
    _check_rule(method, unit, profile, month_by)
    values = {"method": method, "unit": unit, "profile": profile, "month_by": month_by}
    MeasuringRule.objects.update_or_create(line_id=line_key, defaults=values)


@transaction.atomic
def assign_meter(*, meter_id: str, line_key: int, valid_from: date, valid_until: date | None = None) -> None:
    """Lets a meter count for a line from a day until another. May run twice.

    Raises MeterNotFound, and UsageRefused where it counts for another line in that time: nothing is charged twice.
    """
    meter = locks.locked(Meter.objects.filter(meter_id=meter_id)).first()
    if meter is None:
        raise MeterNotFound(f"there is no meter {meter_id}; add it first")
    _check_days(valid_from, valid_until)
    rows = MeterAssignment.objects.filter(meter=meter)
    same = rows.filter(line_id=line_key, valid_from=valid_from).first()
    others = rows.filter(Q(valid_until=None) | Q(valid_until__gt=valid_from))
    if valid_until is not None:
        others = others.filter(valid_from__lt=valid_until)
    if same is not None:
        others = others.exclude(pk=same.pk)
    if (other := others.order_by("valid_from").first()) is not None:
        until = f"until {other.valid_until}" if other.valid_until else "on"
        raise UsageRefused(
            f"meter {meter_id} counts for another line from {other.valid_from} {until}; end that assignment first"
        )
    MeterAssignment.objects.update_or_create(
        meter=meter, valid_from=valid_from, defaults={"line_id": line_key, "valid_until": valid_until}
    )


def _check_meter_id(meter_id: str) -> None:
    if not METER_ID.fullmatch(meter_id):
        raise UsageRefused(f"a meter ID is 1 to 64 letters, digits and - _ . : / characters, not {meter_id!r}")


def _check_rule(method: str, unit: str, profile: str, month_by: str) -> None:
    try:
        Rule(method=Method(method), unit=unit, profile=profile, month_by=MonthBy(month_by))
    except ValueError as fault:
        raise UsageRefused(str(fault)) from None


def _check_days(valid_from: date, valid_until: date | None) -> None:
    if valid_until is not None and valid_until <= valid_from:
        raise UsageRefused(f"{valid_from} to {valid_until} is no time; the end must lie after the start")
