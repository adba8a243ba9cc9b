"""Writes to rates, wordings and exchange rates."""

import csv
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from importlib import resources

from django.db import transaction

from rackbill.domain.taxes.models import ExchangeRate, ExemptionWording, TaxIdCheck, TaxRate, UnionMember


def _rows(name: str) -> list[dict[str, str]]:
    with (resources.files("rackbill.domain.taxes") / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@transaction.atomic
def load_standard_rates() -> int:
    """Brings in the rates, memberships and wordings that come with Rackbill; how many were new. Edited rows stay."""
    before = TaxRate.objects.count() + UnionMember.objects.count() + ExemptionWording.objects.count()
    TaxRate.objects.bulk_create(
        [
            TaxRate(
                territory=row["territory"],
                tax=row["tax"],
                tax_class=row["tax_class"],
                rate=Decimal(row["rate"]),
                base_rate=Decimal(row["base_rate"] or "1"),
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_until=_day(row["valid_until"]),
                source=row["source"][:300],
            )  # fmt: skip
            for row in _rows("rates.csv")
        ],
        ignore_conflicts=True,
    )
    UnionMember.objects.bulk_create(
        [
            UnionMember(
                country=row["country"],
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_until=_day(row["valid_until"]),
            )
            for row in _rows("union_members.csv")
        ],
        ignore_conflicts=True,
    )
    ExemptionWording.objects.bulk_create(
        [ExemptionWording(**row) for row in _rows("exemption_wordings.csv")], ignore_conflicts=True
    )
    after = TaxRate.objects.count() + UnionMember.objects.count() + ExemptionWording.objects.count()
    return after - before


def store_exchange_rates(*, rates: Iterable[tuple[str, str, Decimal, date]], source: str) -> int:
    """Keeps (from, to, rate, day) rows that are not there yet; how many were new. A stored rate never changes."""
    before = ExchangeRate.objects.count()
    ExchangeRate.objects.bulk_create(
        [
            ExchangeRate(source_currency=f, target_currency=t, rate=r, rate_on=day, rate_source=source)
            for f, t, r, day in rates
        ],
        ignore_conflicts=True,
    )
    return ExchangeRate.objects.count() - before


def record_tax_id_check(*, customer_id: str, tax_id: str, is_valid: bool, checked_on: date, reference: str) -> None:
    """Keeps what a registry said of a tax ID on a day, with its reference. The same day's check again replaces it."""
    TaxIdCheck.objects.update_or_create(
        customer_id=customer_id, tax_id=tax_id, checked_on=checked_on,
        defaults={"is_valid": is_valid, "evidence": reference},
    )  # fmt: skip
