"""The tax tables of the package as core values, without a database."""

import csv
from datetime import date
from decimal import Decimal
from importlib import resources

from rackbill.core.tax import DatedRate, RateChange, RateRule, SpecialTerritory, TaxTable, UnionMembership


def rows(name: str) -> list[dict[str, str]]:
    """One of the package's tables."""
    with (resources.files("rackbill.domain.taxes") / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def day(text: str) -> date | None:
    """A date, or nothing."""
    return date.fromisoformat(text) if text else None


RATES = [
    DatedRate(
        territory=row["territory"], tax=row["tax"], tax_class=row["tax_class"], rate=Decimal(row["rate"]),
        base_rate=Decimal(row["base_rate"]), valid_from=date.fromisoformat(row["valid_from"]),
        valid_until=day(row["valid_until"]), known_from=day(row["known_from"]),
    )
    for row in rows("rates.csv")
]  # fmt: skip
MEMBERS = [
    UnionMembership(row["country"], date.fromisoformat(row["valid_from"]), day(row["valid_until"]))
    for row in rows("union_members.csv")
]
TERRITORIES = [
    SpecialTerritory(
        territory=row["territory"], country=row["country"], part_of=row["part_of"], rates_of=row["rates_of"],
        is_outside=row["is_outside"] == "yes", postal_codes=tuple(row["postal_codes"].split()),
        valid_from=day(row["valid_from"]) or date.min, valid_until=day(row["valid_until"]),
    )
    for row in rows("special_territories.csv")
]  # fmt: skip
RULES = [
    RateRule(
        territory=row["territory"], change=RateChange(row["change"]), is_corrected=row["is_corrected"] == "yes",
        source=row["source"],
    )
    for row in rows("rate_rules.csv")
]  # fmt: skip
TABLE = TaxTable(RATES, MEMBERS, TERRITORIES, RULES)
