"""Writes of meters, samples and measured quantities. What was charged on an older revision corrects itself on the next run."""

from rackbill.domain.usage.operations.loading import LoadedDays, record_days, record_samples
from rackbill.domain.usage.operations.measuring import FrozenLines, freeze_lines, freeze_month, record_measured
from rackbill.domain.usage.operations.metering import NewMeter, add_meter, add_meters, assign_meter, set_measuring_rule

__all__ = [
    "FrozenLines",
    "LoadedDays",
    "NewMeter",
    "add_meter",
    "add_meters",
    "assign_meter",
    "freeze_lines",
    "freeze_month",
    "record_days",
    "record_measured",
    "record_samples",
    "set_measuring_rule",
]
