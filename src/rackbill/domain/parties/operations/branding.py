"""Taking over what a brand folder says: texts and bank accounts of a sales organisation, noted like any other change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from rackbill.core.party import BankAccount
from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties.errors import SalesOrganisationNotFound
from rackbill.domain.parties.models import SalesOrganisation, SellerBankAccount
from rackbill.domain.parties.operations.einvoices import store_seller_text
from rackbill.domain.parties.queries import branding as queries
from rackbill.domain.parties.queries.branding import Difference, OwnText


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandWords:
    """The texts and bank accounts that a brand folder names."""

    texts: tuple[OwnText, ...]
    banks: tuple[BankAccount, ...]


@transaction.atomic
def take_over(
    *, organisation_id: str, words: BrandWords, valid_from: date, now: datetime, actor: Actor
) -> Sequence[Difference]:
    """Stores what differs: texts from the day on, bank accounts for every document frozen from now on. May run twice.

    What the folder does not name stays. Raises SalesOrganisationNotFound, EinvoiceDataRefused for a text that cannot be.
    """
    row = locks.locked(SalesOrganisation.objects.filter(organisation_id=organisation_id)).first()
    if row is None:
        raise SalesOrganisationNotFound(f"there is no sales organisation {organisation_id!r}")
    found = queries.differences(organisation_id=organisation_id, texts=words.texts, banks=words.banks, on=valid_from)
    for one in found:
        if one.text is not None:
            store_seller_text(
                organisation_id=organisation_id, name=one.text.name, kind=one.text.kind, language=one.text.language,
                text=one.text.text, valid_from=valid_from, valid_until=None, now=now, actor=actor,
            )  # fmt: skip
        if one.bank is not None:
            _store_bank(row, one, now, actor)
    return found


def _store_bank(row: SalesOrganisation, one: Difference, now: datetime, actor: Actor) -> None:
    if one.bank is None:
        return
    columns = {
        "bank_name": one.bank.bank_name, "iban": one.bank.iban, "bic": one.bank.bic,
        "account_number": one.bank.account_number, "routing_code": one.bank.routing_code,
    }  # fmt: skip
    SellerBankAccount.objects.update_or_create(
        sales_organisation=row, currency=one.bank.currency, defaults=columns
    )  # fmt: skip
    history.record_change(
        now=now, actor=actor, verb="change_bank_account", object_kind="sales_organisation",
        object_id=row.organisation_id, detail={"currency": one.bank.currency, "before": one.before, **columns},
    )  # fmt: skip
