"""Rates, union members, special territories and rules of rate changes: all dated, each from its source."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

_ONE = Decimal(1)
_COUNTRY_MARK = re.compile(r"^[A-Z]{1,3}-")
STANDARD = "standard"
BY_STATE = frozenset({"US", "CA"})
"""Countries whose taxes are those of a state or province."""
_BY_CLASS = frozenset({"PST", "RST", "SALES"})
"""Taxes on what a law lists: a product class needs a row of its own. Others tax every class at the standard rate."""


class NoTaxRule(ValueError):
    """No rule is stored for this seller, buyer and day. The bill is parked; it is never billed at 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRate:
    """A rate in percent of a territory (`DE`, `CA-QC`, `US-TX`) that is in force from a day until another.

    `known_from` is the day the law was made public (blank: known long before): what is billed earlier cannot know it.
    """

    territory: str
    tax: str
    tax_class: str
    rate: Decimal
    valid_from: date
    valid_until: date | None
    base_rate: Decimal = _ONE
    known_from: date | None = None


@dataclass(frozen=True, slots=True)
class UnionMembership:
    """A country's time in the VAT territory of the European Union."""

    country: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialTerritory:
    """A part of a country, or a country, that tax law treats as another or as outside.

    Addresses belong to it by `country` and, where there are any, by the beginnings of their postal code. `part_of` is the
    country whose VAT area it belongs to; `rates_of` the territory whose rates count there.
    """

    territory: str
    country: str
    part_of: str
    rates_of: str
    is_outside: bool
    postal_codes: tuple[str, ...] = ()
    valid_from: date = date.min
    valid_until: date | None = None


class RateChange(StrEnum):
    """Which day's rate counts for a period, by the law of the taxing country."""

    END_OF_PART = "end_of_part"
    SPLIT_BY_DAYS = "split_by_days"
    PAYMENT_DATE = "payment_date"
    EARLIER_OF_INVOICE_PAYMENT = "earlier_of_invoice_payment"
    EARLIER_OR_PERFORMED = "earlier_or_performed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRule:
    """The rule of a country (or state) for a rate that changes inside a period, with its source.

    `is_corrected`: a part that was billed in advance at the old rate is corrected to the rate of its performance.
    """

    territory: str
    change: RateChange
    is_corrected: bool
    source: str

    def day(self, *, last_day: date, issued_on: date) -> date:
        """The day whose rate and law count for a part as a whole.

        The day of the invoice stands for the day of payment, which is not known when a charge is billed.
        """
        if self.change is RateChange.EARLIER_OF_INVOICE_PAYMENT:
            return issued_on
        if self.change in (RateChange.PAYMENT_DATE, RateChange.EARLIER_OR_PERFORMED):
            return min(last_day, issued_on)
        return last_day

    @property
    def splits(self) -> bool:
        """Whether the days of a period may have different rates."""
        return self.change in (RateChange.SPLIT_BY_DAYS, RateChange.EARLIER_OR_PERFORMED)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address lies for tax: country of the VAT area, territory of the rates, whether outside that area."""

    country: str
    territory: str
    is_outside: bool = False


class TaxTable:
    """Everything dated that decides taxes; answers for one territory and day."""

    def __init__(
        self, rates: Iterable[DatedRate], members: Iterable[UnionMembership],
        territories: Iterable[SpecialTerritory] = (), rules: Iterable[RateRule] = (),
    ) -> None:  # fmt: skip
        self._rates: dict[str, dict[tuple[str, str], list[DatedRate]]] = {}
        for rate in sorted(rates, key=lambda r: (r.territory, r.tax, r.tax_class, r.valid_from)):
            self._rates.setdefault(rate.territory, {}).setdefault((rate.tax, rate.tax_class), []).append(rate)
        self._members: dict[str, list[UnionMembership]] = {}
        for member in members:
            self._members.setdefault(member.country, []).append(member)
        self._special: dict[str, list[SpecialTerritory]] = {}
        for special in territories:
            self._special.setdefault(special.country, []).append(special)
        self._rules = {rule.territory: rule for rule in rules}
        self._in_union: dict[tuple[str, date], bool] = {}
        self._found: dict[tuple[str, str, date, date | None], tuple[DatedRate, ...]] = {}

    def rates(self, territory: str, tax_class: str, day: date, known_on: date | None = None) -> tuple[DatedRate, ...]:
        """Every tax of the territory in force on the day (Quebec has two), as it was known on another day.

        Raises NoTaxRule where none is stored, or one of the taxes has no row for the class.
        """
        key = (territory, tax_class, day, known_on)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._rates_found(territory, tax_class, day, known_on)
        return found

    def _rates_found(self, territory: str, tax_class: str, day: date, known_on: date | None) -> tuple[DatedRate, ...]:
        in_force: dict[str, dict[str, DatedRate]] = {}
        for (tax, of_class), rows in self._rates.get(territory, {}).items():
            row = _in_force(rows, day, known_on)
            if row is not None:
                in_force.setdefault(tax, {})[of_class] = row
        found = []
        for tax, by_class in in_force.items():
            row = by_class.get(tax_class) or (by_class.get(STANDARD) if tax not in _BY_CLASS else None)
            if row is not None:
                found.append(row)
            elif STANDARD in by_class:
                raise NoTaxRule(
                    f"{tax} of {territory} is stored for hosting only; add its rate for class {tax_class!r} on {day}"
                )
        if not found:
            raise NoTaxRule(
                f"no tax rate is stored for {territory}, class {tax_class!r}, on {day}; add it to the tax rates"
            )
        return tuple(found)

    def has_rates(self, territory: str) -> bool:
        """Whether any rate of the territory is stored."""
        return territory in self._rates

    def change_days(self, territory: str) -> list[date]:
        """The days on which a rate of the territory begins or ends."""
        rows = [row for group in self._rates.get(territory, {}).values() for row in group]
        return sorted({day for row in rows for day in (row.valid_from, row.valid_until) if day is not None})

    def is_union_member(self, country: str, day: date) -> bool:
        """Whether the country belongs to the EU's VAT territory on the day (Great Britain until the end of 2020)."""
        key = (country, day)
        found = self._in_union.get(key)
        if found is None:
            rows = self._members.get(country, ())
            found = any(m.valid_from <= day and (m.valid_until is None or day < m.valid_until) for m in rows)
            self._in_union[key] = found
        return found

    def place(self, country: str, state: str, postal_code: str, day: date) -> Place:
        """Where an address lies for tax on a day. Raises NoTaxRule where a needed state or province is missing."""
        if country in BY_STATE:
            if not state:
                raise NoTaxRule(f"a customer in {country} needs a state or province before tax can be decided")
            return Place(country, f"{country}-{state}")
        postal = _COUNTRY_MARK.sub("", "".join(postal_code.split()).upper())
        for special in self._special.get(country, ()):
            is_valid = special.valid_from <= day and (special.valid_until is None or day < special.valid_until)
            if is_valid and (not special.postal_codes or postal.startswith(special.postal_codes)):
                return Place(special.part_of, special.rates_of, special.is_outside)
        return Place(country, country)

    def rule(self, territory: str) -> RateRule:
        """The rule for rate changes of a territory, or of its country. Raises NoTaxRule."""
        found = self._rules.get(territory) or self._rules.get(territory[:2])
        if found is None:
            raise NoTaxRule(f"no rule for rate changes is stored for {territory}; add it with its source")
        return found


def _in_force(rows: list[DatedRate], day: date, known_on: date | None) -> DatedRate | None:
    """The row of the day among those known; the last known one goes on until its successor is known."""
    current = None
    for row in rows:
        is_known = known_on is None or row.known_from is None or row.known_from <= known_on
        if row.valid_from > day:
            break
        if is_known:
            current = row
        elif current is not None and current.valid_until == row.valid_from:
            # Its end became known with its successor; seen from before, it is still open.
            current = _open(current)
    if current is None or (current.valid_until is not None and current.valid_until <= day):
        return None
    return current


def _open(row: DatedRate) -> DatedRate:
    return DatedRate(
        territory=row.territory, tax=row.tax, tax_class=row.tax_class, rate=row.rate, valid_from=row.valid_from,
        valid_until=None, base_rate=row.base_rate, known_from=row.known_from,
    )  # fmt: skip
