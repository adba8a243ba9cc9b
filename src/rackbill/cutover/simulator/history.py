"""Bills of July, August and September 2020 as the old system wrote them: in advance, by the calendar month (B1, B2, B5)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from rackbill.cutover.simulator import tax
from rackbill.cutover.simulator.days import BILL_RUNS, ONE_DAY, cycle_start, days_in_month, months_later
from rackbill.cutover.simulator.dice import Dice, dice
from rackbill.cutover.simulator.organisations import ORGANISATIONS
from rackbill.cutover.simulator.sums import cents, in_units, percent_of, six_places
from rackbill.cutover.simulator.world import Customer, Line, Service, World


@dataclass(slots=True)
class Item:
    """One printed line. The sign is in the quantity."""

    service: Service
    description: str
    period: tuple[date, date]
    quantity: Decimal
    unit_price: Decimal
    amount: int


@dataclass(slots=True)
class Bill:
    """An invoice or credit note of the old system; amounts in cents."""

    kind: str
    customer: Customer
    currency: str
    issued_on: date
    due_on: date
    rule: tax.TaxRule
    items: list[Item]
    number: str = ""
    net: int = field(init=False)
    tax: int = field(init=False)
    open_amount: int = 0
    status: str = "PAID"
    corrects: "Bill | None" = None

    def __post_init__(self) -> None:
        self.net = sum(item.amount for item in self.items)
        self.tax = self.rule.on(self.net)

    @property
    def total(self) -> int:
        """Net and tax."""
        return self.net + self.tax


def draw_bills(world: World) -> list[Bill]:
    """Every bill, numbered per organisation in order of issue. Some are credited in part, a few are cancelled and redone."""
    draw = dice(world.seed, "bills")
    bills: list[Bill] = []
    for customer in world.customers:
        for currency in customer.currencies:
            for day in BILL_RUNS:
                bill = _bill(customer, currency, day)
                if not bill.items:
                    continue
                bills.append(bill)
                if bill.total > 0 and draw.chance(4):
                    bills += _cancel_and_redo(bill, draw.randrange(2, 8))
                elif bill.total > 0 and draw.chance(14):
                    bills.append(_credit_part(bill, draw))
    _number(world, bills)
    return bills


def _bill(customer: Customer, currency: str, day: date) -> Bill:
    items = [
        item
        for contract in customer.contracts
        if contract.currency == currency
        for service in contract.services
        for line in service.lines
        for item in _items(service, line, day)
    ]
    due_on = day + timedelta(days=int(str(customer.row["payment_days"])))
    return Bill("invoice", customer, currency, day, due_on, tax.rule(customer, day), items)


def _items(service: Service, line: Line, run: date) -> Iterator[Item]:
    """What a run on the 1st bills of one line: the days before it since the start, and the cycle that begins on it."""
    last_run = months_later(run, -1)
    if line.kind == "one_off":
        if last_run < line.starts_on <= run:
            yield _item(service, line, (line.starts_on, line.starts_on + ONE_DAY), Decimal(1), line.description)
        return
    if last_run < line.starts_on < run and line.cycle == 1:
        end = min(run, line.ends_on) if line.ends_on else run
        share = Decimal((end - line.starts_on).days) / days_in_month(line.starts_on)
        yield from _with_discounts(service, line, (line.starts_on, end), share)
    if (
        line.starts_on > run
        or (line.ends_on and line.ends_on <= run)
        or cycle_start(line.starts_on, line.cycle, run) != run
    ):
        return
    end = months_later(run, line.cycle)
    share = Decimal(1)
    if line.ends_on and line.ends_on < end:
        share = Decimal((line.ends_on - run).days) / (end - run).days
        end = line.ends_on
    yield from _with_discounts(service, line, (run, end), share)


def _with_discounts(service: Service, line: Line, period: tuple[date, date], share: Decimal) -> Iterator[Item]:
    words = line.description if share == 1 else f"{line.description} (pro rata)"
    item = _item(service, line, period, share, words)
    yield item
    for discount in line.discounts:
        if discount.valid_from > period[0] or (discount.valid_until and discount.valid_until <= period[0]):
            continue
        if discount.kind == "percent":
            value = percent_of(item.amount, discount.value)
            words = f"Discount {discount.value} % ({discount.reason})"
        else:
            value = cents(discount.value * share)
            words = f"Discount ({discount.reason})"
        if value:
            yield Item(service, words, period, Decimal(-1), in_units(value), -value)


def _item(service: Service, line: Line, period: tuple[date, date], share: Decimal, words: str) -> Item:
    price = next(p.amount for p in reversed(line.prices) if p.valid_from <= period[0])
    amount = cents(line.quantity * price * share)
    return Item(service, words, period, line.quantity, six_places(price * share), amount)


def _cancel_and_redo(bill: Bill, days: int) -> list[Bill]:
    """A credit note over the whole bill and the same bill again some days later."""
    bill.status = "CANCELLED"
    day = bill.issued_on + timedelta(days=days)
    credit = Bill("credit_note", bill.customer, bill.currency, day, day, bill.rule, _negated(bill.items), corrects=bill)
    again = Bill(
        "invoice", bill.customer, bill.currency, day, bill.due_on + timedelta(days=days), bill.rule, bill.items
    )
    return [credit, again]


def _credit_part(bill: Bill, draw: Dice) -> Bill:
    """A credit note over one line of a bill, or a part of it; the money becomes a credit of the customer."""
    item = draw.pick([item for item in bill.items if item.amount > 0])
    if draw.chance(500):
        part = max(1, item.amount * draw.pick((5, 10, 25, 50)) // 100)
        words = f"Service level credit: {item.description}"
        items = [Item(item.service, words, item.period, Decimal(-1), in_units(part), -part)]
    else:
        items = _negated([item])
    day = bill.issued_on + timedelta(days=draw.randrange(2, 11))
    return Bill("credit_note", bill.customer, bill.currency, day, day, bill.rule, items, corrects=bill)


def _negated(items: list[Item]) -> list[Item]:
    return [Item(i.service, i.description, i.period, -i.quantity, i.unit_price, -i.amount) for i in items]


def _number(world: World, bills: list[Bill]) -> None:
    order = sorted(range(len(bills)), key=lambda i: (bills[i].customer.org.id, bills[i].issued_on, i))
    counters = {
        org.id: dice(world.seed, "series", org.id).randrange(1_200_000_000, 8_900_000_000) for org in ORGANISATIONS
    }
    for i in order:
        org = bills[i].customer.org
        counters[org.id] += 1
        bills[i].number = f"{org.country}{counters[org.id]}"
