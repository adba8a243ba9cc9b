"""Mandates of direct debits: entered with the account that they let debit, revoked, never changed or deleted."""

import re
from datetime import date, datetime

from django.db import transaction
from stdnum import iban as iban_numbers
from stdnum.exceptions import ValidationError

from rackbill.domain.history import operations as history
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.identifiers.operations import NewAlias
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import Scope
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables.errors import MandateRefused
from rackbill.domain.receivables.models import Mandate

_REFERENCE = re.compile(r"[A-Za-z0-9+?/:().,' -]{1,35}")
"""What a bank takes as a mandate's reference (EPC130-08, element AT-01)."""
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")


@transaction.atomic
def enter_mandate(
    *, scope: Scope, customer_id: str, reference: str, holder: str, iban: str, bic: str, signed_on: date, now: datetime,
    actor: Actor,
) -> None:  # fmt: skip
    """A mandate that the customer signed; invoices in euros of later runs are debited under the newest one.

    Raises CustomerNotFound, also for one that is not in the scope, and MandateRefused.
    """
    customer = parties.customer(scope=scope, customer_id=customer_id)
    text, name, bank = reference.strip(), holder.strip(), "".join(bic.split()).upper()
    if not _REFERENCE.fullmatch(text):
        raise MandateRefused(
            "a mandate needs a reference of at most 35 letters, digits, blanks and + ? / : ( ) . , ' -",
            code="mandate_reference", given=text,
        )  # fmt: skip
    if Mandate.objects.filter(mandate_reference=text).exists():
        raise MandateRefused(
            f"mandate {text} was entered before; a changed account needs a mandate with a reference of its own",
            code="mandate_known", given=text,
        )  # fmt: skip
    if not name or len(name) > 120:
        raise MandateRefused(
            "a mandate needs the holder of the account, in at most 120 characters", code="mandate_holder"
        )
    if bank and not _BIC.fullmatch(bank):
        raise MandateRefused(f"{bank} is no BIC; leave it out or enter 8 or 11 characters", code="bic", given=bank)
    if signed_on > now.date():
        raise MandateRefused(
            f"mandate {text} would be signed on {signed_on}, which is still to come; enter the day of the signature",
            code="mandate_day", given=signed_on.isoformat(),
        )  # fmt: skip
    account = _checked_iban(iban)
    Mandate.objects.create(
        mandate_reference=text, customer_id=customer.key, holder=name, iban=account, bic=bank, signed_on=signed_on
    )
    # A payer's bank names the mandate in its lines.
    alias = NewAlias(
        kind="mandate", raw_text=text, target_kind="mandate", target_id=text, customer_id=customer_id, valid_from=signed_on
    )  # fmt: skip
    identifiers.register_aliases(aliases=[alias])
    history.record_change(
        now=now, actor=actor, verb="enter_mandate", object_kind="mandate", object_id=text, customer_id=customer_id,
        detail={"signed_on": signed_on}, personal=({}, {"holder": name, "iban": account, "bic": bank}),
    )  # fmt: skip


@transaction.atomic
def revoke_mandate(*, scope: Scope, customer_id: str, reference: str, now: datetime, actor: Actor) -> None:
    """Nothing is debited under the mandate any more; later invoices ask for a transfer. May run twice.

    Raises MandateRefused where the customer has no such mandate, CustomerNotFound.
    """
    customer = parties.customer(scope=scope, customer_id=customer_id)
    row = locks.locked(Mandate.objects.filter(customer_id=customer.key, mandate_reference=reference.strip())).first()
    if row is None:
        raise MandateRefused(
            f"customer {customer_id} has no mandate {reference.strip()}; rackbill customer show lists those there are",
            code="mandate_unknown", given=reference.strip(),
        )  # fmt: skip
    if row.is_revoked:
        return
    row.is_revoked = True
    row.save(update_fields=["is_revoked"])
    history.record_change(
        now=now, actor=actor, verb="revoke_mandate", object_kind="mandate", object_id=row.mandate_reference,
        customer_id=customer_id,
    )  # fmt: skip


def _checked_iban(text: str) -> str:
    try:
        return str(iban_numbers.validate(text))
    except ValidationError:
        raise MandateRefused(
            f"{text.strip() or 'a blank text'} is no IBAN: its length or check digits are wrong; ask the customer for it again",
            code="iban", given=text.strip(),
        ) from None  # fmt: skip
