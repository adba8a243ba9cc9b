"""Rates, wordings, exchange rates and evidence as core values."""

from collections.abc import Sequence
from datetime import date

from rackbill.core.invoicing import ExchangeRate as Exchange
from rackbill.core.tax import DatedRate, TaxTable, UnionMembership
from rackbill.domain.kit import bulk
from rackbill.domain.taxes.errors import NoExchangeRate
from rackbill.domain.taxes.models import ExchangeRate, ExemptionWording, TaxIdCheck, TaxRate, UnionMember


def tax_table() -> TaxTable:
    """Everything stored, as one value that answers for a territory and day."""
    rates = [
        DatedRate(
            territory=r.territory,
            tax=r.tax,
            tax_class=r.tax_class,
            rate=r.rate,
            base_rate=r.base_rate,
            valid_from=r.valid_from,
            valid_until=r.valid_until,
        )  # fmt: skip
        for r in TaxRate.objects.order_by("territory", "tax", "valid_from")
    ]
    members = [UnionMembership(m.country, m.valid_from, m.valid_until) for m in UnionMember.objects.all()]
    return TaxTable(rates, members)


def exemption_texts(*, language: str) -> dict[str, str]:
    """What a document says where no tax is charged, by exemption code; English where a language has no words."""
    texts: dict[str, str] = {}
    for code, row_language, text in ExemptionWording.objects.values_list("code", "language", "text"):
        if row_language == language or (row_language == "en" and code not in texts):
            texts[code] = text
    return texts


def exchange_rate(*, source_currency: str, target_currency: str, on: date) -> Exchange:
    """The rate of the day, or of the last day before it that has one. Raises NoExchangeRate."""
    row = (
        ExchangeRate.objects.filter(source_currency=source_currency, target_currency=target_currency, rate_on__lte=on)
        .order_by("-rate_on")
        .first()
    )
    if row is None:
        raise NoExchangeRate(
            f"no exchange rate {source_currency} to {target_currency} is stored for {on} or before; enter one with its source"
        )
    return Exchange(currency=target_currency, rate=row.rate, rate_on=row.rate_on, rate_source=row.rate_source)


def tax_id_evidence(*, customer_ids: Sequence[str], on: date) -> dict[str, tuple[str, bool, str]]:
    """By customer ID: (tax ID, whether the last check up to the day found it valid, what the evidence is)."""
    found: dict[str, tuple[str, bool, str]] = {}
    rows = TaxIdCheck.objects.filter(customer_id__any_of=bulk.Keys(customer_ids), checked_on__lte=on).order_by(
        "checked_on", "pk"
    )
    for customer_id, tax_id, is_valid, checked_on, reference in bulk.plain_rows(
        rows, "customer_id", "tax_id", "is_valid", "checked_on", "evidence"
    ):
        evidence = f"{tax_id} {'valid' if is_valid else 'not valid'} on {checked_on}"
        found[customer_id] = (tax_id, bool(is_valid), f"{evidence}, {reference}" if reference else evidence)
    return found
