"""Yes or no, and which: whose money a bank line is, who may write off, which reminder is next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

CASHIERS = frozenset({"clerk", "administrator"})
"""Staff roles that may read bank files, say whose money is whose, and enter payments of their sales organisation."""
WRITE_OFF_LIMIT_MINOR = 5_000
"""Above this amount, in minor units of any currency, a write-off takes two people."""


class ClueKind(IntEnum):
    """What of a customer a bank line names; a higher kind outweighs a lower one."""

    PAYER = 1
    NEAR = 2
    THING = 3
    CUSTOMER = 4
    DOCUMENT = 5


LONG_WORD = 8
"""A word of so many characters that names a contract, service or server is no accident; a shorter one may be a date or a sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One hint at a customer. `item_key` is the open item it names, if any; `agrees` says that the amount fits as well.

    `is_foreign`: the document it names is in another currency than the money.

    A misspelt word is a clue only where the amount fits what is open (`agrees`) or what the document was made out for.
    """

    kind: ClueKind
    customer_key: int
    word: str
    says: str
    item_key: int | None = None
    agrees: bool = False
    is_foreign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whose money it is, or None with the reason why a person must look. `named` are the keys of the items it names."""

    customer_key: int | None
    named: frozenset[int]
    reason: str


def verdict(*, clues: Sequence[Clue]) -> Verdict:
    """Whose money a bank line is, by itself. Doubt is never settled by guessing: the line is parked with what was found."""
    sure = [clue for clue in clues if clue.kind >= ClueKind.CUSTOMER]
    customers = {clue.customer_key for clue in sure}
    if len(customers) == 1:
        documents = [clue for clue in sure if clue.kind is ClueKind.DOCUMENT]
        if documents and all(clue.is_foreign for clue in documents):
            return _no(_said(documents))
        others = _better_fits(sure, clues)
        return _no(f"{_said(sure)}; yet {_said(others)}, with just this amount") if others else _yes(sure)
    if customers:
        return _no(f"names things of {len(customers)} customers: {_said(sure)}")
    for kind in (ClueKind.THING, ClueKind.NEAR, ClueKind.PAYER):
        found = [clue for clue in clues if clue.kind is kind]
        answer = _weaker_verdict(kind, found)
        if answer is not None:
            return answer
    if clues:
        return _no(f"{_said(clues)}, but the amount is not what is open")
    return _no("names nothing we know")


def _weaker_verdict(kind: ClueKind, found: Sequence[Clue]) -> Verdict | None:
    """What clues weaker than the number of a document or customer prove: the amount agrees, and one customer alone is meant.

    None where none of them is believed, so that the next weaker kind is asked.
    """
    believed = [clue for clue in found if clue.agrees or (kind is ClueKind.THING and len(clue.word) >= LONG_WORD)]
    if not believed:
        return None
    # A slip may lead to any of its neighbours, also to one that is paid already; so none of them may be another's.
    meant = found if kind is ClueKind.NEAR else believed
    items = {clue.item_key for clue in meant if clue.item_key is not None}
    is_one_customer = len({clue.customer_key for clue in meant}) == 1
    if is_one_customer and (kind is not ClueKind.NEAR or len(items) <= 1):
        return _yes(believed)
    return _no(f"may be the money of several customers: {_said(meant)}")


def _better_fits(sure: Sequence[Clue], clues: Sequence[Clue]) -> list[Clue]:
    """Clues to another customer whose amount this is. A slip of the finger can turn one valid number into another.

    Whose account the money came from counts most: it outweighs a neighbouring number, and doubts even a number that agrees.
    """
    customer_key = sure[0].customer_key
    payers = [clue for clue in clues if clue.kind is ClueKind.PAYER]
    if any(clue.customer_key == customer_key for clue in payers):
        return []
    doubts = [clue for clue in payers if clue.agrees]
    if not any(clue.agrees for clue in sure):
        doubts += [clue for clue in clues if clue.kind is ClueKind.NEAR and clue.customer_key != customer_key]
    return doubts


def ranked(*, clues: Sequence[Clue]) -> list[Clue]:
    """The best clue of each customer, the most telling first: amount and name together, then the kind of name."""
    best: dict[int, Clue] = {}
    for clue in sorted(clues, key=lambda c: (-c.kind, not c.agrees, c.customer_key, c.word)):
        best.setdefault(clue.customer_key, clue)
    return sorted(best.values(), key=lambda c: (not c.agrees, -c.kind, c.customer_key))


def _yes(clues: Sequence[Clue]) -> Verdict:
    named = frozenset(clue.item_key for clue in clues if clue.item_key is not None and not clue.is_foreign)
    return Verdict(customer_key=clues[0].customer_key, named=named, reason=_said(clues))


def _no(reason: str) -> Verdict:
    return Verdict(customer_key=None, named=frozenset(), reason=reason)


def _said(clues: Sequence[Clue]) -> str:
    said = list(dict.fromkeys(clue.says for clue in sorted(clues, key=lambda c: -c.kind)))
    return "; ".join(said[:3]) + (f"; and {len(said) - 3} more" if len(said) > 3 else "")


def needs_second_person(*, amount_minor: int) -> bool:
    """Whether a write-off waits for somebody else's approval."""
    return amount_minor > WRITE_OFF_LIMIT_MINOR


APPROVERS = frozenset({"approver"})
"""Staff roles that may approve a write-off of their sales organisation."""


def may_approve_write_off(*, roles: frozenset[str]) -> bool:
    """Whether somebody with these roles at the sales organisation may approve a write-off."""
    return bool(roles & APPROVERS)


ACTIONS = ("remind", "suspend", "collect")


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderStep:
    """So many days after the due date (before it, where negative): remind, propose suspension, or hand to collection."""

    step: int
    days_after_due: int
    action: str
    fee_minor: int = 0
    fee_currency: str = ""


DEFAULT_LADDER: tuple[LadderStep, ...] = (
    LadderStep(step=1, days_after_due=-15, action="remind"),
    LadderStep(step=2, days_after_due=1, action="remind"),
    LadderStep(step=3, days_after_due=3, action="suspend"),
    LadderStep(step=4, days_after_due=8, action="remind"),
    LadderStep(step=5, days_after_due=15, action="remind", fee_minor=4500, fee_currency="EUR"),
    LadderStep(step=6, days_after_due=30, action="collect"),
)
"""X5 with its term of 30 days, counted from the due date. The source names no day for collection; 30 is ours."""


def next_step(
    *,
    ladder: Sequence[LadderStep],
    taken: Collection[int],
    last_taken_on: date | None,
    issued_on: date,
    due_on: date,
    today: date,
) -> LadderStep | None:
    """The step that is to be taken today, or None. One step at a time: a debt that was held back does not jump to collection.

    After a step the next waits at least as long as the ladder has between the two. What comes before the due date is left
    out once that has passed, and where it would come before the document's own day.
    """
    left = [step for step in ladder if step.step > max(taken, default=0)]
    for step in left:
        day = due_on + timedelta(step.days_after_due)
        if step.days_after_due <= 0 and (today > due_on or day <= issued_on):
            continue
        before = [one for one in ladder if one.step in taken]
        if last_taken_on is not None and before:
            day = max(day, last_taken_on + timedelta(step.days_after_due - before[-1].days_after_due))
        return step if day <= today else None
    return None


def remindable_minor(*, open_minor: int, disputed_minor: Sequence[int | None]) -> int:
    """What of an open amount may be reminded of: all but the disputed parts; nothing where a hold names no part."""
    if any(part is None for part in disputed_minor):
        return 0
    return max(0, open_minor - sum(part or 0 for part in disputed_minor))
