"""All six kinds through the database and the mail: numbers from their own series, frozen, queued, sent once, no new debt."""

from datetime import UTC, date, datetime
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path

import pytest

from rackbill.core.document import DocumentKind, LineSubject, QuotedTerms
from rackbill.core.pricing import PriceModel, Tier, UsagePrice
from rackbill.domain.billing import invariants as billing_invariants
from rackbill.domain.dispatch import invariants as dispatch_invariants
from rackbill.domain.dispatch.models import Dispatch
from rackbill.domain.documents import invariants as document_invariants
from rackbill.domain.documents import operations as documents
from rackbill.domain.documents import queries as document_queries
from rackbill.domain.documents.models import Document
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.ordering import operations as ordering
from rackbill.domain.ordering.errors import OfferRefused
from rackbill.domain.ordering.models import Order
from rackbill.domain.ordering.operations import NewOffer, NewPosition
from rackbill.domain.parties.models import Customer
from rackbill.domain.receivables import invariants as receivables_invariants
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.models import OpenItem
from rackbill.formats.document_html import render_html
from rackbill.interfaces.jobs import dispatch as jobs
from rackbill.interfaces.jobs import pro_forma
from tests.domain.test_bill_run import bill
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
NOW = datetime(2020, 10, 20, 8, tzinfo=UTC)
TODAY = NOW.date()
D = Decimal
EVERYTHING = WholeInstallation()
FIRST = {"quote": 70_210_000, "order_confirmation": 70_230_000, "pro_forma": 70_250_000, "reminder": 70_270_000}


class Taker:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []

    def send(self, *, message: EmailMessage, sender: str, recipient: str) -> None:
        self.taken.append(message)


@pytest.fixture
def world(tmp_path: Path, settings: object) -> world_of.Provider:
    settings.RACKBILL_HOME = str(tmp_path)  # type: ignore[attr-defined]
    made = world_of.provider()
    for kind, first in FIRST.items():
        documents.create_series(
            organisation_key=made.organisation.pk, kind=kind, range_start=first, range_end=first + 19_999
        )
    return made


@pytest.fixture
def buyer(world: world_of.Provider) -> Customer:
    return world_of.customer(world)


def violations() -> list[str]:
    found = (receivables_invariants, document_invariants, dispatch_invariants, billing_invariants)
    return [sentence for one in found for sentence in one.violations()]


def sent() -> list[EmailMessage]:
    taker = Taker()
    jobs.send_waiting(server=taker, now=NOW)  # type: ignore[arg-type]
    assert set(Dispatch.objects.values_list("state", flat=True)) == {"sent"}
    assert jobs.send_waiting(server=taker, now=NOW) == 0  # type: ignore[arg-type]
    return taker.taken


def attached(message: EmailMessage) -> list[str]:
    return [part.get_filename() or "" for part in message.iter_attachments()]


TERMS = QuotedTerms(
    version=1, term_months=24, notice_months=3, valid_until=date(2020, 11, 20), starts_on=date(2020, 11, 15),
    agreement="Master agreement 2020-03",
)  # fmt: skip


def position(contract_id: str = "", unit: str = "MON", price: str = "129.95") -> NewPosition:
    subject = LineSubject(
        contract_id=contract_id, service_id="", product_id="DEDICATED_SERVER", product_code="DS-1",
        description="Dedicated server", location="FRA-01",
    )  # fmt: skip
    return NewPosition(
        subject=subject,
        quantity=D(2),
        unit=unit,
        unit_price=D(price),
        discount_percent=D(5),
        discount_reason="Contract term",
    )


def quote(owner: Customer, **more: object) -> str:
    offer = NewOffer(
        kind=DocumentKind.QUOTE, customer_id=owner.customer_id, currency="EUR", terms=TERMS,
        positions=[position(), position(unit="C62", price="99.00")], po_number="PO-7", **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return ordering.issue_offer(offer=offer, on=TODAY, now=NOW, actor=SYSTEM)


def test_a_quote_is_numbered_frozen_and_mailed_once(buyer: Customer) -> None:
    assert quote(buyer) == quote(buyer) == "70210000"
    value = document_queries.document(scope=EVERYTHING, number="70210000")
    assert value.quoted == TERMS
    assert [(line.net_minor, line.allowances[0].amount_minor) for line in value.lines] == [(24691, 1299), (18810, 990)]
    assert (value.totals.net_minor, value.totals.tax_minor) == (43501, 6960), "the German rate of November 2020"
    assert value.bill_to.po_number == "PO-7"
    (message,) = sent()
    assert "70210000" in message["Subject"]
    assert any(name.endswith(".pdf") for name in attached(message))
    assert OpenItem.objects.count() == 0
    assert violations() == []


def usage_position(**more: object) -> NewPosition:
    price = UsagePrice(model=PriceModel.VOLUME, tiers=(Tier(D(10), D(5)), Tier(None, D(4))))
    return NewPosition(subject=position().subject, **{"unit": "E35", "usage_price": price, **more})  # type: ignore[arg-type]


def offered(owner: Customer, *positions: NewPosition) -> str:
    offer = NewOffer(
        kind=DocumentKind.QUOTE, customer_id=owner.customer_id, currency="EUR", terms=TERMS, positions=positions
    )
    return ordering.issue_offer(offer=offer, on=TODAY, now=NOW, actor=SYSTEM)


def test_usage_is_offered_with_its_tiers(buyer: Customer) -> None:
    value = document_queries.document(scope=EVERYTHING, number=offered(buyer, position(), usage_position()))
    price = value.lines[1].quoted_price
    assert price is not None and price.tiers == (Tier(D(10), D(5)), Tier(None, D(4)))
    assert [line.quoted_price for line in value.lines[:1]] == [None]
    assert len(sent()) == 1
    assert "over 10 TB: 4.00 per TB" in render_html(value).decode()
    assert violations() == []
    for more, sentence in (
        ({"quantity": D(3)}, "no quantity and no unit price beside it"), ({"unit": "MON"}, "the units are B80, E20, E34, E35, HUR"),
    ):  # fmt: skip
        with pytest.raises(OfferRefused, match=sentence):
            offered(buyer, usage_position(**more))


def test_a_quote_is_refused_with_what_to_do(buyer: Customer) -> None:
    with pytest.raises(OfferRefused, match=f"has no billing group X; it has {buyer.customer_id}-01"):
        quote(buyer, billing_group_id="X")
    with pytest.raises(OfferRefused, match="a invoice is no offer"):
        offer = NewOffer(
            kind=DocumentKind.INVOICE,
            customer_id=buyer.customer_id,
            currency="EUR",
            terms=TERMS,
            positions=[position()],
        )
        ordering.issue_offer(offer=offer, on=TODAY, now=NOW, actor=SYSTEM)
    assert Document.objects.count() == 0


def confirm(owner: Customer, order_id: str, contract_id: str) -> str:
    terms = QuotedTerms(
        version=1, term_months=24, notice_months=3, starts_on=date(2020, 11, 15), first_invoice_on=date(2020, 12, 1),
        order_id=order_id, quote_number="70210000",
    )  # fmt: skip
    offer = NewOffer(
        kind=DocumentKind.ORDER_CONFIRMATION, customer_id=owner.customer_id, currency="EUR", terms=terms,
        positions=[position(contract_id)],
    )  # fmt: skip
    return ordering.issue_offer(offer=offer, on=TODAY, now=NOW, actor=SYSTEM)


def test_an_order_is_confirmed_under_its_contract_once(world: world_of.Provider, buyer: Customer) -> None:
    service = world_of.service(world, buyer, starts_on=date(2020, 11, 15))
    contract = service.contract
    Order.objects.create(order_id="41000001", contract=contract, kind="NEW_ORDER", origin="QUOTATION", created_at=NOW)
    quote(buyer)
    assert (
        confirm(buyer, "41000001", contract.contract_id)
        == confirm(buyer, "41000001", contract.contract_id)
        == "70230000"
    )
    with pytest.raises(
        OfferRefused, match=f"order 41000001 is under contract {contract.contract_id}, not under 50999999"
    ):
        confirm(buyer, "41000001", "50999999")
    with pytest.raises(OfferRefused, match="has no order 41000002"):
        confirm(buyer, "41000002", contract.contract_id)
    with pytest.raises(OfferRefused, match="has no order 41000001"):
        confirm(world_of.customer(world), "41000001", contract.contract_id)
    assert len(sent()) == 2
    assert violations() == []


def test_a_pro_forma_is_shown_without_a_number_or_issued_with_one(world: world_of.Provider, buyer: Customer) -> None:
    world_of.service(world, buyer, starts_on=date(2020, 10, 1))
    made = pro_forma.make_pro_forma(scope=EVERYTHING, customer_id=buyer.customer_id, now=NOW)
    assert Document.objects.count() == 0
    for _ in range(2):
        numbers = pro_forma.issue_pro_forma(scope=EVERYTHING, made=made, now=NOW, actor=SYSTEM)
        assert numbers == ["70250000"]
    value = document_queries.document(scope=EVERYTHING, number="70250000")
    assert value.kind is DocumentKind.PRO_FORMA
    (message,) = sent()
    assert any(name.endswith(".pdf") for name in attached(message))
    assert OpenItem.objects.count() == 0
    assert violations() == []
    bill(date(2020, 12, 1), datetime(2020, 11, 1, 6, tzinfo=UTC))
    invoice = document_queries.document(scope=EVERYTHING, number="21000000")
    assert invoice.totals == value.totals, "what it showed is what came"
    assert invoice.previous is None, "a pro forma is no invoice to compare with"


def test_a_reminder_is_mailed_with_its_own_number(world: world_of.Provider, buyer: Customer) -> None:
    world_of.service(world, buyer, starts_on=date(2020, 9, 1))
    bill(date(2020, 11, 1), datetime(2020, 10, 1, 6, tzinfo=UTC))
    (issued,) = receivables.issue_reminders(organisation_id="2100", today=TODAY, now=NOW, actor=SYSTEM)
    assert issued.number == "70270000"
    messages = sent()
    assert [("21000000" in m["Subject"], "70270000" in m["Subject"]) for m in messages] == [
        (True, False),
        (False, True),
    ]
    assert any(name.endswith(".pdf") for name in attached(messages[1]))
    assert violations() == []
