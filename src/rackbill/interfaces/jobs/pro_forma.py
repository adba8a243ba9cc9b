"""Pro formas: what the 1st of next month will bring, in the words of the customer's language; shown, or issued."""

from dataclasses import dataclass
from datetime import date, datetime

from rackbill.core import document as frozen
from rackbill.core import quoting
from rackbill.core.charges import Charge
from rackbill.core.charges.plain import charge_from_plain
from rackbill.core.document import Document
from rackbill.domain.billing import operations as billing
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import Scope
from rackbill.formats.wording import wording


@dataclass(frozen=True, slots=True, kw_only=True)
class ProFormaPage:
    """One document of a pro forma, with the charge behind each of its lines."""

    document: Document
    charges: tuple[Charge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProForma:
    """All that a customer will be billed on a day; `parked` says why it would not be billed, if so."""

    customer_id: str
    made_on: date
    billed_on: date
    pages: tuple[ProFormaPage, ...]
    parked: str


def make_pro_forma(*, scope: Scope, customer_id: str, now: datetime) -> ProForma:
    """One document for each that the run of the 1st of next month will issue. Raises CustomerNotFound, NothingToPreview."""
    coming = billing.preview_coming_bill(scope=scope, customer_id=customer_id, now=now)
    pages = []
    for draft in coming.drafts:
        value = draft.document
        words = wording(value.language)
        charges = tuple(charge_from_plain(item.charge) for item in draft.items)
        note = words.word("pro_forma_note", date=words.day(coming.billed_on))
        document = quoting.draft_pro_forma(draft=value, note=note, made_on=coming.made_on)
        frozen.check(document, is_draft=True)
        pages.append(ProFormaPage(document=document, charges=charges))
    return ProForma(
        customer_id=customer_id, made_on=coming.made_on, billed_on=coming.billed_on, pages=tuple(pages),
        parked=coming.parked,
    )  # fmt: skip


def issue_pro_forma(*, scope: Scope, made: ProForma, now: datetime, actor: Actor) -> list[str]:
    """The numbers of the pages, each issued as a document and queued; the same again on the same day gives the same ones."""
    pages = [(page.document, [charge.line_id for charge in page.charges]) for page in made.pages]
    return billing.issue_pro_formas(scope=scope, customer_id=made.customer_id, pages=pages, now=now, actor=actor)
