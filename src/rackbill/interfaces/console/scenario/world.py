"""The throw-away world of a story: sellers, buyers, contracts, and what each name of the file stands for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rackbill.core.money import exact_minor_from_decimal
from rackbill.core.pricing import usage_price_from_plain
from rackbill.core.terms import DatedPrice, DatedQuantity, Discount, DiscountKind, NoticeRule
from rackbill.domain.catalogue import operations as catalogue
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts.operations import NewLine, NewService
from rackbill.domain.documents import operations as documents
from rackbill.domain.equipment import operations as equipment
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.ordering import operations as ordering
from rackbill.domain.parties import operations as parties
from rackbill.domain.parties import queries as party_queries
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.policy import LadderStep
from rackbill.domain.taxes import operations as taxes
from rackbill.formats import scenario_file
from rackbill.formats.scenario_file import ContractEntry, LineEntry, OrganisationEntry, Scenario, Step
from rackbill.formats.scenario_file.entries import HOME, CustomerEntry, ServiceEntry, UsagePriceEntry

STORY = Actor("system", "scenario")
EVERYTHING = WholeInstallation()
WORKING_HOUR = time(9)
TAX_SCHEMES = {"SG": "GST", "AU": "ABN", "CA": "GST", "US": "EIN", "JP": "JCT"}


@dataclass(slots=True)
class SellerHere:
    """A sales organisation of the story."""

    organisation_id: str
    zone: ZoneInfo
    currency: str
    payment_days: int


@dataclass(slots=True)
class BuyerHere:
    """A customer of the story; `groups` are keys of billing groups by name, the default one under an empty name."""

    key: int
    customer_id: str
    name: str
    seller: SellerHere
    tax_id: str
    currency: str
    groups: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class ThingHere:
    """A contract (ID), service (ID) or line (key) of the story, with whose it is and when it starts."""

    id: str
    key: int
    buyer: BuyerHere
    starts_on: date
    kind: str = ""


@dataclass(slots=True)
class World:
    """What the names of the file stand for."""

    scenario: Scenario
    sellers: dict[str, SellerHere] = field(default_factory=dict)
    buyers: dict[str, BuyerHere] = field(default_factory=dict)
    contracts: dict[str, ThingHere] = field(default_factory=dict)
    services: dict[str, ThingHere] = field(default_factory=dict)
    lines: dict[str, ThingHere] = field(default_factory=dict)

    def buyer(self, name: str) -> BuyerHere:
        """The customer of that name; the first one for an empty name."""
        return self.buyers[name] if name else next(iter(self.buyers.values()))

    def line_name(self, key: int) -> str:
        """The name of a contract line in the file."""
        return next((name for name, line in self.lines.items() if line.key == key), "")


def moment(at: datetime, zone: ZoneInfo, *, otherwise: time = time()) -> datetime:
    """An instant of the file in UTC. Midnight means the day alone, at an hour of the caller's choice."""
    if at.tzinfo is None:
        at = datetime.combine(at.date(), otherwise if at.time() == time() else at.time(), zone)
    return at.astimezone(UTC)


def build(scenario: Scenario) -> World:
    """The world on the first day of the story."""
    world = World(scenario)
    day = scenario_file.first_day(scenario)
    taxes.load_standard_rates()
    for rate in scenario.exchange_rates:
        row = (rate.source, rate.target, rate.rate, rate.on)
        taxes.store_exchange_rates(rates=[row], source=rate.rate_source)
    for place, entry in enumerate(scenario.sellers):
        world.sellers[entry.id] = _add_seller(entry, place, day)
    for buyer in scenario.buyers:
        world.buyers[buyer.name] = _add_buyer(world, buyer, day)
    for contract in scenario.contracts:
        zone = world.buyer(contract.customer).seller.zone
        order(world, contract, now=moment(datetime.combine(day, time()), zone, otherwise=WORKING_HOUR))
    return world


def _add_seller(entry: OrganisationEntry, place: int, day: date) -> SellerHere:
    currency, zone = HOME.get(entry.country, ("", ""))
    currency, zone = entry.accounting_currency or currency, entry.time_zone or zone
    key = parties.add_sales_organisation(
        organisation_id=entry.id,
        fields={
            "name": entry.name, "legal_name": entry.name, "company_number": "", "accounting_currency": currency,
            "time_zone": zone, "billing_email": "billing@meridian.example", "billing_phone": "", "street": "Street 1",
            "city": "City", "country": entry.country, "state": entry.state, "payment_days": entry.payment_days,
        },
        tax_numbers={TAX_SCHEMES.get(entry.country, "VAT"): entry.tax_id} if entry.tax_id else {},
        bank_accounts={}, now=datetime.combine(day, WORKING_HOUR, UTC), actor=STORY,
    )  # fmt: skip
    # The look of real ranges; sellers whose IDs begin alike get neighbouring ones.
    first = int(entry.id) // 100 * 1_000_000 + place * 10_000
    documents.create_series(organisation_key=key, kind="invoice", range_start=first, range_end=first + 9_999)
    first += 900_000
    documents.create_series(organisation_key=key, kind="credit_note", range_start=first, range_end=first + 9_999)
    first -= 50_000
    documents.create_series(organisation_key=key, kind="reminder", range_start=first, range_end=first + 9_999)
    _agree_rules(entry, currency, day)
    return SellerHere(entry.id, ZoneInfo(zone), currency, entry.payment_days)


def _agree_rules(entry: OrganisationEntry, currency: str, day: date) -> None:
    """The seller's own notice rules, price list and reminders, each from the story's first day unless it says another."""
    now = datetime.combine(day, WORKING_HOUR, UTC)
    for notice in entry.notice:
        rules = [
            NoticeRule(
                longest_term_months=rule.up_to_months, notice_months=rule.months, notice_hours=rule.hours,
                is_renewal_binding=rule.binding, undo_hours=rule.undo_hours,
            )
            for rule in notice.rules
        ]  # fmt: skip
        contracts.store_notice_rules(
            rules=rules, valid_from=notice.starts or day, source="scenario", organisation_id=entry.id,
            customer_kind=notice.customer_kind, product_class=notice.product, now=now, actor=STORY,
        )  # fmt: skip
    for table in entry.price_list:
        catalogue.store_discount_rates(
            product_class=table.product, basis=table.by, valid_from=table.starts or day, organisation_id=entry.id,
            percent_by_months={row.months: row.percent for row in table.discounts}, now=now, actor=STORY,
        )  # fmt: skip
    if entry.reminders:
        ladder = [
            LadderStep(
                step=n, days_after_due=step.days_after_due, action=step.action,
                fee_minor=exact_minor_from_decimal(step.fee, currency), fee_currency=currency if step.fee else "",
            )
            for n, step in enumerate(entry.reminders, start=1)
        ]  # fmt: skip
        receivables.set_reminder_ladder(
            organisation_id=entry.id, valid_from=day, steps=ladder, now=now, actor=STORY
        )  # fmt: skip


def _add_buyer(world: World, entry: CustomerEntry, day: date) -> BuyerHere:
    seller = world.sellers[entry.sales_organisation or next(iter(world.sellers))]
    now = datetime.combine(day, WORKING_HOUR, UTC)
    payment_days = seller.payment_days if entry.payment_days is None else entry.payment_days
    customer_id = parties.add_customer(
        organisation_id=seller.organisation_id,
        fields={
            "kind": entry.kind, "name": entry.name, "email": "info@buyer.example", "language": entry.language,
            "street": entry.street, "city": entry.city, "postal_code": entry.postal_code, "state": entry.state,
            "country": entry.country, "tax_id": entry.tax_id,
        },
        recipients=["billing@buyer.example"], billed_from=None, payment_days=payment_days, now=now, actor=STORY,
    )  # fmt: skip
    key = party_queries.customer(scope=EVERYTHING, customer_id=customer_id).key
    names = {f"{customer_id}-01": ""}
    for group in entry.billing_groups:
        group_id = parties.add_billing_group(
            customer_id=customer_id,
            fields={
                "name": group.name, "po_number": group.po_number, "cost_centre": group.cost_centre,
                "language": group.language or entry.language,
                "payment_days": payment_days if group.payment_days is None else group.payment_days,
            },
            recipients=["billing@buyer.example"], now=now, actor=STORY,
        )  # fmt: skip
        names[group_id] = group.name
    if entry.tax_id:
        taxes.record_tax_id_check(
            customer_id=customer_id, tax_id=entry.tax_id, checked_on=entry.tax_id_checked or day,
            reference="scenario", is_valid=entry.tax_id_valid is not False,
        )  # fmt: skip
    groups = party_queries.billing_groups(scope=EVERYTHING, customer_id=customer_id)
    return BuyerHere(
        key=key, customer_id=customer_id, name=entry.name, seller=seller, tax_id=entry.tax_id, currency=seller.currency,
        groups={names[row.group_id]: row.key for row in groups},
    )  # fmt: skip


def order(world: World, entry: ContractEntry, *, now: datetime) -> None:
    """Places the order of a contract and keeps what its names stand for."""
    buyer = world.buyer(entry.customer)
    zone = buyer.seller.zone
    currency = entry.currency or buyer.seller.currency
    if not world.contracts:
        buyer.currency = currency
    starts_at = moment(entry.starts, zone)
    services = [_new_service(buyer, entry, service, zone) for service in entry.services]
    placed = ordering.place_order(
        customer_key=buyer.key, customer_id=buyer.customer_id, currency=currency, starts_at=starts_at,
        ordered_on=entry.ordered or min(now.astimezone(zone).date(), entry.starts.date()),
        term_months=entry.term_months, po_number=entry.po_number, services=services, zone=zone, now=now, actor=STORY,
    )  # fmt: skip
    world.contracts[entry.name] = ThingHere(placed.contract_id, 0, buyer, entry.starts.date())
    for service, opened in zip(entry.services, placed.services, strict=True):
        starts = (service.starts or entry.starts).date()
        world.services[service.name] = ThingHere(opened.service_id, opened.service_key, buyer, starts)
        if service.ends is not None:
            ends_at = moment(service.ends, zone)
            contracts.end_service(service_id=opened.service_id, ends_at=ends_at, now=now, actor=STORY)
        for line, key in zip(service.lines, opened.line_keys, strict=True):
            world.lines[line.name] = ThingHere("", key, buyer, line.starts or starts, line.kind)


def product_key(*, product: str, product_code: str, tax_class: str, name: str) -> int:
    """The key of a product. They are told apart by their code; the same product in another tax class is another article."""
    code = (product_code or product) + (f":{tax_class}" if tax_class != "standard" else "")
    return catalogue.add_product(code=code, product_id=product, name=name, tax_class=tax_class)


def _new_service(buyer: BuyerHere, contract: ContractEntry, entry: ServiceEntry, zone: ZoneInfo) -> NewService:
    product = product_key(
        product=entry.product, product_code=entry.product_code, tax_class=entry.tax_class, name=entry.description
    )
    equipment_id, equipment_key = "", None
    if entry.equipment:
        equipment_id, equipment_key = equipment.add_equipment(
            customer_key=buyer.key, customer_id=buyer.customer_id, kind="SERVER", site="AMS-01", fields={}
        )
    starts = entry.starts or contract.starts
    return NewService(
        product_key=product, description=entry.description, billing_group_key=buyer.groups[entry.billing_group],
        starts_at=moment(starts, zone), equipment_key=equipment_key, equipment_id=equipment_id, status=entry.status,
        reference=entry.reference, cost_centre=entry.cost_centre,
        lines=tuple(new_line(line, starts.date(), entry.description) for line in entry.lines),
    )  # fmt: skip


def new_line(entry: LineEntry, starts_on: date, description: str) -> NewLine:
    """A line of the file as the contract takes it; without a day of its own it starts with its service."""
    start = entry.starts or starts_on
    prices = [(p.starts, p.until, p.price, p.usage_price) for p in entry.prices]
    prices = prices or [(start, None, entry.price, entry.usage_price)]
    quantities = [(q.starts, q.until, q.quantity) for q in entry.quantities]
    quantities = quantities or [(start, None, Decimal(1) if entry.quantity is None else entry.quantity)]
    profile = entry.proration
    return NewLine(
        kind=entry.kind, description=entry.description or description, starts_on=start, ends_on=entry.ends,
        prices=tuple(
            DatedPrice(day, until, Decimal(0) if price is None else price, _usage_price(usage))
            for day, until, price, usage in _closed(prices)
        ),
        quantities=tuple(DatedQuantity(day, until, quantity) for day, until, quantity in _closed(quantities)),
        discounts=tuple(
            Discount(*discount_value(d.percent, d.amount), d.reason, d.starts or start, d.until) for d in entry.discounts
        ),
        cycle_months=entry.cycle_months, timing=entry.timing, is_anniversary=entry.anniversary,
        billed_from=entry.billed_from,
        profile={} if profile is None else {
            "proration": profile.method, "day_price_digits": profile.day_price_digits, "rounding": profile.rounding,
            "day_count": profile.day_count, "is_unit_rounded": profile.unit_rounded,
        },
        counts=entry.counts if entry.kind == "minimum" else "",
    )  # fmt: skip


def _closed(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Dated rows in the order of days; a row without an end ends where the next begins."""
    ordered = sorted(rows, key=lambda row: row[0])
    followers = [row[0] for row in ordered[1:]] + [None]
    return [(row[0], row[1] or follower, *row[2:]) for row, follower in zip(ordered, followers, strict=True)]


def discount_value(percent: Decimal | None, amount: Decimal | None) -> tuple[DiscountKind, Decimal]:
    """Kind and value of a discount; the file has one of the two."""
    if percent is not None:
        return DiscountKind.PERCENT, percent
    assert amount is not None
    return DiscountKind.AMOUNT, amount


def _usage_price(entry: UsagePriceEntry | None) -> Any:
    return None if entry is None else usage_price_from_plain(scenario_file.usage_price_plain(entry))


def last_day(end: date) -> date:
    """The last day of a half-open period."""
    return end - timedelta(days=1)


def now_of(step: Step, seller: SellerHere) -> datetime:
    """The moment of a step where the seller is; without a time of day, in working hours."""
    return moment(step.on, seller.zone, otherwise=WORKING_HOUR)
