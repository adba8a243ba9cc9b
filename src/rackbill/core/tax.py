"""Which tax applies to a supply of hosting services, and the tax breakdown with its rounding.

Law: Directive 2006/112/EC Art. 44, 45, 58, 196 (EU); GST Act s. 21(3) (SG); Excise Tax Act (CA); state law (US).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rackbill.core.money import round_half_up

_ZERO = Decimal(0)
_ONE = Decimal(1)
EU = "EU"


class NoTaxRule(ValueError):
    """No rule is stored for this seller, buyer and day. The bill is parked; it is never billed at 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxDecision:
    """One tax on one line: regime, category code, rate in percent, exemption code, jurisdiction and evidence.

    `code` is the EN 16931 category (BT-151) in the regimes VAT and OUTSIDE; other regimes use their own codes.
    `base_rate` is the taxable share of the price (Texas: 0.80).
    """

    regime: str
    code: str
    rate: Decimal
    jurisdiction: str
    exemption_code: str = ""
    evidence: str = ""
    base_rate: Decimal = _ONE


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRate:
    """A rate in percent of a territory (`DE`, `CA-QC`, `US-TX`) that is in force from a day until another."""

    territory: str
    tax: str
    tax_class: str
    rate: Decimal
    valid_from: date
    valid_until: date | None
    base_rate: Decimal = _ONE


@dataclass(frozen=True, slots=True)
class UnionMembership:
    """A country's time in the VAT territory of the European Union."""

    country: str
    valid_from: date
    valid_until: date | None


class TaxTable:
    """All rates and memberships known; answers for one territory and day."""

    def __init__(self, rates: Iterable[DatedRate], members: Iterable[UnionMembership]) -> None:
        self._rates: dict[tuple[str, str], list[DatedRate]] = {}
        for rate in rates:
            self._rates.setdefault((rate.territory, rate.tax_class), []).append(rate)
        self._members: dict[str, list[UnionMembership]] = {}
        for member in members:
            self._members.setdefault(member.country, []).append(member)
        self._found: dict[tuple[str, str, date], tuple[DatedRate, ...]] = {}

    def rates(self, territory: str, tax_class: str, day: date) -> tuple[DatedRate, ...]:
        """Every tax of the territory in force on the day (Quebec has two). Raises NoTaxRule where none is stored."""
        key = (territory, tax_class, day)
        found = self._found.get(key)
        if found is None:
            rows = self._rates.get((territory, tax_class), ())
            found = tuple(r for r in rows if r.valid_from <= day and (r.valid_until is None or day < r.valid_until))
            if not found:
                raise NoTaxRule(
                    f"no tax rate is stored for {territory}, class {tax_class!r}, on {day}; add it to the tax rates"
                )
            self._found[key] = found
        return found

    def is_union_member(self, country: str, day: date) -> bool:
        """Whether the country belongs to the EU's VAT territory on the day (Great Britain until the end of 2020)."""
        rows = self._members.get(country, ())
        return any(m.valid_from <= day and (m.valid_until is None or day < m.valid_until) for m in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxParty:
    """What of a seller or buyer decides the tax. `evidence` says why a buyer counts as a business."""

    country: str
    state: str = ""
    is_business: bool = False
    has_valid_tax_id: bool = False
    evidence: str = ""


def decide_taxes(
    *, seller: TaxParty, buyer: TaxParty, tax_class: str, tax_point: date, table: TaxTable
) -> tuple[TaxDecision, ...]:
    """The taxes of a line, at least one. Raises NoTaxRule."""
    seller_in_union = table.is_union_member(seller.country, tax_point)
    buyer_in_union = table.is_union_member(buyer.country, tax_point)
    if seller.country == buyer.country:
        return _domestic(seller, buyer, tax_class, tax_point, table)
    if buyer_in_union and not _is_taxable_person(buyer):
        # Art. 58: electronically supplied services to consumers, sellers in and outside the Union alike (MOSS, OSS).
        return tuple(_standard(rate, "VAT") for rate in table.rates(buyer.country, tax_class, tax_point))
    if seller_in_union and buyer_in_union:
        return (_zero("VAT", "AE", buyer.country, "VATEX-EU-AE", buyer.evidence),)
    if seller_in_union or seller.country in ("GB", "HK", "CH", "NO"):
        return (_zero("VAT", "O", buyer.country, "VATEX-EU-O", buyer.evidence),)
    foreign = _FOREIGN.get(seller.country)
    if foreign is None:
        raise NoTaxRule(
            f"no tax rule is stored for sales from {seller.country} to {buyer.country}; add the country's rule"
        )
    regime, code, exemption = foreign
    return (_zero(regime, code, seller.country, exemption, f"customer belongs in {buyer.country}"),)


# Sales abroad by sellers outside the Union: (regime, code, exemption code). Source: taxes 8 to 11.
_FOREIGN = {
    "SG": ("GST-SG", "ZR", "SG-S21-3"),
    "US": ("SALES", "OUT", "US-OUT-OF-STATE"),
    "CA": ("GST-CA", "ZR", "CA-NON-RESIDENT"),
    "JP": ("JCT", "ZR", "JP-EXPORT"),
    "AU": ("GST-AU", "ZR", "AU-NON-RESIDENT"),
}
_DOMESTIC_REGIME = {"SG": "GST-SG", "US": "SALES", "CA": "GST-CA", "JP": "JCT", "AU": "GST-AU"}


def _is_taxable_person(buyer: TaxParty) -> bool:
    return buyer.is_business and buyer.has_valid_tax_id


def _standard(rate: DatedRate, regime: str) -> TaxDecision:
    code = "S" if regime in ("VAT", "JCT", "GST-AU") else "SR" if regime == "GST-SG" else rate.tax
    if rate.rate == 0:
        code, exemption = ("O", "VATEX-EU-O") if regime == "VAT" else ("NT", "NOT-TAXED")
        return _zero(regime, code, rate.territory, exemption, "")
    return TaxDecision(regime=regime, code=code, rate=rate.rate, jurisdiction=rate.territory, base_rate=rate.base_rate)


def _zero(regime: str, code: str, jurisdiction: str, exemption: str, evidence: str) -> TaxDecision:
    return TaxDecision(
        regime=regime, code=code, rate=_ZERO, jurisdiction=jurisdiction, exemption_code=exemption, evidence=evidence
    )


def _domestic(
    seller: TaxParty, buyer: TaxParty, tax_class: str, tax_point: date, table: TaxTable
) -> tuple[TaxDecision, ...]:
    territory = seller.country
    if territory in ("US", "CA"):
        if not buyer.state:
            raise NoTaxRule(f"a customer in {territory} needs a state or province before tax can be decided")
        territory = f"{territory}-{buyer.state}"
    regime = _DOMESTIC_REGIME.get(seller.country, "VAT")
    return tuple(_standard(rate, regime) for rate in table.rates(territory, tax_class, tax_point))


END_OF_PART = frozenset({"DE", "NL", "RO", "SK", "LU", "EE", "JP"})
"""Countries where the rate is that of the last day of the part that is charged; elsewhere the day of the invoice counts."""


def tax_point(*, country: str, last_day: date, issued_on: date) -> date:
    """The day whose rate applies to a charge that ends on `last_day`, by the law of the taxing country (taxes 7)."""
    return last_day if country in END_OF_PART else issued_on


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
