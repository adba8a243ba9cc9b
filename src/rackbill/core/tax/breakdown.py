"""The tax breakdown of a document: base and tax by category and rate, each rounded once."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rackbill.core.money import round_half_up
from rackbill.core.tax.decision import TaxDecision

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxSubtotal:
    """One row of the tax breakdown (BG-23): base and tax in minor units of the document's currency."""

    regime: str
    code: str
    rate: Decimal
    jurisdiction: str
    base_minor: int
    tax_minor: int
    exemption_code: str = ""
    exemption_text: str = ""


def tax_breakdown(lines: Sequence[tuple[int, tuple[TaxDecision, ...]]]) -> tuple[TaxSubtotal, ...]:
    """Subtotals by category and rate of (net in minor units, taxes) pairs; tax is rounded once each (BR-CO-17)."""
    bases: dict[tuple[str, str, str, Decimal, str], Decimal] = {}
    for net_minor, taxes in lines:
        for tax in taxes:
            key = (tax.regime, tax.jurisdiction, tax.code, tax.rate, tax.exemption_code)
            bases[key] = bases.get(key, _ZERO) + net_minor * tax.base_rate
    rows = []
    for key in sorted(bases):
        regime, jurisdiction, code, rate, exemption = key
        base = bases[key]
        rows.append(
            TaxSubtotal(
                regime=regime,
                code=code,
                rate=rate,
                jurisdiction=jurisdiction,
                exemption_code=exemption,
                base_minor=round_half_up(base),
                tax_minor=round_half_up(base * rate / 100),
            )  # fmt: skip
        )
    return tuple(rows)
