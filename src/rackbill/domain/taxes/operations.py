"""Writes to rates, wordings and exchange rates."""

import csv
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from importlib import resources

from django.db import transaction

from rackbill.core.tax import HOME_RATE_FROM, Registration
from rackbill.domain.taxes.errors import TaxEntryRefused
from rackbill.domain.taxes.models import (
    ConsumerEvidence,
    ExchangeRate,
    ExchangeSource,
    ExemptionWording,
    RateRule,
    SellerChoice,
    SpecialTerritory,
    TaxIdCheck,
    TaxRate,
    UnionMember,
)


def _rows(name: str) -> list[dict[str, str]]:
    with (resources.files("rackbill.domain.taxes") / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


_LOADED = (TaxRate, UnionMember, SpecialTerritory, RateRule, ExchangeSource, ExemptionWording)


@transaction.atomic
def load_standard_rates() -> int:
    """Brings in all tables that come with Rackbill; how many rows were new. Edited rows stay."""
    before = sum(model.objects.count() for model in _LOADED)
    TaxRate.objects.bulk_create(
        [
            TaxRate(
                territory=row["territory"], tax=row["tax"], tax_class=row["tax_class"], rate=Decimal(row["rate"]),
                base_rate=Decimal(row["base_rate"] or "1"), valid_from=date.fromisoformat(row["valid_from"]),
                valid_until=_day(row["valid_until"]), known_from=_day(row["known_from"]), source=row["source"][:300],
            )
            for row in _rows("rates.csv")
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    for model, name in ((UnionMember, "union_members.csv"), (SpecialTerritory, "special_territories.csv"),
                        (RateRule, "rate_rules.csv"), (ExchangeSource, "exchange_sources.csv"),
                        (ExemptionWording, "exemption_wordings.csv")):  # fmt: skip
        rows = [model(**{key: _typed(key, text) for key, text in row.items()}) for row in _rows(name)]
        model.objects.bulk_create(rows, ignore_conflicts=True)  # type: ignore[attr-defined]
    return sum(model.objects.count() for model in _LOADED) - before


def _typed(column: str, text: str) -> object:
    """A cell as the value of its column."""
    if column.startswith("valid_"):
        return _day(text)
    return text == "yes" if column.startswith("is_") else text


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


@transaction.atomic
def add_rate_change(
    *, territory: str, tax: str, tax_class: str, rate: Decimal, base_rate: Decimal, starts: date, known_from: date,
    source: str,
) -> None:  # fmt: skip
    """A rate from a day on; the rate before it ends there. The next bill run reviews what was billed beyond that day.

    Raises TaxEntryRefused for a rate that cannot be, or a day on or before which a rate of this tax begins.
    """
    if not 0 <= rate <= 100 or not 0 < base_rate <= 1 or not source:
        raise TaxEntryRefused("a rate lies between 0 and 100 %, its base between 0 and 1, and it has a source")
    rows = TaxRate.objects.filter(territory=territory, tax=tax, tax_class=tax_class)
    last = rows.order_by("valid_from").last()
    if last is not None and last.valid_from >= starts:
        raise TaxEntryRefused(f"{last} begins on or after {starts}; enter changes in the order of their days")
    if last is not None and (last.valid_until is None or last.valid_until > starts):
        last.valid_until = starts
        last.save(update_fields=["valid_until"])
    TaxRate.objects.create(
        territory=territory, tax=tax, tax_class=tax_class, rate=rate, base_rate=base_rate, valid_from=starts,
        known_from=known_from, source=source[:300],
    )  # fmt: skip


def store_seller_choice(
    *, organisation_id: str, choice: Registration, territory: str, starts: date, until: date | None, source: str
) -> None:
    """Keeps what a sales organisation chose, or where it is registered. Raises TaxEntryRefused."""
    if choice is Registration.HOME_RATE and starts < HOME_RATE_FROM:
        raise TaxEntryRefused(f"the threshold of Art. 59c exists since {HOME_RATE_FROM}; choose a day from then on")
    if (choice is Registration.REGISTERED_IN) != bool(territory):
        raise TaxEntryRefused("a registration names its country, the home rate names none")
    SellerChoice.objects.update_or_create(
        organisation_id=organisation_id, choice=choice.value, territory=territory, valid_from=starts,
        defaults={"valid_until": until, "source": source},
    )  # fmt: skip


def record_tax_id_check(
    *, customer_id: str, tax_id: str, is_valid: bool, checked_on: date, reference: str, valid_from: date | None = None,
    is_tax_registered: bool | None = None,
) -> None:  # fmt: skip
    """Keeps what a registry said of a tax ID on a day, with its reference. The same day's check again replaces it."""
    TaxIdCheck.objects.update_or_create(
        customer_id=customer_id, tax_id=tax_id, checked_on=checked_on,
        defaults={
            "is_valid": is_valid, "evidence": reference, "valid_from": valid_from,
            "is_tax_registered": is_tax_registered,
        },
    )  # fmt: skip


def record_consumer_evidence(*, customer_id: str, kind: str, country: str, recorded_on: date, reference: str) -> None:
    """Keeps one item that says where a consumer lives; what is there for that kind and day stays."""
    ConsumerEvidence.objects.get_or_create(
        customer_id=customer_id, kind=kind, recorded_on=recorded_on,
        defaults={"country": country, "reference": reference},
    )  # fmt: skip
