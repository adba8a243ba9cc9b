"""Which taxes a period bears, with the day whose rate counts and everything that led there."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from rackbill.core.periods import Period
from rackbill.core.tax.place import Ruling, place_of_supply
from rackbill.core.tax.status import TaxParty, TaxSeller
from rackbill.core.tax.table import BY_STATE, DatedRate, NoTaxRule, RateChange, RateRule, TaxTable

_ZERO = Decimal(0)
_ONE = Decimal(1)
_DAY = timedelta(days=1)


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


@dataclass(frozen=True, slots=True)
class TaxPart:
    """Some days of a period and the taxes they bear, at least one; `day` is the day whose rate counts."""

    period: Period
    day: date
    taxes: tuple[TaxDecision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxing:
    """The taxes of a period, and why: place of supply, rule of rate changes, day of the buyer's status.

    `parts` is one in nearly every case; more where the law splits a period by its days.
    """

    ruling: Ruling
    rule: RateRule
    status_day: date
    parts: tuple[TaxPart, ...]


def taxing_of(
    *, seller: TaxSeller, buyer: TaxParty, tax_class: str, period: Period, issued_on: date, table: TaxTable
) -> Taxing:
    """The taxes of a period that is billed on a day, by the rates known that day. Raises NoTaxRule, never a silent zero."""
    last_day = period.end - _DAY
    status_day = min(last_day, issued_on)
    own_rule = table.rule(f"{seller.country}-{seller.state}" if seller.country in BY_STATE else seller.country)
    day = own_rule.day(last_day=last_day, issued_on=issued_on)
    ruling = place_of_supply(
        seller=seller, buyer=buyer, tax_class=tax_class, day=day, status_day=status_day, table=table
    )
    if not ruling.territory:
        parts: tuple[TaxPart, ...] = (TaxPart(period, day, (_untaxed(ruling),)),)
        return Taxing(ruling=ruling, rule=own_rule, status_day=status_day, parts=parts)
    rule = table.rule(ruling.territory)
    if rule.splits:
        parts = _by_days(rule, ruling, tax_class, period, issued_on, table)
    else:
        day = rule.day(last_day=last_day, issued_on=issued_on)
        parts = (TaxPart(period, day, _charged(ruling, tax_class, day, issued_on, table)),)
    return Taxing(ruling=ruling, rule=rule, status_day=status_day, parts=parts)


def decide_taxes(
    *, seller: TaxSeller, buyer: TaxParty, tax_class: str, tax_point: date, table: TaxTable
) -> tuple[TaxDecision, ...]:
    """The taxes of what is performed and billed on one day, at least one. Raises NoTaxRule."""
    day = Period(tax_point, tax_point + _DAY)
    taxing = taxing_of(
        seller=seller, buyer=buyer, tax_class=tax_class, period=day, issued_on=tax_point, table=table
    )  # fmt: skip
    return taxing.parts[0].taxes


def _by_days(
    rule: RateRule, ruling: Ruling, tax_class: str, period: Period, issued_on: date, table: TaxTable
) -> tuple[TaxPart, ...]:
    """The period cut at the days on which the rate that counts for a day changes."""
    cuts = [day for day in table.change_days(ruling.territory) if period.start < day < period.end]
    borders = [period.start, *cuts, period.end]
    parts: list[TaxPart] = []
    for start, end in zip(borders, borders[1:], strict=False):
        # Singapore: what was performed before the change keeps the old rate, what is billed before it as well.
        day = min(start, issued_on) if rule.change is RateChange.EARLIER_OR_PERFORMED else start
        taxes = _charged(ruling, tax_class, day, issued_on, table)
        if parts and parts[-1].taxes == taxes:
            before = parts.pop()
            parts.append(TaxPart(Period(before.period.start, end), before.day, taxes))
        else:
            parts.append(TaxPart(Period(start, end), day, taxes))
    return tuple(parts)


def _charged(ruling: Ruling, tax_class: str, day: date, issued_on: date, table: TaxTable) -> tuple[TaxDecision, ...]:
    rates = table.rates(ruling.territory, tax_class, day, issued_on)
    charged = tuple(_standard(ruling, rate) for rate in rates if rate.rate)
    return charged or (_not_taxed(ruling),)


def _standard(ruling: Ruling, rate: DatedRate) -> TaxDecision:
    regime = ruling.regime
    code = "S" if regime in ("VAT", "JCT", "GST-AU") else "SR" if regime == "GST-SG" else rate.tax
    return TaxDecision(
        regime=regime, code=code, rate=rate.rate, jurisdiction=rate.territory, base_rate=rate.base_rate,
        evidence=ruling.evidence,
    )  # fmt: skip


def _not_taxed(ruling: Ruling) -> TaxDecision:
    """A rate of 0 that is stored on purpose: Hong Kong, states that do not tax hosting."""
    code, exemption = ("O", "VATEX-EU-O") if ruling.regime == "VAT" else ("NT", "NOT-TAXED")
    return TaxDecision(
        regime=ruling.regime, code=code, rate=_ZERO, jurisdiction=ruling.territory, exemption_code=exemption,
        evidence=ruling.evidence,
    )  # fmt: skip


def _untaxed(ruling: Ruling) -> TaxDecision:
    if not ruling.exemption_code:
        raise NoTaxRule(f"no reason is given why no tax is charged: {ruling.basis}")
    return TaxDecision(
        regime=ruling.regime, code=ruling.code, rate=_ZERO, jurisdiction=ruling.jurisdiction,
        exemption_code=ruling.exemption_code, evidence=ruling.evidence,
    )  # fmt: skip
