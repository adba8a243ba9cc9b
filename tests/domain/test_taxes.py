"""Taxes in real bill runs: documents that may not be one, days split by law, several taxes, exchange rates, evidence."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rackbill.core import document as frozen
from rackbill.core.tax import Registration
from rackbill.domain.billing import invariants as billing_invariants
from rackbill.domain.billing.queries import RunSummary
from rackbill.domain.catalogue.models import Product
from rackbill.domain.contracts.models import ContractLine, LinePrice
from rackbill.domain.documents import queries as documents
from rackbill.domain.documents.models import Document
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.models import (
    BillingAuthority,
    BillingGroup,
    Customer,
    SalesOrganisation,
    SellerBankAccount,
)
from rackbill.domain.taxes import operations as taxes
from rackbill.domain.taxes import queries as tax_queries
from rackbill.domain.taxes.errors import NoExchangeRate, TaxEntryRefused
from rackbill.domain.taxes.models import TaxRate
from rackbill.formats import printed_document
from rackbill.interfaces.jobs import bill_run
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
LONG_AGO = date(2015, 1, 1)


def bill(on: str, through: str, organisation_id: str = "2100") -> RunSummary:
    day = date.fromisoformat(on)
    return bill_run.run_bill(
        organisation_id=organisation_id, through=date.fromisoformat(through), actor=SYSTEM,
        now=datetime(day.year, day.month, day.day, 6, tzinfo=UTC),
        signer=Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32)),
    )  # fmt: skip


def customer(world: world_of.Provider, country: str, kind: str = "business", **fields: Any) -> Customer:
    owner = world_of.customer(world, country=country, kind=kind)
    BillingAuthority.objects.filter(customer=owner).update(valid_from=LONG_AGO)
    Customer.objects.filter(pk=owner.pk).update(**fields)
    if fields.get("tax_id"):
        taxes.record_tax_id_check(
            customer_id=owner.customer_id,
            tax_id=fields["tax_id"],
            is_valid=True,
            checked_on=LONG_AGO,
            reference="VIES-77",
        )
    owner.refresh_from_db()
    return owner


def tax_class(service: Any, name: str) -> None:
    product = Product.objects.create(code=name, product_id=service.product.product_id, name=name, tax_class=name)
    service.product = product
    service.save(update_fields=["product"])


def issued(owner: Customer) -> list[frozen.Document]:
    """All documents of a customer, as they are read back, in the order of their days and numbers."""
    numbers = Document.objects.filter(customer=owner).order_by("issued_on", "number").values_list("number", flat=True)
    values = [documents.document(scope=WholeInstallation(), number=number) for number in numbers]
    for value in values:
        frozen.check(value)
    return values


def rates(value: frozen.Document) -> list[str]:
    return [f"{r.jurisdiction} {r.code} {r.rate.normalize():f}" for r in value.tax_subtotals]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "may not share a document"),
        ("de", "gehören zusammen"),
        ("nl", "horen bij elkaar"),
        ("ru", "составляют целое"),
    ],
)
def test_what_may_not_share_an_invoice_stands_on_two_and_both_say_so(language: str, words: str) -> None:
    world = world_of.provider()
    owner = customer(world, "CH", "consumer")
    BillingGroup.objects.filter(customer=owner).update(language=language)
    world_of.service(world, owner, price="100")
    tax_class(world_of.service(world, owner, price="30"), "general")
    bill("2020-09-01", "2020-10-01")
    taxed, outside = issued(owner)
    assert (rates(taxed), rates(outside)) == (["DE S 16"], ["CH O 0"])
    for value in (taxed, outside):
        assert words in value.notes[0]
        assert words in printed_document.printed(value)["notes"][0]


def test_one_category_alone_says_nothing() -> None:
    world = world_of.provider()
    owner = customer(world, "CH", "consumer")
    world_of.service(world, owner, price="100")
    bill("2020-09-01", "2020-10-01")
    (only,) = issued(owner)
    assert only.notes == ()
    assert only.tax_subtotals[0].exemption_text.startswith("Not subject to VAT")


def _swiss(starts_on: date, price: str = "100", cycle: int = 1) -> tuple[world_of.Provider, Customer, Any]:
    world = world_of.provider("2300", country="CH", currency="CHF")
    owner = customer(world, "CH")
    service = world_of.service(world, owner, price=price, starts_on=starts_on, currency="CHF", cycle_months=cycle)
    ContractLine.objects.filter(service=service).update(anchor_on=starts_on)
    return world, owner, service


def lines(value: frozen.Document) -> list[tuple[str, str, int]]:
    return [(str(x.period), f"{x.taxes[0].rate.normalize():f}", x.net_minor) for x in value.lines]


def test_swiss_days_before_and_after_a_change_are_two_lines() -> None:
    """MWSTG: the rate of the period of performance, both parts shown; the two sum to the price."""
    _world, owner, _service = _swiss(date(2023, 12, 16))
    bill("2023-12-16", "2024-01-01", "2300")
    (value,) = issued(owner)
    assert lines(value) == [("2023-12-16/2024-01-01", "7.7", 5161), ("2024-01-01/2024-01-16", "8.1", 4839)]
    assert [(x.quantity, x.unit, x.price_base_quantity) for x in value.lines] == [(16, "DAY", 31), (15, "DAY", 31)]
    assert bill("2023-12-16", "2024-01-01", "2300").invoices == 0
    ContractLine.objects.update(settled_until=None)
    assert bill("2023-12-17", "2024-01-01", "2300").lines == 0, "the full computation cuts where the books cut"
    assert list(billing_invariants.violations()) == []


def test_a_price_corrected_on_split_days_is_taken_back_at_the_rate_of_each_part() -> None:
    _world, owner, service = _swiss(date(2023, 12, 16))
    bill("2023-12-16", "2024-01-01", "2300")
    line = ContractLine.objects.get(service=service)
    LinePrice.objects.filter(line=line).update(unit_price=Decimal(130))
    ContractLine.objects.update(settled_until=None)
    bill("2024-01-16", "2024-01-17", "2300")
    value = issued(owner)[-1]
    assert sorted(lines(value)) == [
        ("2023-12-16/2024-01-01", "7.7", -5161), ("2023-12-16/2024-01-01", "7.7", 6710),
        ("2024-01-01/2024-01-16", "8.1", -4839), ("2024-01-01/2024-01-16", "8.1", 6290),
        ("2024-01-16/2024-02-16", "8.1", 13000),
    ]  # fmt: skip
    ContractLine.objects.update(settled_until=None)
    assert bill("2024-01-17", "2024-01-18", "2300").lines == 0


def test_an_end_inside_split_days_takes_back_what_is_no_longer_owed() -> None:
    _world, owner, service = _swiss(date(2023, 12, 16), price="100.01", cycle=3)
    bill("2023-12-16", "2024-01-01", "2300")
    ContractLine.objects.filter(service=service).update(ends_on=date(2024, 1, 21), settled_until=None)
    bill("2024-01-21", "2024-02-01", "2300")
    _first, credit = issued(owner)
    assert credit.kind == "credit_note"
    assert {rate for _period, rate, _net in lines(credit)} == {"8.1"}
    assert sum(line.net_minor for line in _first.lines) - credit.totals.net_minor == 3956
    ContractLine.objects.update(settled_until=None)
    assert bill("2024-01-22", "2024-02-01", "2300").lines == 0


def test_quebec_has_two_taxes_on_one_line_and_ontario_one() -> None:
    world = world_of.provider("2600", country="CA", currency="CAD")
    SalesOrganisation.objects.update(state="QC")
    quebec, ontario = customer(world, "CA", state="QC"), customer(world, "CA", state="ON")
    for owner in (quebec, ontario):
        world_of.service(world, owner, price="100.10", currency="CAD")
    bill("2020-09-01", "2020-10-01", "2600")
    (value,) = issued(quebec)
    assert rates(value) == ["CA-QC GST 5", "CA-QC QST 9.975"]
    assert [row.tax_minor for row in value.tax_subtotals] == [501, 998]
    assert rates(issued(ontario)[0]) == ["CA-ON HST 13"]


def test_texas_taxes_80_percent_of_the_price() -> None:
    world = world_of.provider("2700", country="US", currency="USD")
    SalesOrganisation.objects.update(state="VA")
    owner = customer(world, "US", state="TX")
    world_of.service(world, owner, price="100", currency="USD")
    bill("2020-09-01", "2020-10-01", "2700")
    (row,) = issued(owner)[0].tax_subtotals
    assert (row.base_minor, row.tax_minor) == (8000, 500)


def test_a_singapore_tax_invoice_has_its_three_totals_in_sgd() -> None:
    world = world_of.provider("2800", country="SG", currency="SGD")
    SellerBankAccount.objects.create(
        sales_organisation=world.organisation, currency="USD", bank_name="B", account_number="1"
    )
    owner = customer(world, "SG")
    world_of.service(world, owner, price="100", starts_on=date(2023, 1, 1), currency="USD")
    taxes.store_exchange_rates(rates=[("USD", "SGD", Decimal("1.34"), date(2022, 12, 30))], source="IRAS-APPROVED")
    bill("2023-01-01", "2023-02-01", "2800")
    (value,) = issued(owner)
    assert rates(value) == ["SG SR 8"]
    assert value.accounting is not None
    assert (value.accounting.net_minor, value.accounting.tax_minor, value.accounting.gross_minor) == (
        13400,
        (1072,),
        14472,
    )
    shown = printed_document.printed(value)
    assert shown["title"] == "Tax Invoice"
    assert shown["accounting"]["tax"] == "10.72"


def test_a_singapore_period_over_new_year_that_is_billed_afterwards_is_split() -> None:
    world = world_of.provider("2800", country="SG", currency="SGD")
    owner = customer(world, "SG")
    service = world_of.service(world, owner, price="100", starts_on=date(2022, 12, 16), currency="SGD")
    ContractLine.objects.filter(service=service).update(anchor_on=date(2022, 12, 16), timing="arrears")
    bill("2023-01-16", "2023-01-16", "2800")
    (value,) = issued(owner)
    assert lines(value) == [("2022-12-16/2023-01-01", "7", 5161), ("2023-01-01/2023-01-16", "8", 4839)]


def test_japan_has_its_tax_in_yen() -> None:
    world = world_of.provider("2900", country="JP", currency="JPY")
    owner = customer(world, "JP")
    world_of.service(world, owner, price="1005", currency="JPY")
    bill("2020-09-01", "2020-10-01", "2900")
    (value,) = issued(owner)
    assert (rates(value), value.totals.tax_minor) == (["JP S 10"], 101)


def test_what_is_taken_back_keeps_tax_and_exchange_rate_of_its_invoice() -> None:
    world = world_of.provider()
    SellerBankAccount.objects.create(
        sales_organisation=world.organisation, currency="USD", bank_name="B", account_number="1"
    )
    owner = customer(world, "DE")
    service = world_of.service(world, owner, price="100", currency="USD")
    for day, rate in ((date(2020, 12, 1), "0.80"), (date(2021, 1, 1), "0.90")):
        taxes.store_exchange_rates(rates=[("USD", "EUR", Decimal(rate), day)], source="BMF-MONTHLY")
    bill("2020-12-01", "2021-01-01")
    LinePrice.objects.filter(line__service=service).update(unit_price=Decimal(110))
    ContractLine.objects.update(settled_until=None)
    bill("2021-01-01", "2021-02-01")
    first, invoice, credit = issued(owner)
    assert first.accounting is not None and invoice.accounting is not None and credit.accounting is not None
    assert (credit.kind, credit.corrects[0].number) == ("credit_note", first.number)
    assert (credit.accounting.rate, credit.accounting.rate_on) == (Decimal("0.80"), date(2020, 12, 1))
    assert credit.accounting.net_minor == first.accounting.net_minor
    assert credit.tax_subtotals == first.tax_subtotals
    assert invoice.accounting.rate == Decimal("0.90")
    assert list(billing_invariants.violations()) == []


def test_each_country_allows_its_sources_of_exchange_rates() -> None:
    world_of.provider()
    day = date(2021, 3, 1)

    def rate(country: str, on: date = day) -> tuple[Decimal, str]:
        found = tax_queries.exchange_rate(source_currency="USD", target_currency="EUR", on=on, country=country)
        return found.rate, found.rate_source

    taxes.store_exchange_rates(rates=[("USD", "EUR", Decimal("0.81"), date(2021, 2, 26))], source="ECB")
    with pytest.raises(NoExchangeRate, match="from HMRC-MONTHLY or UK-MARKET"):
        rate("GB")
    taxes.store_exchange_rates(rates=[("USD", "EUR", Decimal("0.83"), date(2020, 1, 1))], source="Our bank")
    assert rate("GB") == (Decimal("0.83"), "Our bank"), "the operator's own source comes last, and is printed"
    taxes.store_exchange_rates(rates=[("USD", "EUR", Decimal("0.82"), date(2021, 2, 1))], source="UK-MARKET")
    assert rate("GB") == (Decimal("0.83"), "Our bank"), "too old"
    taxes.store_exchange_rates(rates=[("USD", "EUR", Decimal("0.84"), day)], source="UK-MARKET")
    assert rate("GB") == (Decimal("0.84"), "UK-MARKET")
    taxes.store_exchange_rates(rates=[("USD", "EUR", Decimal("0.85"), day)], source="HMRC-MONTHLY")
    assert rate("GB") == (Decimal("0.85"), "HMRC-MONTHLY")
    assert rate("NL") == (Decimal("0.81"), "ECB")
    assert rate("NL", date(2021, 3, 9)) == (Decimal("0.83"), "Our bank")


def test_a_consumer_pays_the_rate_of_the_sellers_choice() -> None:
    world = world_of.provider("2000", country="NL")
    owner = customer(world, "SE", "consumer")
    world_of.service(world, owner, price="100")
    taxes.store_seller_choice(
        organisation_id="2000", choice=Registration.HOME_RATE, territory="", starts=date(2020, 1, 1), until=date(2020, 10, 1),
        source="turnover of 2019: EUR 4,100",
    )  # fmt: skip
    bill("2020-09-01", "2020-10-01", "2000")
    bill("2020-10-01", "2020-11-01", "2000")
    assert [rates(value) for value in issued(owner)] == [["NL S 21"], ["SE S 25"]]


@pytest.mark.parametrize(
    ("choice", "territory", "starts"),
    [(Registration.HOME_RATE, "", date(2018, 12, 31)), (Registration.HOME_RATE, "GB", date(2020, 1, 1)),
     (Registration.REGISTERED_IN, "", date(2020, 1, 1))],
)  # fmt: skip
def test_a_choice_that_cannot_be_is_refused(choice: Registration, territory: str, starts: date) -> None:
    with pytest.raises(TaxEntryRefused):
        taxes.store_seller_choice(
            organisation_id="2000", choice=choice, territory=territory, starts=starts, until=None, source="x"
        )


def test_a_change_of_rate_ends_the_one_before_and_refuses_disorder() -> None:
    world_of.provider()
    more: dict[str, Any] = {
        "territory": "NL",
        "tax": "VAT",
        "tax_class": "standard",
        "base_rate": Decimal(1),
        "source": "law",
    }
    taxes.add_rate_change(rate=Decimal(22), starts=date(2027, 1, 1), known_from=date(2026, 12, 1), **more)
    assert TaxRate.objects.get(territory="NL", rate=21).valid_until == date(2027, 1, 1)
    with pytest.raises(TaxEntryRefused, match="in the order of their days"):
        taxes.add_rate_change(rate=Decimal(23), starts=date(2026, 6, 1), known_from=date(2026, 5, 1), **more)
    with pytest.raises(TaxEntryRefused):
        taxes.add_rate_change(rate=Decimal(101), starts=date(2028, 1, 1), known_from=date(2027, 5, 1), **more)


def test_evidence_of_a_consumers_country_is_stored_and_a_contradiction_parks_the_bill() -> None:
    world = world_of.provider("2000", country="NL")
    owner, other = customer(world, "SE", "consumer"), customer(world, "SE", "consumer")
    for row in (owner, other):
        world_of.service(world, row, price="100")
    for kind in ("ip address", "bank"):
        taxes.record_consumer_evidence(
            customer_id=other.customer_id, kind=kind, country="DK", recorded_on=LONG_AGO, reference="order 1"
        )
    taxes.record_consumer_evidence(
        customer_id=owner.customer_id, kind="bank", country="SE", recorded_on=LONG_AGO, reference="order 2"
    )
    summary = bill("2020-09-01", "2020-10-01", "2000")
    (tax,) = issued(owner)[0].lines[0].taxes
    assert tax.evidence == "consumer, billing address SE, bank SE"
    assert [(row["customer_id"], row["code"]) for row in summary.parked] == [(other.customer_id, "no_tax_rule")]
    assert "settle the consumer's country" in summary.parked[0]["reason"]


def test_a_business_that_loses_its_tax_id_pays_from_the_tax_point_on_and_each_line_keeps_its_proof() -> None:
    world = world_of.provider("2000", country="NL")
    owner = customer(world, "SE", tax_id="SE556012579001")
    world_of.service(world, owner, price="100")
    bill("2020-09-01", "2020-10-01", "2000")
    taxes.record_tax_id_check(
        customer_id=owner.customer_id,
        tax_id="SE556012579001",
        is_valid=False,
        checked_on=date(2020, 9, 20),
        reference="VIES-78",
    )
    bill("2020-10-01", "2020-11-01", "2000")
    first, second = issued(owner)
    assert (rates(first), rates(second)) == (["SE AE 0"], ["SE S 25"])
    assert first.lines[0].taxes[0].evidence == "SE556012579001 valid on 2015-01-01, VIES-77"
    assert second.lines[0].taxes[0].evidence == "SE556012579001 not valid on 2020-09-20, VIES-78: taxed as a consumer"
    assert first.tax_subtotals[0].exemption_text.startswith("Btw verlegd / Reverse charge")


def test_reverse_charge_without_an_identity_of_the_buyer_parks_the_bill() -> None:
    world = world_of.provider("2000", country="NL")
    owner = customer(world, "SE", tax_id="SE556012579001")
    Customer.objects.filter(pk=owner.pk).update(tax_id="")
    world_of.service(world, owner, price="100")
    summary = bill("2020-09-01", "2020-10-01", "2000")
    assert "BR-AE-02" in summary.parked[0]["reason"]


@pytest.mark.parametrize(
    ("seller", "words"), [("GB", "Outside the scope of UK VAT"), ("HK", "Hong Kong levies no"), ("NO", "Norwegian")]
)
def test_a_seller_outside_the_union_names_its_own_law(seller: str, words: str) -> None:
    world_of.provider()
    assert words in tax_queries.exemption_texts(language="en", seller_country=seller)["VATEX-EU-O"]
    assert "Art. 44" in tax_queries.exemption_texts(language="en", seller_country="NL")["VATEX-EU-O"]


def console(*words: str) -> tuple[int, str]:
    from typer.testing import CliRunner

    from rackbill.interfaces.console import taxes as tax_console

    result = CliRunner().invoke(tax_console.app, list(words))
    return result.exit_code, result.output


def test_the_console_says_which_tax_and_why() -> None:
    world = world_of.provider("2000", country="NL")
    owner = customer(world, "SE", tax_id="SE556012579001")
    code, output = console(
        "explain", "--customer", owner.customer_id, "--on", "2020-10-01", "--until", "2020-11-01", "--json"
    )
    answer = json.loads(output)
    assert code == 0
    assert answer["basis"] == "Art. 44 and 196: business in another member state"
    assert answer["evidence"] == "SE556012579001 valid on 2015-01-01, VIES-77"
    assert (answer["taxes"][0]["code"], answer["taxes"][0]["rate_of"]) == ("AE", "2020-10-31")
    code, output = console("explain", "--customer", owner.customer_id, "--on", "2020-10-01")
    assert code == 0
    assert "VATEX-EU-AE" in output


def test_the_console_enters_rates_and_choices() -> None:
    world = world_of.provider("2000", country="NL")
    owner = customer(world, "SE", "consumer")
    source = ("--source", "turnover of 2019: EUR 4,100")
    assert console("choose", "--sales-org", "2000", "--choice", "home_rate", "--starts", "2020-01-01", *source)[0] == 0
    rate = (
        "--territory",
        "NL",
        "--tax",
        "VAT",
        "--rate",
        "22.5",
        "--starts",
        "2027-01-01",
        "--known-from",
        "2026-12-01",
        *source,
    )
    assert console("add-rate", *rate)[0] == 0
    _code, output = console("explain", "--customer", owner.customer_id, "--on", "2027-01-05", "--json")
    assert [(tax["jurisdiction"], tax["rate"]) for tax in json.loads(output)["taxes"]] == [("NL", "22.5")]
    code, _output = console("add-rate", *rate[:4], "--rate", "x", *rate[6:])
    assert code != 0
    code, _output = console("explain", "--customer", "99999999", "--on", "2027-01-05")
    assert code != 0
