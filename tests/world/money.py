"""Open items, bank lines and files for a small provider."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from rackbill.core.bank_statement import LineKind, StatementLine
from rackbill.domain.access import operations as access
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.identifiers.operations import NewAlias
from rackbill.domain.kit.actor import Actor
from rackbill.domain.parties.models import Customer
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.models import LedgerEntry, OpenItem
from rackbill.domain.receivables.operations import ImportSummary, NewItem

NOW = datetime(2020, 10, 20, 8, tzinfo=UTC)
TODAY = NOW.date()
CLERK, APPROVER = Actor("person", "clara@meridian.example"), Actor("person", "anton@meridian.example")
ACCOUNT = "DE89370400440532013000"


def item(
    owner: Customer, number: str, amount: str, *, currency: str = "EUR", issued_on: date = date(2020, 10, 1), due_in: int = 14,
    kind: str = "invoice", system: str = "",
) -> OpenItem:  # fmt: skip
    """An open item of a document, ours or (with `system`) a legacy one; a credit note has a negative amount."""
    minor = int(Decimal(amount) * 100)
    if system:
        row = OpenItem.objects.create(
            customer=owner, sales_organisation=owner.sales_organisation, system=system, document_number=number,
            document_kind=kind, currency=currency, issued_on=issued_on, due_on=issued_on + timedelta(due_in),
        )  # fmt: skip
        LedgerEntry.objects.create(
            open_item=row,
            kind="opening",
            amount_minor=minor,
            booked_on=issued_on,
            source_kind="cutover",
            source_id=number,
        )
        identifiers.register_aliases(
            aliases=[
                NewAlias(
                    kind="document", raw_text=number, target_kind="archived_document", target_id=number, system=system,
                    customer_id=owner.customer_id, organisation_id=owner.sales_organisation.organisation_id,
                )
            ]
        )  # fmt: skip
        return row
    receivables.open_items(
        items=[
            NewItem(
                customer_key=owner.pk, organisation_key=owner.sales_organisation_id, document_number=number, document_kind=kind,
                currency=currency, issued_on=issued_on, due_on=issued_on + timedelta(due_in), amount_minor=minor,
            )
        ]
    )  # fmt: skip
    return OpenItem.objects.get(document_number=number, system="")


def known(owner: Customer, *, contract_id: str = "", legacy_id: str = "") -> None:
    """Registers the customer's IDs, ours and the legacy system's, his billing group and a contract."""
    ids = {"customer": owner.customer_id, "billing_group": f"{owner.customer_id}-01"} | (
        {"contract": contract_id} if contract_id else {}
    )
    aliases = [
        NewAlias(kind=kind, raw_text=text, target_kind=kind, target_id=text, customer_id=owner.customer_id)
        for kind, text in ids.items()
    ]
    aliases.append(
        NewAlias(
            kind="customer", raw_text=legacy_id or owner.legacy_id, target_kind="customer", target_id=owner.customer_id,
            customer_id=owner.customer_id, system="oldbill", valid_until=date(2020, 9, 14),
        )
    )  # fmt: skip
    identifiers.register_aliases(aliases=aliases)


def line(amount: str, text: str = "", **more: Any) -> StatementLine:
    """A line of received money on 15 October 2020."""
    fields: dict[str, Any] = {
        "account": ACCOUNT, "bank_reference": "", "booked_on": date(2020, 10, 15), "value_on": date(2020, 10, 15),
        "kind": LineKind.RECEIVED, "currency": "EUR", "amount_minor": int(Decimal(amount) * 100), "text": text, **more,
    }  # fmt: skip
    return StatementLine(**fields)


def imported(*lines: StatementLine, organisation_id: str = "2100") -> ImportSummary:
    """The lines as one file."""
    return receivables.import_statement(
        organisation_id=organisation_id, lines=lines, file_sha256="0" * 64, now=NOW, actor=CLERK
    )


def open_of(number: str) -> int:
    """What is open of a document, in minor units."""
    return sum(LedgerEntry.objects.filter(open_item__document_number=number).values_list("amount_minor", flat=True))


def staff(owner: Customer, actor: Actor, role: str) -> None:
    """Gives an actor a role at the customer's sales organisation."""
    access.add_staff(
        email=actor.identity,
        full_name="",
        password="x",
        roles={owner.sales_organisation_id: role},
        now=NOW,
        actor=CLERK,
    )
