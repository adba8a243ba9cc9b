"""Rates, wordings, exchange rates and evidence as core values."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from rackbill.core.invoicing import ExchangeRate as Exchange
from rackbill.core.tax import (
    CountryEvidence,
    DatedRate,
    RateChange,
    Registration,
    TaxIdProof,
    TaxParty,
    TaxSeller,
    TaxTable,
    UnionMembership,
)
from rackbill.core.tax import RateRule as Rule
from rackbill.core.tax import SellerChoice as Choice
from rackbill.core.tax import SpecialTerritory as Territory
from rackbill.domain.kit import bulk
from rackbill.domain.taxes.errors import NoExchangeRate
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


def dated_rates() -> list[DatedRate]:
    """Every stored rate."""
    return [
        DatedRate(
            territory=r.territory, tax=r.tax, tax_class=r.tax_class, rate=r.rate, base_rate=r.base_rate,
            valid_from=r.valid_from, valid_until=r.valid_until, known_from=r.known_from,
        )
        for r in TaxRate.objects.order_by("territory", "tax", "valid_from")
    ]  # fmt: skip


def tax_table() -> TaxTable:
    """Everything stored, as one value that answers for a territory and day."""
    return TaxTable(
        dated_rates(),
        [UnionMembership(m.country, m.valid_from, m.valid_until) for m in UnionMember.objects.all()],
        [
            Territory(
                territory=t.territory, country=t.country, part_of=t.part_of, rates_of=t.rates_of, is_outside=t.is_outside,
                postal_codes=tuple(t.postal_codes.split()), valid_from=t.valid_from or date.min, valid_until=t.valid_until,
            )
            for t in SpecialTerritory.objects.order_by("pk")
        ],
        [
            Rule(territory=r.territory, change=RateChange(r.change), is_corrected=r.is_corrected, source=r.source)
            for r in RateRule.objects.all()
        ],
    )  # fmt: skip


def seller(*, organisation_id: str, country: str, state: str) -> TaxSeller:
    """A sales organisation with all it chose and where it is registered."""
    rows = SellerChoice.objects.filter(organisation_id=organisation_id).order_by("valid_from", "pk")
    choices = tuple(
        Choice(choice=Registration(r.choice), territory=r.territory, valid_from=r.valid_from, valid_until=r.valid_until)
        for r in rows
    )
    return TaxSeller(country=country, state=state, choices=choices)


def evidence(*, customer_ids: Sequence[str]) -> "Evidence":
    """All checks of tax IDs and all evidence of countries of the customers."""
    proofs: dict[str, list[TaxIdProof]] = {}
    checks = TaxIdCheck.objects.filter(customer_id__any_of=bulk.Keys(customer_ids)).order_by("checked_on", "pk")
    for customer_id, tax_id, is_valid, checked_on, valid_from, is_tax_registered, reference in bulk.plain_rows(
        checks, "customer_id", "tax_id", "is_valid", "checked_on", "valid_from", "is_tax_registered", "evidence"
    ):
        proofs.setdefault(customer_id, []).append(
            TaxIdProof(
                tax_id=tax_id, is_valid=bool(is_valid), checked_on=date.fromisoformat(checked_on),
                valid_from=date.fromisoformat(valid_from) if valid_from else None,
                is_tax_registered=None if is_tax_registered is None else bool(is_tax_registered), reference=reference,
            )
        )  # fmt: skip
    items: dict[str, list[CountryEvidence]] = {}
    for item in ConsumerEvidence.objects.filter(customer_id__any_of=bulk.Keys(customer_ids)).order_by(
        "recorded_on", "pk"
    ):
        items.setdefault(item.customer_id, []).append(
            CountryEvidence(kind=item.kind, country=item.country, recorded_on=item.recorded_on)
        )
    return Evidence(proofs, items)


class Evidence:
    """What is known of some customers' tax status, by customer ID."""

    def __init__(
        self, proofs: Mapping[str, Sequence[TaxIdProof]], items: Mapping[str, Sequence[CountryEvidence]]
    ) -> None:
        self._proofs, self._items = proofs, items

    def party(self, *, customer_id: str, country: str, state: str, postal_code: str, is_business: bool) -> TaxParty:
        """The buyer as tax sees it, whose status is looked up for each day."""
        return TaxParty(
            country=country, state=state, postal_code=postal_code, is_business=is_business,
            proofs=tuple(self._proofs.get(customer_id, ())), country_evidence=tuple(self._items.get(customer_id, ())),
        )  # fmt: skip


def exemption_texts(*, language: str, seller_country: str = "") -> dict[str, str]:
    """What a document says where no tax is charged, by exemption code; English where a language has no words.

    A seller's country may have words of its own for a code (`VATEX-EU-O@GB`).
    """
    texts: dict[str, str] = {}
    for code, row_language, text in ExemptionWording.objects.values_list("code", "language", "text"):
        if row_language == language or (row_language == "en" and code not in texts):
            texts[code] = text
    own = f"@{seller_country}"
    mine = {code.removesuffix(own): text for code, text in texts.items() if seller_country and code.endswith(own)}
    return {code: text for code, text in texts.items() if "@" not in code} | mine


def exchange_rate(*, source_currency: str, target_currency: str, on: date, country: str = "") -> Exchange:
    """The rate of the day, or of the last day before it, from the best source that the seller's country allows.

    A source that other countries' law names is never used where this country's does not; a source that no law names (the
    operator's own, printed as such) comes last. Raises NoExchangeRate.
    """
    allowed = {row.source: row for row in ExchangeSource.objects.filter(country=country).order_by("preference")}
    named = set(ExchangeSource.objects.values_list("source", flat=True))
    rows = ExchangeRate.objects.filter(
        source_currency=source_currency, target_currency=target_currency, rate_on__lte=on
    ).order_by("-rate_on", "-pk")
    for source in allowed.values():
        oldest = on - timedelta(days=source.max_age_days)
        row = rows.filter(rate_source=source.source, rate_on__gte=oldest).first()
        if row is not None:
            return _exchange(row)
    row = rows.exclude(rate_source__in=named).first() if country else rows.first()
    if row is None:
        sources = f" from {' or '.join(allowed)}" if allowed else ""
        raise NoExchangeRate(
            f"no exchange rate {source_currency} to {target_currency} is stored for {on} or before{sources}; "
            "enter one with `rackbill tax add-exchange-rate`"
        )
    return _exchange(row)


def tax_id_checks(*, customer_id: str) -> list[tuple[date, str, bool]]:
    """(day, tax ID, whether it was found valid) of every check of a customer, oldest first."""
    rows = TaxIdCheck.objects.filter(customer_id=customer_id).order_by("checked_on", "pk")
    return [(row.checked_on, row.tax_id, row.is_valid) for row in rows]


def exchange_rates(*, source_currency: str, target_currency: str) -> list[Exchange]:
    """Every stored rate between two currencies, oldest first."""
    rows = ExchangeRate.objects.filter(source_currency=source_currency, target_currency=target_currency)
    return [
        Exchange(currency=target_currency, rate=row.rate, rate_on=row.rate_on, rate_source=row.rate_source)
        for row in rows.order_by("rate_on")
    ]


def countries_that_allow(*, source: str) -> list[str]:
    """The countries whose law names a source of exchange rates."""
    return list(ExchangeSource.objects.filter(source=source).order_by("country").values_list("country", flat=True))


def _exchange(row: ExchangeRate) -> Exchange:
    return Exchange(currency=row.target_currency, rate=row.rate, rate_on=row.rate_on, rate_source=row.rate_source)
