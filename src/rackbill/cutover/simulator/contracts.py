"""Contracts: which services a customer ordered together, when, for which term, and how some of them end."""

from datetime import date, timedelta

from rackbill.cutover.simulator import services
from rackbill.cutover.simulator.catalogue import Article, articles
from rackbill.cutover.simulator.days import EXPORT_DAY, LAST_RUN, ONE_DAY, first_of_month, months_later, term_end
from rackbill.cutover.simulator.dice import Dice, dice
from rackbill.cutover.simulator.world import Contract, Customer, Service, World

_TERMS = ((1, 30), (3, 6), (6, 6), (12, 42), (24, 9), (36, 7))
_CYCLES = ((1, 82), (3, 7), (6, 4), (12, 7))
_SOON = (
    date(2020, 9, 14),
    date(2020, 9, 15),
    date(2020, 9, 16),
    date(2020, 9, 20),
    date(2020, 9, 20),
    date(2020, 10, 1),
)
# (first day, last day, per mille) of starts that the old bills of the summer show, or do not show yet
_RECENT = (
    (date(2020, 9, 2), date(2020, 9, 11), 22),
    (date(2020, 8, 10), date(2020, 8, 20), 30),
    (date(2020, 7, 10), date(2020, 7, 22), 18),
    (date(2020, 6, 10), date(2020, 6, 22), 12),
)


def draw_contracts(world: World) -> None:
    """Adds every customer's contracts with their services, equipment, lines, prices and discounts."""
    draw = dice(world.seed, "contracts")
    rare = _rarities(world)
    for customer in world.customers:
        wanted = customer.service_count
        while wanted:
            size = min(wanted, _contract_size(customer, draw))
            _draw_contract(world, customer, size, rare, draw)
            wanted -= size
        _end_some(customer, draw)


def _rarities(world: World) -> list[Article]:
    """One article of every product, to be sold once to the larger customers, so that no product is missing."""
    first = {article.product_id: article for article in articles()}
    room = sum(c.service_count for c in world.customers if c.service_count >= 12)
    return list(first.values()) if room >= 2 * len(first) else []


def _contract_size(customer: Customer, draw: Dice) -> int:
    if customer.service_count >= 40:
        return draw.randrange(4, 25)
    if customer.service_count >= 12:
        return draw.randrange(2, 9)
    return draw.weighted(((1, 45), (2, 25), (3, 18), (4, 12)))


def _draw_contract(world: World, customer: Customer, size: int, rare: list[Article], draw: Dice) -> None:
    starts_on = _start(customer, draw)
    ordered_on = max(customer.created_on, starts_on - timedelta(days=draw.randrange(0, 15)))
    ordered_on = min(ordered_on, EXPORT_DAY - ONE_DAY, starts_on)
    term = draw.weighted(_TERMS)
    currency = customer.currencies[-1] if len(customer.currencies) > 1 and draw.chance(300) else customer.currencies[0]
    if not customer.contracts:
        currency = customer.currencies[0]
    row = world.add("contracts.csv", {
        "contract_id": draw.unused(world.used("contract"), "N#####"), "customer_id": customer.id, "currency": currency,
        "ordered_on": ordered_on, "starts_on": starts_on, "ends_on": "", "term_months": term,
        "po_number": draw.fill("45########") if draw.chance(70) else "",
        "quotation_number": draw.fill("1#######") if draw.chance(450) else "",
    })  # fmt: skip
    contract = Contract(row, starts_on, term, draw.weighted(_CYCLES), currency)
    customer.contracts.append(contract)
    bundle = draw.chance(350)
    for number in range(size):
        take_rare = rare and customer.service_count >= 12 and draw.chance(550 if customer.index else 150)
        article = rare.pop() if take_rare else _article(bundle and number > 0, draw)
        contract.services.append(services.draw_service(world, customer, contract, article, draw))


def _article(companion: bool, draw: Dice) -> Article:
    """Any article by its weight; beside a first server rather something without equipment."""
    while True:
        article = draw.weighted([(a, a.weight) for a in articles()])
        if not companion or not article.equipment or draw.chance(400):
            return article


def _start(customer: Customer, draw: Dice) -> date:
    """The day from which a contract runs, never before the customer came."""
    if draw.chance(26):
        return draw.pick(_SOON)
    for first, last, odds in _RECENT:
        if draw.chance(odds) and customer.created_on <= first:
            return draw.day(first, last)
    first = customer.created_on + timedelta(days=2)
    last = max(first, date(2020, 7, 31))
    day = draw.day(first, min(last, first + timedelta(days=draw.pick((60, 400, 3000)))))
    return first_of_month(day) if draw.chance(300) and first_of_month(day) >= customer.created_on else day


def _end_some(customer: Customer, draw: Dice) -> None:
    """Cancels a few contracts as a whole and a few services for themselves."""
    for contract in customer.contracts:
        if contract.starts_on > date(2020, 5, 1):
            continue
        if draw.chance(28):
            ends_on = max(_earliest_end(contract, service, draw) for service in contract.services)
            for service in contract.services:
                _end(service, ends_on, draw)
            contract.row["ends_on"] = ends_on
            continue
        for service in contract.services:
            if not any(line.kind == "recurring" for line in service.lines):
                continue
            if service.ends_on is None and draw.chance(26):
                _end(service, _earliest_end(contract, service, draw), draw)
            elif service.ends_on is None and _all_monthly_since_spring(service) and draw.chance(14):
                _end_early(service, draw)


def _all_monthly_since_spring(service: Service) -> bool:
    recurring = [line for line in service.lines if line.kind == "recurring"]
    return all(line.cycle == 1 and line.starts_on < date(2020, 6, 1) for line in recurring)


def _earliest_end(contract: Contract, service: Service, draw: Dice) -> date:
    """An end that no bill has passed yet: the end of what is billed, some months later, or the end of the term."""
    billed = max((line.billed[1] for line in service.lines if line.billed), default=service.starts_on)
    billed = max(billed, months_later(LAST_RUN, 1))
    how = draw.randrange(3)
    if how == 0:
        return billed
    if how == 1:
        return months_later(billed, draw.randrange(1, 4))
    return term_end(contract.starts_on, contract.term, billed)


def _end(service: Service, ends_on: date, draw: Dice) -> None:
    known = draw.day(max(service.starts_on, date(2020, 5, 20)), EXPORT_DAY - ONE_DAY)
    services.end_service(service, ends_on, max(known, service.starts_on))


def _end_early(service: Service, draw: Dice) -> None:
    """Ended in the summer, or ends in September and was billed up to that day only."""
    ends_on = draw.pick((date(2020, 9, 1), date(2020, 8, 1), date(2020, 9, 22), date(2020, 9, 16), date(2020, 8, 19)))
    # The bill run must have known of the end, else it would have billed the whole month.
    last_run_before = first_of_month(ends_on - ONE_DAY)
    services.end_service(service, ends_on, draw.day(months_later(last_run_before, -1), last_run_before - ONE_DAY))
