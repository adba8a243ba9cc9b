"""What bank lines name: every identifier ever valid, misspelt ones, accounts that paid before; read as sets."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from rackbill.core.bank_statement import LineKind, StatementLine
from rackbill.core.money import Money
from rackbill.core.remittance import identifier_words, near_spellings
from rackbill.core.settling import OpenAmount, is_agreed, pays_exactly
from rackbill.domain.identifiers import queries as identifiers
from rackbill.domain.identifiers.queries import NamedThing
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables.models import BankLine, Mandate, OpenItem, Payment
from rackbill.domain.receivables.policy import Clue, ClueKind
from rackbill.domain.receivables.queries import balances

KINDS = {
    "document": ClueKind.DOCUMENT, "customer": ClueKind.CUSTOMER, "billing_group": ClueKind.CUSTOMER,
    "mandate": ClueKind.CUSTOMER, "contract": ClueKind.THING, "order": ClueKind.THING, "quotation": ClueKind.THING,
    "service": ClueKind.THING, "equipment": ClueKind.THING, "server_name": ClueKind.THING,
}  # fmt: skip
"""What each kind of identifier tells about whose money it is; other kinds tell nothing."""


@dataclass(frozen=True, slots=True)
class _Hit:
    """One thing that a word names."""

    kind: ClueKind
    customer_key: int
    says: str
    item_key: int | None = None
    currency: str = ""


@dataclass(slots=True)
class Register:
    """Everything that the words of some bank lines name, and what is open of the customers concerned."""

    words: list[tuple[str, ...]]
    exact: dict[str, list[_Hit]]
    near: dict[str, list[_Hit]]
    spellings: dict[str, frozenset[str]]
    payers: dict[str, set[int]]
    items: dict[int, list[OpenAmount]] = field(default_factory=dict)
    faces: dict[int, int] = field(default_factory=dict)

    def clues(self, *, place: int, line: StatementLine) -> list[Clue]:
        """The clues of one line, by what is open at this moment. Misspelt words count where no exact one agrees."""
        found = self.exact_clues(place=place, line=line)
        if not self.is_sure(place=place, line=line):
            for word in self.words[place]:
                if any(hit.currency not in ("", line.currency) for hit in self.exact.get(word, ())):
                    continue  # a number that is right, paid in the wrong currency, is not misspelt
                for meant in sorted(self.spellings.get(word, ())):
                    found += self._near_clues(word, meant, line)
        for customer_key in sorted(self.payers.get(line.payer_account, ()) if line.payer_account else ()):
            found.append(
                Clue(
                    kind=ClueKind.PAYER, customer_key=customer_key, word=line.payer_account,
                    says=f"account {line.payer_account} belongs to this customer or paid for him before",
                    agrees=self._agrees(customer_key, line),
                )
            )  # fmt: skip
        return found

    def exact_clues(self, *, place: int, line: StatementLine) -> list[Clue]:
        """What the words of a line name as they are written."""
        hits = [(word, hit) for word in self.words[place] for hit in self.exact.get(word, ())]
        named: dict[int, set[int]] = defaultdict(set)
        for _word, hit in hits:
            if hit.item_key is not None:
                named[hit.customer_key].add(hit.item_key)
        found = []
        for word, hit in hits:
            is_foreign = hit.currency not in ("", line.currency)
            if hit.kind >= ClueKind.CUSTOMER:
                agrees = self._is_face(hit, line) or self._is_exact(hit.customer_key, named[hit.customer_key], line)
            else:
                agrees = self._agrees(hit.customer_key, line)
            if hit.kind is ClueKind.DOCUMENT and not agrees and _is_day(word):
                continue
            found.append(
                Clue(
                    kind=hit.kind, customer_key=hit.customer_key, word=word, item_key=hit.item_key,
                    says=f"names {hit.says}" + (f", which is in {hit.currency}" if is_foreign else ""),
                    agrees=agrees and not is_foreign, is_foreign=is_foreign,
                )
            )  # fmt: skip
        return found

    def is_sure(self, *, place: int, line: StatementLine) -> bool:
        """Whether a line names a customer or document exactly, and the amount is what is open."""
        return any(c.agrees and c.kind >= ClueKind.CUSTOMER for c in self.exact_clues(place=place, line=line))

    def _near_clues(self, written: str, meant: str, line: StatementLine) -> Iterator[Clue]:
        for hit in self.near.get(meant, ()):
            items = [i for i in self.items.get(hit.customer_key, []) if hit.item_key in (None, i.key)]
            agrees = is_agreed(amount_minor=line.amount_minor, currency=line.currency, items=items)
            if agrees or self._is_face(hit, line):
                yield Clue(
                    kind=ClueKind.NEAR, customer_key=hit.customer_key, word=meant, item_key=hit.item_key, agrees=agrees,
                    says=f"{written} may mean {hit.says}",
                )  # fmt: skip

    def _is_face(self, hit: _Hit, line: StatementLine) -> bool:
        """Whether the amount is what the document was made out for: paid already, it may be paid twice."""
        return hit.currency == line.currency and self.faces.get(hit.item_key or 0) == line.amount_minor

    def _is_exact(self, customer_key: int, named: Collection[int], line: StatementLine) -> bool:
        items = self.items.get(customer_key, [])
        if named and not any(item.key in named for item in items):
            return False  # what is named is paid already; that another item has this amount would be chance
        return pays_exactly(received=Money(line.amount_minor, line.currency), items=items, named=named)

    def _agrees(self, customer_key: int, line: StatementLine) -> bool:
        items = self.items.get(customer_key, [])
        return is_agreed(amount_minor=line.amount_minor, currency=line.currency, items=items)


def register_of(*, organisation_id: str, lines: Sequence[StatementLine]) -> Register:
    """What the lines name among the customers of a sales organisation: a fixed number of queries for every 900 words."""
    words = [words_of(line=line) for line in lines]
    exact = _hits(organisation_id, {word for found in words for word in found})
    payers = _payers(organisation_id, {line.payer_account for line in lines if line.payer_account})
    register = Register(words, exact, {}, {}, payers)
    customers = {hit.customer_key for hits in exact.values() for hit in hits}
    customers.update(key for keys in payers.values() for key in keys)
    register.items = balances.open_amounts(customer_keys=customers)
    register.faces = balances.face_minor(item_keys=_item_keys(exact))
    unsure = {
        word
        for place, line in enumerate(lines)
        if not register.is_sure(place=place, line=line)
        for word in words[place]
    }
    spellings = {word: near_spellings(word) for word in unsure}
    near = _hits(organisation_id, {meant for found in spellings.values() for meant in found})
    register.near = {word: [hit for hit in hits if hit.kind >= ClueKind.CUSTOMER] for word, hits in near.items()}
    register.spellings = {
        word: frozenset(meant for meant in found if meant in near) for word, found in spellings.items()
    }
    more = {hit.customer_key for hits in register.near.values() for hit in hits} - customers
    register.items.update(balances.open_amounts(customer_keys=more))
    register.faces.update(balances.face_minor(item_keys=_item_keys(register.near)))
    return register


def _item_keys(hits: Mapping[str, Sequence[_Hit]]) -> set[int]:
    return {hit.item_key for found in hits.values() for hit in found if hit.item_key is not None}


def words_of(*, line: StatementLine) -> tuple[str, ...]:
    """The words of a line's text, end-to-end ID and mandate reference that may be identifiers."""
    texts = (line.text, line.end_to_end_id, line.mandate_reference)
    return tuple(dict.fromkeys(word for text in texts for word in identifier_words(text)))


def _hits(organisation_id: str, words: Collection[str]) -> dict[str, list[_Hit]]:
    """By word: the documents it numbers and the things it names, of this sales organisation's customers."""
    found: dict[str, list[_Hit]] = defaultdict(list)
    things = identifiers.named_things(texts=words)
    numbers: dict[str, set[str]] = defaultdict(set)
    for word in words:
        numbers[word].add(word)
    for word, named in things.items():
        numbers_of_thing = {thing.target_id: word for thing in named if thing.kind == "document"}
        for number, text in numbers_of_thing.items():
            numbers[number].add(text)
    for part in balances.chunks(values=sorted(numbers)):
        rows = OpenItem.objects.filter(document_number__in=part, sales_organisation__organisation_id=organisation_id)
        columns = ("pk", "document_number", "document_kind", "customer_id", "customer__customer_id", "currency")
        for key, number, kind, customer_key, customer_id, currency in rows.order_by("pk").values_list(*columns):
            says = f"{kind.replace('_', ' ')} {number} of customer {customer_id}"
            for word in sorted(numbers[number]):
                found[word].append(_Hit(ClueKind.DOCUMENT, customer_key, says, key, currency))
    ids = {thing.customer_id for named in things.values() for thing in named}
    customers = parties.customer_names(customer_ids=ids)
    for word, named in things.items():
        for thing in named:
            owner = customers.get(thing.customer_id)
            kind = KINDS.get(thing.kind)
            if owner and owner.organisation_id == organisation_id and kind and thing.kind != "document":
                found[word].append(_Hit(kind, owner.key, _says(thing)))
    return dict(found)


def _says(thing: NamedThing) -> str:
    kind = thing.kind.replace("_", " ")
    if thing.kind == "customer":
        return f"customer {thing.text}" + (f", now {thing.customer_id}" if thing.text != thing.customer_id else "")
    return f"{kind} {thing.text} of customer {thing.customer_id}"


def _payers(organisation_id: str, accounts: Collection[str]) -> dict[str, set[int]]:
    """By account: the customers with a mandate on it, and those for whom money came from it before."""
    found: dict[str, set[int]] = defaultdict(set)
    for part in balances.chunks(values=sorted(accounts)):
        mandates = Mandate.objects.filter(iban__in=part, customer__sales_organisation__organisation_id=organisation_id)
        for account, customer_key in mandates.values_list("iban", "customer_id"):
            found[account].add(customer_key)
        paid = Payment.objects.filter(
            bank_line__payer_account__in=part, bank_line__sales_organisation__organisation_id=organisation_id
        )
        for account, customer_key in paid.values_list("bank_line__payer_account", "customer_id").distinct():
            found[account].add(customer_key)
    return found


def _is_day(word: str) -> bool:
    """Whether a word is more likely a day (20201015, 15102020) than the number of a document."""
    if len(word) != 8 or not word.isdigit():
        return False
    for year, month, day in ((word[:4], word[4:6], word[6:]), (word[4:], word[2:4], word[:2])):
        try:
            if 1990 <= int(year) <= 2099 and date(int(year), int(month), int(day)):
                return True
        except ValueError:
            continue
    return False


def statement_line(*, row: BankLine) -> StatementLine:
    """A stored line as a value."""
    return StatementLine(
        account=row.account, bank_reference=row.bank_reference, booked_on=row.booked_on, value_on=row.value_on,
        kind=LineKind(row.kind), currency=row.currency, amount_minor=row.amount_minor, payer_name=row.payer_name,
        payer_account=row.payer_account, text=row.text, end_to_end_id=row.end_to_end_id,
        mandate_reference=row.mandate_reference,
    )  # fmt: skip
