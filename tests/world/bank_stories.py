"""Thousands of bank lines with a known truth: a provider, its customers' open items, and how people really write."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from rackbill.core.bank_statement import LineKind, StatementLine
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.identifiers.operations import NewAlias
from rackbill.domain.kit import bulk
from rackbill.domain.parties.models import Customer
from rackbill.domain.receivables.models import LedgerEntry, Mandate, OpenItem
from tests.world.money import ACCOUNT
from tests.world.provider import Provider

FIRST_DAY = date(2020, 10, 5)
DAYS = 20
NOISE = (
    "Danke",
    "payment",
    "Tel 069 4711 0815",
    "vom 01.10.2020",
    "20201001",
    "EUR 129,95",
    "betaling oktober",
    "Оплата",
    "thx /",
)


@dataclass(frozen=True, slots=True)
class Bill:
    """An open item as the story knows it."""

    key: int
    number: str
    currency: str
    amount_minor: int


@dataclass(slots=True)
class Payer:
    """A customer: everything he is and was called, his account, and his bills."""

    key: int
    customer_id: str
    legacy_id: str
    contract_id: str
    mandate: str
    iban: str
    bills: list[Bill] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Story:
    """A line, how it came about, and whose money it is (None: nobody can tell)."""

    kind: str
    line: StatementLine
    customer_key: int | None


def settle_in(world: Provider, *, count: int, seed: int) -> list[Payer]:
    """So many customers with one to five open items each, ours and the legacy system's, all their IDs registered."""
    draw = Random(seed)
    fields = ("customer_id", "sales_organisation", "kind", "name", "email", "phone", "company_number", "tax_id", "language",
              "legacy_id", "created_on", "is_closed", "street", "city", "postal_code", "state", "country")  # fmt: skip
    rows = [
        (f"{12_000_000 + n}", world.organisation.pk, "business", f"Customer {n}", f"c{n}@buyer.example", "", "", "", "en",
         f"DE{draw.randrange(10**8):09d}{n % 10}", date(2019, 1, 1), False, "Street", "Town", "", "", "DE")
        for n in range(1, count + 1)
    ]  # fmt: skip
    bulk.insert_rows(Customer, fields, rows)
    payers = [
        Payer(
            key=key, customer_id=customer_id, legacy_id=legacy_id, contract_id=f"{50_000_000 + place}",
            mandate=f"MH-2100-{place:06d}" if place % 5 == 0 else "", iban=f"NL91ABNA{4_000_000_000 + place}",
        )
        for place, (key, customer_id, legacy_id) in enumerate(
            Customer.objects.order_by("customer_id").values_list("pk", "customer_id", "legacy_id"), start=1
        )
    ]  # fmt: skip
    _register(payers)
    _open(world, payers, draw)
    return payers


def _register(payers: list[Payer]) -> None:
    aliases = []
    for payer in payers:
        own = {"customer": payer.customer_id, "billing_group": f"{payer.customer_id}-01", "contract": payer.contract_id}
        own |= {"mandate": payer.mandate} if payer.mandate else {}
        aliases += [
            NewAlias(kind=kind, raw_text=text, target_kind=kind, target_id=text, customer_id=payer.customer_id)
            for kind, text in own.items()
        ]
        aliases.append(
            NewAlias(
                kind="customer", raw_text=payer.legacy_id, target_kind="customer", target_id=payer.customer_id,
                customer_id=payer.customer_id, system="oldbill", organisation_id="2100", valid_until=date(2020, 9, 14),
            )
        )  # fmt: skip
    identifiers.register_aliases(aliases=aliases)
    Mandate.objects.bulk_create(
        [
            Mandate(mandate_reference=p.mandate, customer_id=p.key, holder="x", iban=p.iban, signed_on=date(2019, 1, 1))
            for p in payers
            if p.mandate
        ],
        batch_size=500,
    )


def _open(world: Provider, payers: list[Payer], draw: Random) -> None:
    counter, legacy, items, amounts, aliases = 21_000_000, 2_093_000_000, [], {}, []
    for payer in payers:
        for _ in range(draw.randint(1, 5)):
            is_legacy = draw.random() < 0.25
            legacy, counter = legacy + is_legacy, counter + (not is_legacy)
            number = f"DE{legacy}" if is_legacy else f"{counter}"
            issued_on = date(2020, 8, 1) if is_legacy else date(2020, 10, 1)
            currency = "USD" if draw.random() < 0.05 else "EUR"
            items.append((payer.key, world.organisation.pk, "oldbill" if is_legacy else "", number, "invoice", currency, issued_on,
                          issued_on + timedelta(draw.choice((14, 30)))))  # fmt: skip
            amounts[number] = draw.choice((4995, 12995, draw.randint(500, 900_000)))
            if is_legacy:
                aliases.append(
                    NewAlias(
                        kind="document", raw_text=number, target_kind="archived_document", target_id=number, system="oldbill",
                        customer_id=payer.customer_id, organisation_id="2100", valid_until=date(2020, 9, 14),
                    )
                )  # fmt: skip
    columns = (
        "customer",
        "sales_organisation",
        "system",
        "document_number",
        "document_kind",
        "currency",
        "issued_on",
        "due_on",
    )
    bulk.insert_rows(OpenItem, columns, items)
    identifiers.register_aliases(aliases=aliases)
    by_key = {payer.key: payer for payer in payers}
    entries = []
    for key, number, customer_key, currency, issued_on in OpenItem.objects.order_by("pk").values_list(
        "pk", "document_number", "customer_id", "currency", "issued_on"
    ):
        by_key[customer_key].bills.append(Bill(key, number, currency, amounts[number]))
        entries.append((key, "invoice", amounts[number], issued_on, "document", number))
    bulk.insert_rows(
        LedgerEntry, ("open_item", "kind", "amount_minor", "booked_on", "source_kind", "source_id"), entries
    )


def misspelt(number: str, draw: Random) -> str:
    """One slip of the finger: two digits exchanged, one missing, one wrong, one too many."""
    place = draw.randrange(len(number) - 3, len(number) - 1)
    digit = str((int(number[place]) + draw.randint(1, 9)) % 10)
    return draw.choice(
        [
            number[:place] + number[place + 1] + number[place] + number[place + 2 :],
            number[:place] + number[place + 1 :],
            number[:place] + digit + number[place + 1 :],
            number[: place + 1] + number[place:],
        ]
    )


def spaced(number: str, draw: Random) -> str:
    """Blanks, dots or dashes inside a number."""
    place = draw.randrange(2, len(number) - 1)
    return f"{number[:place]}{draw.choice(' .-')}{number[place:]}"


Make = Callable[[Payer, Random], tuple[str, list[Bill], int]]
"""The text, the bills it is about, and how much more or less (in per cent) than they are open with is paid."""


def _one(payer: Payer, draw: Random) -> Bill:
    return draw.choice(payer.bills)


def _some(payer: Payer, draw: Random) -> list[Bill]:
    euro = [bill for bill in payer.bills if bill.currency == payer.bills[0].currency]
    return draw.sample(euro, min(len(euro), draw.randint(2, 4)))


def _named(payer: Payer, draw: Random) -> tuple[str, list[Bill], int]:
    bill = _one(payer, draw)
    return f"Invoice {bill.number}", [bill], 100


def _with_marks(payer: Payer, draw: Random) -> tuple[str, list[Bill], int]:
    bill = _one(payer, draw)
    return f"RE{spaced(bill.number, draw)}", [bill], 100


def _slip(payer: Payer, draw: Random) -> tuple[str, list[Bill], int]:
    bill = _one(payer, draw)
    return f"Rg {misspelt(bill.number, draw)}", [bill], 100


def _sum_named(payer: Payer, draw: Random) -> tuple[str, list[Bill], int]:
    bills = _some(payer, draw)
    return draw.choice(("/", ", ", " + ")).join(bill.number for bill in bills), bills, 100


def _sum_of_customer(payer: Payer, draw: Random) -> tuple[str, list[Bill], int]:
    return f"KdNr {draw.choice((payer.customer_id, payer.legacy_id))}", _some(payer, draw), 100


def _old_customer(payer: Payer, draw: Random) -> tuple[str, list[Bill], int]:
    return f"customer {payer.legacy_id}", [_one(payer, draw)], draw.choice((100, 100, 30))


def _contract(payer: Payer, draw: Random) -> tuple[str, list[Bill], int]:
    return f"contract {payer.contract_id}", [_one(payer, draw)], 100


def _part(payer: Payer, draw: Random) -> tuple[str, list[Bill], int]:
    bill = _one(payer, draw)
    return f"part of {bill.number}", [bill], draw.randint(5, 95)


def _too_much(payer: Payer, draw: Random) -> tuple[str, list[Bill], int]:
    bill = _one(payer, draw)
    return bill.number, [bill], draw.randint(101, 250)


def _account_only(payer: Payer, draw: Random) -> tuple[str, list[Bill], int]:
    return "", [_one(payer, draw)], draw.choice((100, 100, 37))


def _nobody(payer: Payer, draw: Random) -> tuple[str, list[Bill], int]:
    return "no idea", [_one(payer, draw)], draw.randint(3, 97)


KINDS: dict[str, tuple[int, Make]] = {
    "number": (30, _named), "number with marks": (10, _with_marks), "misspelt number": (12, _slip), "sum, named": (10, _sum_named),
    "sum, customer ID": (8, _sum_of_customer), "old customer ID": (10, _old_customer), "contract ID": (5, _contract), "part": (4, _part),
    "too much": (3, _too_much), "account only": (4, _account_only), "nothing known": (4, _nobody),
}  # fmt: skip


def stories(payers: list[Payer], *, count: int, seed: int) -> list[Story]:
    """So many lines by day, with what leaves the account, equal lines, and lines that name two customers among them."""
    draw = Random(seed + 1)
    kinds, weights = list(KINDS), [weight for weight, _make in KINDS.values()]
    taken = {bill.number: bill.amount_minor for payer in payers for bill in payer.bills}
    made: list[Story] = []
    while len(made) < count:
        dice = draw.random()
        if made and dice < 0.02:
            # Paid twice on one day, or two equal parts; what nobody can tell of one, nobody can tell of the other.
            kind = made[-1].kind if made[-1].kind.startswith("another's") else "equal line"
            made.append(replace(made[-1], kind=kind))
        elif dice < 0.05:
            kind = draw.choice((LineKind.PAID_OUT, LineKind.BANK_CHARGE, LineKind.RETURNED))
            made.append(Story("no money in", _line(draw, "rent", 100 + draw.randrange(9000), "EUR", "", kind), None))
        elif dice < 0.06:
            one, two = draw.sample(payers, 2)
            text = f"{one.bills[0].number} {two.bills[0].number}"
            made.append(
                Story("two customers", _line(draw, text, draw.randint(100, 90_000), "EUR", "", LineKind.RECEIVED), None)
            )
        else:
            (kind_name,) = draw.choices(kinds, weights)
            made.append(_story(kind_name, draw.choice(payers), draw, taken))
    return sorted(made, key=lambda story: story.line.booked_on)


def _story(kind: str, payer: Payer, draw: Random, taken: Mapping[str, int]) -> Story:
    text, bills, share = KINDS[kind][1](payer, draw)
    amount = max(1, sum(bill.amount_minor for bill in bills) * share // 100)
    currency = bills[0].currency
    if kind == "number" and draw.random() < 0.02:
        currency = "GBP"
    # What somebody pays without a word comes from an account of his own; others pay through whatever bank they have.
    iban = payer.iban if kind == "account only" or (kind != "nothing known" and draw.random() < 0.5) else ""
    if kind == "misspelt number" and text.split()[1] in taken:
        kind = "another's number and amount" if taken[text.split()[1]] == amount else "another's number"
    noisy = (
        " ".join(part for part in (draw.choice(NOISE), text, draw.choice(NOISE)) if part)
        if draw.random() < 0.6
        else text
    )
    line = _line(draw, noisy, amount, currency, iban, LineKind.RECEIVED)
    if payer.mandate and kind == "account only":
        line = replace(line, mandate_reference=payer.mandate)
    return Story(kind, line, payer.key)


def _line(draw: Random, text: str, amount_minor: int, currency: str, iban: str, kind: LineKind) -> StatementLine:
    day = FIRST_DAY + timedelta(draw.randrange(DAYS))
    return StatementLine(
        account=ACCOUNT, bank_reference="", booked_on=day, value_on=day, kind=kind, currency=currency, amount_minor=amount_minor,
        payer_name="Payer", payer_account=iban, text=text,
    )  # fmt: skip


def counts(found: list[Story]) -> Counter[str]:
    """How many lines there are of each kind."""
    return Counter(story.kind for story in found)
