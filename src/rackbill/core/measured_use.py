"""What a document tells of a usage charge beside its price: what was measured, what the price includes, and how."""

from collections.abc import Sequence
from decimal import Decimal

from rackbill.core.charges import Charge, ChargeKind
from rackbill.core.document import MeasuredUse, canonical_text
from rackbill.core.metering import UNIT_CODES, MeasuredQuantity
from rackbill.core.money import quantize
from rackbill.core.pricing import PriceModel, UsagePrice

RECORDED = "recorded"
"""The method of a quantity that was handed in, not measured by us."""
_WITH_INCLUDED = (PriceModel.INCLUDED, PriceModel.COMMIT)


def measured_use(*, charge: Charge, measured: Sequence[MeasuredQuantity], price: UsagePrice) -> MeasuredUse | None:
    """The month behind a usage charge, at the price it was charged at; None for a charge that is not of usage.

    What is included counts for the part of the month that was charged, as it did in the price. `method` is the measuring
    rule's, followed by the profile of a percentile.
    """
    if charge.kind is not ChargeKind.USAGE:
        return None
    used = next((one for one in measured if one.period.holds(charge.period.start)), None)
    if used is None:
        return None
    share = Decimal(charge.period.day_count) / used.period.day_count if price.is_prorated else Decimal(1)
    included = quantize(price.included * share, 6) if price.model in _WITH_INCLUDED else Decimal(0)
    return MeasuredUse(
        quantity=used.quantity, unit=UNIT_CODES.get(used.unit, "C62"), included=included, method=_method(used),
        sample_count=used.sample_count, samples_sha256=used.samples_sha256,
    )  # fmt: skip


def measured_text(*, charge: Charge, measured: Sequence[MeasuredQuantity], price: UsagePrice | None) -> str:
    """The same as the canonical form has it; empty where there is nothing to tell."""
    use = measured_use(charge=charge, measured=measured, price=price) if price is not None else None
    return canonical_text(use) if use is not None else ""


def _method(used: MeasuredQuantity) -> str:
    """A month frozen before methods were kept is told by what it has: only percentiles have a profile, only hours are in h."""
    method = used.method
    if not method and used.samples_sha256:
        method = "percentile" if used.profile else "hours" if used.unit == "h" else "traffic"
    return f"{method or RECORDED} {used.profile}".rstrip()
