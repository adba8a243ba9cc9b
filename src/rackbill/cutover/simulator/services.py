"""Services with their equipment, contract lines, prices and discounts."""

from datetime import date, timedelta
from decimal import Decimal

from rackbill.cutover.simulator import equipment
from rackbill.cutover.simulator.catalogue import Article, extras, list_price, negotiated_price
from rackbill.cutover.simulator.days import (
    EXPORT_DAY,
    LAST_RUN,
    ONE_DAY,
    WHOLE_CYCLES_SINCE,
    cycle_start,
    first_of_month,
    months_later,
    next_first,
)
from rackbill.cutover.simulator.dice import Dice
from rackbill.cutover.simulator.references import draw_reference
from rackbill.cutover.simulator.sums import cents, in_units, round_price
from rackbill.cutover.simulator.world import Contract, Customer, Discount, Line, Price, Service, World

_INDEXATION = date(2020, 1, 1)
_ANNOUNCED = date(2021, 1, 1)
_RISES = (Decimal("1.025"), Decimal("1.025"), Decimal("1.05"), Decimal("1.03"))
_REASONS = ("loyalty", "volume", "contract term", "promotion", "migration discount", "price guarantee")
_DISCOUNT_ENDS = (
    None,
    None,
    None,
    date(2020, 8, 1),
    date(2020, 10, 1),
    date(2020, 12, 1),
    date(2021, 1, 1),
    date(2021, 7, 1),
)
_LINE_ENDS = (date(2020, 3, 1), date(2020, 8, 1), date(2020, 9, 1))
_WAITING = ("NEW_CONTRACT", "TO_BE_PROVISIONED", "SCHEDULED")
_TROUBLE = ("SUSPENDED", "SUSPENDED", "TO_BE_SUSPENDED", "TO_BE_RECONNECTED")


def draw_service(world: World, customer: Customer, contract: Contract, article: Article, draw: Dice) -> Service:
    """One service of an article; its rows are added, its lines are billed as the old system did."""
    cycle = article.cycle or (contract.cycle if article.kind == "recurring" else 1)
    starts_on = _service_start(contract, article, cycle, draw)
    row = world.add("services.csv", {
        "service_id": draw.unused(world.used("service"), "N####" if draw.chance(150) else "N#####"),
        "contract_id": contract.row["contract_id"], "product_id": article.product_id, "product_code": article.code,
        "product_name": article.name, "status": _status(customer, starts_on, draw), "starts_on": starts_on,
        "reference": draw_reference(str(customer.row["language"]), customer.domain, draw),
        "cost_centre": draw.fill("CC-N###") if draw.chance(60) else "", "ends_on": "", "cancelled_on": "",
    })  # fmt: skip
    service = Service(row, starts_on)
    if article.equipment:
        row["server_name"] = draw.unused(world.used("server_name"), "@@@@###-@@@")
        world.add("equipment.csv", equipment.draw_equipment(world, customer, str(row["service_id"]), article, draw))
    quantity = draw.pick(article.quantities)
    service.lines.append(
        _line(customer, contract, article.kind, article.name, quantity, cycle, starts_on, article.price, draw)
    )
    if article.kind == "recurring":
        _add_discount(service.lines[0], draw)
        _add_extras(customer, contract, service, article, cycle, draw)
        if article.setup and draw.chance(700):
            service.lines.append(
                _line(customer, contract, "one_off", "Set-up fee", 1, 1, starts_on, article.setup, draw)
            )
    for number, line in enumerate(service.lines, 1):
        line.id = f"{row['service_id']}-{number:02d}"
    return service


def end_service(service: Service, ends_on: date, known_on: date) -> None:
    """Ends a service and its recurring lines on a day; what was billed is cut there."""
    service.ends_on = ends_on
    service.row |= {"ends_on": ends_on, "cancelled_on": known_on}
    for line in service.lines:
        if line.kind == "recurring" and (line.ends_on is None or line.ends_on > ends_on):
            line.ends_on = ends_on
            line.billed = billed_period(line)


def billed_period(line: Line) -> tuple[date, date] | None:
    """The last period on a bill of the old system up to its run of 1 September 2020."""
    if line.starts_on > LAST_RUN:
        return None
    if line.kind == "one_off":
        return line.starts_on, line.starts_on + ONE_DAY
    day = min(LAST_RUN, line.ends_on - ONE_DAY) if line.ends_on else LAST_RUN
    start = cycle_start(line.starts_on, line.cycle, day)
    end = months_later(start, line.cycle)
    return max(start, line.starts_on), min(end, line.ends_on) if line.ends_on else end


def _service_start(contract: Contract, article: Article, cycle: int, draw: Dice) -> date:
    day = contract.starts_on
    if article.kind == "one_off":
        return day if day > LAST_RUN else draw.day(max(day, date(2020, 3, 1)), EXPORT_DAY - timedelta(days=2))
    if draw.chance(120) and day.day < 25 and day < EXPORT_DAY:
        day = min(day + timedelta(days=draw.randrange(1, 4)), max(day, EXPORT_DAY - ONE_DAY))
    if cycle > 1 and WHOLE_CYCLES_SINCE <= day <= LAST_RUN:
        day = next_first(day)
    return day


def _status(customer: Customer, starts_on: date, draw: Dice) -> str:
    if starts_on > EXPORT_DAY:
        return draw.pick(_WAITING)
    if customer.payer == "bad" and draw.chance(300):
        return draw.pick(_TROUBLE)
    return "TO_BE_MODIFIED" if draw.chance(14) else "ACTIVE"


def _line(
    customer: Customer, contract: Contract, kind: str, description: str, quantity: int, cycle: int, starts_on: date,
    base: Decimal, draw: Dice,
) -> Line:  # fmt: skip
    line = Line("", kind, description, Decimal(quantity), cycle, starts_on)
    price = list_price(base, contract.currency, cycle)
    if kind == "one_off":
        line.prices = [Price(price, starts_on, None)]
    else:
        line.prices = _price_rows(
            negotiated_price(price, customer.negotiated), starts_on, bool(customer.negotiated), draw
        )
    line.billed = billed_period(line)
    return line


def _price_rows(price: Decimal, starts_on: date, negotiated: bool, draw: Dice) -> list[Price]:
    places = 4 if negotiated else 2
    rows = [Price(price, starts_on, None)]
    for day, odds in ((_INDEXATION, 550), (_ANNOUNCED, 40)):
        if starts_on < day - timedelta(days=30) and rows[-1].amount and draw.chance(odds):
            rows[-1].valid_until = day
            rows.append(Price(round_price(rows[-1].amount * draw.pick(_RISES), places), day, None))
    return rows


def _add_discount(line: Line, draw: Dice) -> None:
    lowest = line.prices[0].amount * line.quantity
    if lowest <= 1 or not draw.chance(95):
        return
    valid_from = max(line.starts_on, date(2020, 1, 1)) if draw.chance(300) else line.starts_on
    valid_until = draw.pick(_DISCOUNT_ENDS)
    if valid_until and valid_until <= valid_from:
        valid_until = None
    reason = draw.pick(_REASONS)
    if draw.chance(700):
        percent = Decimal(draw.pick((5, 10, 10, 15, 20, 25, 50)))
        line.discounts.append(Discount("percent", percent, reason, valid_from, valid_until))
        return
    value = cents(lowest) * draw.randrange(5, 41) // 100
    value -= value % 100 if value > 500 else 0
    line.discounts.append(Discount("amount", in_units(value), reason, valid_from, valid_until))


def _add_extras(
    customer: Customer, contract: Contract, service: Service, article: Article, cycle: int, draw: Dice
) -> None:
    choice = extras(article.equipment)
    if not choice:
        return
    for _ in range(draw.weighted(((0, 62), (1, 24), (2, 10), (3, 4)))):
        extra = draw.weighted(choice)
        if any(line.description == extra.description for line in service.lines):
            continue
        line = _line(customer, contract, "recurring", extra.description, draw.pick(extra.quantities), cycle,
                     service.starts_on, extra.price, draw)  # fmt: skip
        if cycle == 1 and draw.chance(40) and line.starts_on < date(2020, 2, 1):
            line.ends_on = draw.pick(_LINE_ENDS)
            line.billed = billed_period(line)
        elif draw.chance(60) and line.starts_on < date(2020, 1, 1) and cycle == 1:
            later = first_of_month(draw.day(date(2020, 2, 1), date(2020, 8, 31)))
            line.starts_on, line.prices = later, [Price(line.prices[-1].amount, later, None)]
            line.billed = billed_period(line)
        service.lines.append(line)
