"""Reads of usage: measured quantities, what is to be measured, and what a running month comes to."""

from rackbill.domain.usage.queries.estimating import UsageEstimate, usage_estimates
from rackbill.domain.usage.queries.measured import (
    lines_to_measure,
    measured,
    measured_revisions,
    months_to_measure_anew,
    unmeasured_lines,
)
from rackbill.domain.usage.queries.measuring import measurements

__all__ = [
    "UsageEstimate",
    "lines_to_measure",
    "measured",
    "measured_revisions",
    "measurements",
    "months_to_measure_anew",
    "unmeasured_lines",
    "usage_estimates",
]
