"""Customers of about thirty countries: who they are, where they live, what tax number they gave, how well they pay."""

from datetime import date, timedelta
from decimal import Decimal

from rackbill.cutover.simulator import places, tax, tax_numbers
from rackbill.cutover.simulator.days import EXPORT_DAY
from rackbill.cutover.simulator.dice import Dice, dice
from rackbill.cutover.simulator.organisations import ORGANISATIONS, Organisation
from rackbill.cutover.simulator.transliteration import slug
from rackbill.cutover.simulator.world import Customer, Row, World

_PAYERS = (("good", 90), ("slow", 7), ("bad", 3))
_COST_CENTRES = ("IT-2100", "4711", "KST 8120", "Marketing", "CC 0042", "R&D", "Центр 12")
_BUYER_REFERENCES = ("PO desk 3", "Attn. Accounts Payable", "EK-{}", "BUY-{}", "991-{}-64")


def draw_customers(world: World, count: int) -> None:
    """Adds so many customers and their rows. The first of them is the largest."""
    draw = dice(world.seed, "customers")
    for index, services in enumerate(service_counts(count, dice(world.seed, "sizes"))):
        world.customers.append(_customer(world, index, services, draw))


def service_counts(count: int, draw: Dice) -> list[int]:
    """Services of each customer, largest first: one giant, a few large ones, many with one to three; five on average."""
    counts = []
    for index in range(count):
        if index == 0 and count >= 20:
            counts.append(120)
        elif index <= count // 100 and count >= 20:
            counts.append(draw.randrange(40, 61))
        elif index < count * 6 // 100:
            counts.append(draw.randrange(12, 26))
        elif index < count * 26 // 100:
            counts.append(draw.randrange(5, 11))
        else:
            counts.append(draw.weighted(((1, 28), (2, 26), (3, 20), (4, 14), (5, 12))))
    return counts


def _customer(world: World, index: int, services: int, draw: Dice) -> Customer:
    org = draw.weighted([(org, org.weight) for org in ORGANISATIONS])
    if index < len(ORGANISATIONS):
        org = ORGANISATIONS[index - 1]  # every organisation has one, the giant is Singapore's
    country = places.countries()[draw.weighted(org.countries)]
    consumer = services <= 5 and draw.chance(170)
    native = country.native and draw.chance(620)
    row = places.address(country, draw, native)
    if consumer and row["state"] == "CT":
        consumer = False  # Connecticut taxes business use only; we keep to that rule
    currencies = [draw.weighted(org.currencies)]
    if services >= 4 and draw.chance(70):
        currencies += [c for c, _ in org.currencies if c not in currencies][:1]
    created = _created_on(draw)
    row |= _identity(world, country, consumer, native, draw)
    domain = str(row.pop("domain"))
    row |= {
        "customer_id": _number(world, org, draw),
        "sales_organisation_id": org.id,
        "kind": "consumer" if consumer else "business",
        "phone": places.phone(country, draw) if draw.chance(850) else "",
        "language": draw.pick(country.languages),
        "payment_days": draw.weighted(((14, 55), (30, 38), (7, 4), (45, 3))),
        "created_on": created,
    }
    row |= _tax_facts(org, country.code, consumer, created, draw) | _purchasing(consumer, draw)
    return Customer(
        index=index, row=world.add("customers.csv", row), org=org, country=country, native=native, domain=domain,
        payer=draw.weighted(_PAYERS), currencies=tuple(currencies), service_count=services, created_on=created,
        negotiated=Decimal(draw.randrange(30, 180)) / 1000 if draw.chance(60) else Decimal(0),
    )  # fmt: skip


def _number(world: World, org: Organisation, draw: Dice) -> str:
    """A customer number of the old system that is not given yet: prefix and nine or ten digits."""
    return draw.unused(world.used("customer"), "N########" if draw.chance(500) else "N#########", org.legacy_code)


def _created_on(draw: Dice) -> date:
    if draw.chance(40):
        return draw.day(date(2020, 7, 1), date(2020, 9, 7))
    year = draw.weighted(((2013, 8), (2014, 9), (2015, 11), (2016, 13), (2017, 15), (2018, 17), (2019, 18), (2020, 9)))
    return draw.day(date(year, 1, 2), date(year, 5, 31) if year == 2020 else date(year, 12, 30))


def _identity(world: World, country: places.Country, consumer: bool, native: bool, draw: Dice) -> Row:
    if consumer:
        first, last = places.person(country.culture, draw, native)
        domain = draw.unused(world.used("domain"), "####", f"{slug(last) or 'home'}-") + ".example"
        return {"name": f"{first} {last}", "email": f"{slug(first)}@{domain}", "domain": domain}
    bare, legal = places.company(country, draw, native)
    stem = slug(bare)
    domain = stem
    while domain in world.used("domain"):
        domain = f"{stem}-{draw.fill('###')}"
    world.used("domain").add(domain)
    box = draw.pick(("info", "office", "billing", "hello", "admin", "it"))
    return {"name": legal, "email": f"{box}@{domain}.example", "domain": f"{domain}.example",
            "company_number": draw.fill("N#######") if draw.chance(550) else ""}  # fmt: skip


def _tax_facts(org: Organisation, country: str, consumer: bool, created: date, draw: Dice) -> Row:
    """Numbers are checked wherever the answer decides the tax; unchecked ones stay where it does not."""
    in_union = country in tax.EU_2020
    if consumer or not draw.chance(920 if in_union else 480):
        return {}
    number = tax_numbers.tax_id(country, draw)
    if not number:
        return {}
    facts: Row = {"tax_id": number}
    decides = in_union and country != org.country and org.country in tax.EU_2020
    if not decides and draw.chance(500 if in_union else 850):
        return facts
    last = EXPORT_DAY - timedelta(days=2)
    facts["tax_id_checked_on"] = draw.day(max(created, date(2018, 1, 2)), last)
    if draw.chance(45):
        return facts | {
            "tax_id_valid": "no",
            "tax_id_evidence": draw.pick(("not registered", "name does not match", "")),
        }
    evidence = (
        draw.fill("WAPIAAAAW@#@#@#@#") if in_union else draw.pick(("registry extract on file", "letter on file", ""))
    )
    return facts | {"tax_id_valid": "yes", "tax_id_evidence": evidence}


def _purchasing(consumer: bool, draw: Dice) -> Row:
    if consumer:
        return {}
    row: Row = {}
    if draw.chance(120):
        row["po_number"] = draw.fill("45########")
    if draw.chance(90):
        row["cost_centre"] = draw.pick(_COST_CENTRES)
    if draw.chance(60):
        row["buyer_reference"] = draw.pick(_BUYER_REFERENCES).format(draw.fill("#####"))
    return row
