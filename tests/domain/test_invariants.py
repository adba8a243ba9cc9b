"""Each invariant finds what breaks it; an untouched provider breaks none."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from rackbill.domain.access.models import ApiKey
from rackbill.domain.billing.models import BillDraft, Charge, RateCorrection, RateReview
from rackbill.domain.catalogue.models import Product
from rackbill.domain.contracts.models import ContractLine, LinePrice, Service
from rackbill.domain.dispatch.models import Dispatch
from rackbill.domain.documents.models import NumberSeries
from rackbill.domain.equipment.models import Equipment
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.identifiers.models import Alias, IdSequence
from rackbill.domain.identifiers.operations import NewAlias
from rackbill.domain.ordering.models import Order, OrderedService
from rackbill.domain.parties.models import BillingAuthority, BillingGroup, Customer
from rackbill.domain.receivables.models import LedgerEntry, OpenItem
from rackbill.domain.taxes.models import ConsumerEvidence, ExchangeRate, ExchangeSource, RateRule, SellerChoice, TaxRate
from rackbill.interfaces.console import books
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
NOW = datetime(2020, 10, 1, tzinfo=UTC)


@pytest.fixture
def service() -> Service:
    world = world_of.provider()
    row = world_of.service(world, world_of.customer(world))
    world_of.register(row)
    world_of.api_key(row.customer)
    order = Order.objects.create(
        order_id=row.service_id[:8], contract=row.contract, kind="NEW_ORDER", origin="OTHER", created_at=NOW
    )
    OrderedService.objects.create(order=order, service=row, position=1)
    world_of.bill_october()
    return row


def unguarded(table: str, sql: str) -> None:
    """A change behind the database's back, as a repair with a superuser's console would be."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(sql)
            cursor.execute("SET session_replication_role = DEFAULT")
        else:
            for kind in ("update", "delete"):
                cursor.execute(f'DROP TRIGGER "{table}_frozen_{kind}"')
            cursor.execute(sql)


DOCUMENT, LINE = "rackbill_documents_document", "rackbill_documents_documentline"
BREAKS: dict[str, tuple[Callable[[Service], object], str]] = {
    "a changed total": (lambda s: unguarded(DOCUMENT, f'UPDATE "{DOCUMENT}" SET net_minor = 1'), "differ in the totals"),
    "a changed form": (
        lambda s: unguarded(DOCUMENT, f"UPDATE \"{DOCUMENT}\" SET canonical = replace(canonical, 'Buyer', 'Other')"), "stored hash",
    ),
    "a broken chain": (lambda s: unguarded(DOCUMENT, f"UPDATE \"{DOCUMENT}\" SET chain_hash = 'x'"), "chain is broken"),
    "a lost line": (lambda s: unguarded(LINE, f'DELETE FROM "{LINE}" WHERE line_number = 1'), "line rows are not those"),
    "a gap": (lambda s: NumberSeries.objects.filter(kind="invoice").update(next_counter=21_000_005), "next free number is 21000001"),
    "a lost charge": (lambda s: Charge.objects.filter(line_number=1).delete(), "no charge stands behind it"),
    "an overlap": (
        lambda s: unguarded_overlap(Charge.objects.filter(line_number=1).get()), "charged twice",
    ),
    "an item without entries": (
        lambda s: OpenItem.objects.create(
            customer=s.customer, sales_organisation=s.customer.sales_organisation, document_number="1", document_kind="invoice",
            currency="EUR", issued_on=date(2020, 1, 1), due_on=date(2020, 1, 1),
        ), "has no ledger entry",
    ),
    "a document without dispatch": (lambda s: Dispatch.objects.all().delete(), "has no dispatch"),
    "a dispatch that stands without reason": (lambda s: Dispatch.objects.update(state="failed", reason=""), "without a reason"),
    "a nameless change": (
        lambda s: HistoryEntry.objects.create(at=NOW, actor_kind="x", actor_identity="", object_kind="x", object_id="x", verb="x"),
        "does not say who",
    ),
    "a reused legacy value": (
        lambda s: identifiers.register_aliases(
            aliases=[NewAlias(kind="x", raw_text=s.service_id, target_kind="service", target_id=s.service_id, system="old")]
        ), "equals an identifier of a legacy system",
    ),
    "a dead end": (
        lambda s: identifiers.register_aliases(
            aliases=[NewAlias(kind="x", raw_text="x1", target_kind="service", target_id="gone", system="old")]
        ), "leads to nothing",
    ),
    "a counter that fell": (lambda s: IdSequence.objects.create(kind="service", next_value=1), "the counter of service IDs"),
    "a spelling": (lambda s: Alias.objects.filter(system="oldbill").update(normalised_text="?"), "normalised form"),
    "overlapping rates": (
        lambda s: TaxRate.objects.filter(territory="DE", rate=16).update(valid_until=date(2022, 1, 1)), "before",
    ),
    "rates without a rule": (lambda s: RateRule.objects.filter(territory="NL").delete(), "NL has rates but no rule"),
    "a threshold before its time": (
        lambda s: SellerChoice.objects.create(
            organisation_id="2100", choice="home_rate", valid_from=date(2018, 1, 1), source="x"
        ), "exists since 2019-01-01",
    ),
    "evidence of nowhere": (
        lambda s: ConsumerEvidence.objects.create(customer_id="1", kind="ip", country="x", recorded_on=date(2020, 1, 1)),
        "names no country",
    ),
    "a source without days": (lambda s: ExchangeSource.objects.update(max_age_days=0), "allows no day"),
    "a wrong rate that is not corrected": (lambda s: mistax(), "bears a wrong rate"),
    "a rate of nothing": (
        lambda s: ExchangeRate.objects.create(
            source_currency="EUR", target_currency="USD", rate=0, rate_on=date(2020, 1, 1), rate_source="x"
        ), "not positive",
    ),
    "no default group": (lambda s: BillingGroup.objects.update(is_default=False), "no default billing group"),
    "two authorities": (
        lambda s: BillingAuthority.objects.create(customer=s.customer, authority="legacy", valid_from=date(2020, 9, 5)),
        "two billing authorities",
    ),
    "a secret in the clear": (lambda s: ApiKey.objects.update(secret_hash="secret"), "not kept as a hash"),
    "a product of no kind": (lambda s: Product.objects.update(product_id=""), "no product id"),
    "a product of no tax class": (lambda s: Product.objects.update(tax_class="x"), "there is no tax class 'x'"),
    "a wrong Equipment ID": (lambda s: Equipment.objects.update(equipment_id="x1"), "not an Equipment ID"),
    "a stray line": (
        lambda s: ContractLine.objects.update(contract=world_of.service(world_of.Provider(s.customer.sales_organisation, 50), s.customer).contract),
        "another contract than its service",
    ),
    "two prices": (
        lambda s: LinePrice.objects.create(line=s.lines.get(), unit_price=1, valid_from=date(2020, 10, 5)), "two prices on",
    ),
    "an unfindable service": (lambda s: Service.objects.update(search_text=""), "not found by everything"),
    "a service of another order": (lambda s: Order.objects.update(order_id="41999999"), "does not begin with its order"),
    "an overpaid invoice": (
        lambda s: LedgerEntry.objects.create(
            open_item=OpenItem.objects.get(), kind="payment", amount_minor=-10**9, booked_on=date(2020, 10, 2), source_kind="x",
            source_id="x",
        ), "paid by more",
    ),
    "a lost draft": (lambda s: BillDraft.objects.update(net_minor=1), "and its draft differ"),
    "a customer of nobody": (lambda s: Customer.objects.count() and BillingGroup.objects.update(group_id="1-01"), "does not begin with"),
}  # fmt: skip


def mistax() -> None:
    """A charge that was found to bear a wrong rate, on a line that no run will look at."""
    charge = Charge.objects.filter(line_number=1).get()
    review = RateReview.objects.get(territory="DE", valid_from=date(2020, 7, 1))
    RateCorrection.objects.create(review=review, charge=charge)


def unguarded_overlap(charge: Charge) -> None:
    """A second first charge of the same days, which both databases refuse while their guard stands."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to come cannot be altered
            cursor.execute('DROP TRIGGER "rackbill_billing_charge_once_a_day" ON "rackbill_billing_charge"')
        else:
            cursor.execute('DROP TRIGGER "rackbill_billing_charge_once_a_day"')
    charge.pk = None
    charge.period_end = date(2020, 9, 15)
    charge.save()


def test_an_untouched_provider_breaks_none(service: Service) -> None:
    assert books.violations() == []


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_each_invariant_finds_what_breaks_it(service: Service, name: str) -> None:
    breaks, words = BREAKS[name]
    breaks(service)
    found = books.violations()
    assert any(words in sentence for sentence in found), found
