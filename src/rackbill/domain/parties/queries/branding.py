"""How the texts and bank accounts of a brand folder differ from what is stored of a sales organisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from rackbill.core.party import BankAccount
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.models import SellerText


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnText:
    """A text of a sales organisation; blank kind: on every kind of document."""

    name: str
    kind: str
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A text or a bank account that is to be stored, and in words what stands there now; blank where nothing does."""

    before: str
    text: OwnText | None = None
    bank: BankAccount | None = None


def differences(
    *, organisation_id: str, texts: Sequence[OwnText], banks: Sequence[BankAccount], on: date
) -> list[Difference]:
    """Those of the texts and accounts that documents of the day would not carry. Raises SalesOrganisationNotFound."""
    seller = parties.seller(organisation_id=organisation_id)
    rows = SellerText.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=on), valid_from__lte=on,
        sales_organisation__organisation_id=organisation_id,
    )  # fmt: skip
    stored = {(row.name, row.kind, row.language): row.text for row in rows.order_by("valid_from")}
    found = [
        Difference(before=before, text=one)
        for one in texts
        if (before := stored.get((one.name, one.kind, one.language), "")) != one.text
    ]
    for bank in banks:
        known = seller.accounts.get(bank.currency)
        if known != bank:
            found.append(Difference(before=_shown(known) if known else "", bank=bank))
    return found


def _shown(account: BankAccount) -> str:
    parts = (account.bank_name, account.iban, account.bic, account.account_number, account.routing_code)
    return " ".join(part for part in parts if part)
