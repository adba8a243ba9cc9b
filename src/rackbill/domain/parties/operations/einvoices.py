"""Writes to what documents and e-invoices need of customers, billing groups and sales organisations."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Q

from rackbill.core.document import DocumentKind
from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import CustomerScope, Scope
from rackbill.domain.parties.errors import (
    BillingGroupNotFound,
    CustomerNotFound,
    EinvoiceDataRefused,
    SalesOrganisationNotFound,
)
from rackbill.domain.parties.models import (
    BillingGroup,
    Customer,
    PurchaseOrder,
    SalesOrganisation,
    SellerBankAccount,
    SellerText,
)
from rackbill.domain.parties.policy import accounts, addresses
from rackbill.domain.parties.policy import einvoices as policy
from rackbill.domain.taxes import queries as taxes

Check = Callable[[str], str]


def _checks(*names: str) -> dict[str, Check]:
    return {name: addresses.CHECKS.get(name, str.strip) for name in names}


_ADDRESS = ("street", "city", "postal_code")
_CUSTOMER = _checks("name", *_ADDRESS, "company_number", "company_scheme", "electronic_address")
_GROUP = _checks(
    "addressee", "contact_name", "electronic_address", "buyer_reference", "project_reference", "po_number", "cost_centre",
    *_ADDRESS,
)  # fmt: skip
_SELLER = _checks(
    "contact_name", "billing_phone", "billing_email", "electronic_address", "company_number", "company_scheme", "paynow_uen",
    "portal_url",
)  # fmt: skip
_CUSTOMERS_OWN = frozenset({
    "electronic_address", "contact_name", "buyer_reference", "project_reference", "po_number", "cost_centre",
    "einvoice_choice",
})  # fmt: skip
"""What of a billing group its customer may change; who it is and which law holds is not his to say."""


@transaction.atomic
def change_customer(
    *, scope: Scope, customer_id: str, fields: Mapping[str, str], is_public_body: bool | None = None, now: datetime, actor: Actor
) -> None:  # fmt: skip
    """Sets the named fields (name, kind, address, tax_id, company number, electronic address), whether it is a public body.

    A tax ID must be one that was checked, where any was: else the tax would rest on another number than the invoice shows.
    Country, state, postal code and kind decide the tax of what is billed from then on; what was billed keeps its own.

    Raises CustomerNotFound, EinvoiceDataRefused.
    """
    rows = scope.limit(BillingGroup.objects.filter(customer__customer_id=customer_id, is_default=True))
    key = rows.values_list("customer_id", flat=True).first()
    if key is None:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    row = locks.locked(Customer.objects.filter(pk=key)).get()
    for name in ("name", "street", "city"):
        if not fields.get(name, "is").strip():
            raise EinvoiceDataRefused(
                f"customer {customer_id} needs a {name}; invoices are made out to it", code=f"{name}_missing"
            )

    _check_move(row, fields)
    country = addresses.checked_country(fields["country"]) if "country" in fields else row.country
    checks: dict[str, Check] = {
        **_CUSTOMER, "tax_id": lambda number: _checked_tax_id(row, number), "country": addresses.checked_country,
        "state": lambda state: addresses.checked_state(state, country=country), "kind": addresses.checked_kind,
    }  # fmt: skip
    before, after = _set(row, fields, checks)
    if fields.get("kind") == "consumer" and (row.is_public_body if is_public_body is None else is_public_body):
        raise EinvoiceDataRefused(
            f"customer {customer_id} cannot be a consumer and a public body; take one of them away",
            code="public_consumer",
        )
    if is_public_body is not None and is_public_body != row.is_public_body:
        before["is_public_body"], after["is_public_body"] = row.is_public_body, is_public_body
        row.is_public_body = is_public_body
    _store(row, before, after, verb="change_customer", kind="customer", identity=customer_id, customer_id=customer_id,
           now=now, actor=actor)  # fmt: skip


@transaction.atomic
def change_billing_group(
    *, scope: Scope, group_id: str, fields: Mapping[str, str], on: date, now: datetime, actor: Actor
) -> None:
    """Sets the named fields, `einvoice_choice` among them, which the law of the day bounds.

    Raises BillingGroupNotFound, EinvoiceDataRefused.
    """
    row = _group(scope, group_id)
    customer = row.customer
    kind = policy.kind_of(customer.kind, customer.is_public_body)
    rule = policy.country_rule(customer.sales_organisation.country, customer.country, kind, on)

    def checked_choice(choice: str) -> str:
        # What stands may stay when the law changes; it counts no more.
        return choice if choice == row.einvoice_choice else policy.checked_choice(choice, rule)

    if isinstance(scope, CustomerScope) and (others := set(fields) - _CUSTOMERS_OWN):
        raise EinvoiceDataRefused(
            f"{', '.join(sorted(others))} is not for the customer to change", code="field_unknown"
        )
    before, after = _set(row, fields, {**_GROUP, "einvoice_choice": checked_choice})
    _store(row, before, after, verb="change_billing_group", kind="billing_group", identity=group_id,
           customer_id=customer.customer_id, now=now, actor=actor)  # fmt: skip


@transaction.atomic
def add_purchase_order(
    *, scope: Scope, group_id: str, number: str, valid_from: date, valid_until: date | None, now: datetime, actor: Actor
) -> None:  # fmt: skip
    """A purchase order for invoices issued from one day until another (not included); an open one before it ends that day.

    Raises BillingGroupNotFound, EinvoiceDataRefused for days that another order has.
    """
    group = _group(scope, group_id)
    text = number.strip()
    if not text or len(text) > 60:
        raise EinvoiceDataRefused("a purchase order needs a number of at most 60 characters", code="order_number")
    if valid_until is not None and valid_until <= valid_from:
        raise EinvoiceDataRefused(
            f"purchase order {text} would end on {valid_until}, before it begins; enter a later day", code="order_days"
        )
    orders = PurchaseOrder.objects.filter(billing_group=group)
    ended = list(orders.filter(valid_until__isnull=True, valid_from__lt=valid_from).values_list("number", flat=True))
    orders.filter(valid_until__isnull=True, valid_from__lt=valid_from).update(valid_until=valid_from)
    later = Q(valid_until__isnull=True) | Q(valid_until__gt=valid_from)
    sooner = Q() if valid_until is None else Q(valid_from__lt=valid_until)
    other = orders.filter(later & sooner).order_by("valid_from").first()
    if other is not None:
        raise EinvoiceDataRefused(
            f"purchase order {other.number} is valid from {other.valid_from} until {other.valid_until or 'further notice'}; "
            "choose days that do not overlap, or end that one first",
            code="order_overlaps", given=other.number,
        )  # fmt: skip
    PurchaseOrder.objects.create(billing_group=group, number=text, valid_from=valid_from, valid_until=valid_until)
    history.record_change(
        now=now, actor=actor, verb="add_purchase_order", object_kind="billing_group", object_id=group_id,
        customer_id=group.customer.customer_id,
        detail={"number": text, "valid_from": valid_from, "valid_until": valid_until, "ended": ended},
    )  # fmt: skip


@transaction.atomic
def end_purchase_order(*, scope: Scope, group_id: str, number: str, ends_on: date, now: datetime, actor: Actor) -> None:
    """Ends a purchase order on a day, the first on which it is not valid; one that has not begun by then is taken away.

    Raises BillingGroupNotFound, EinvoiceDataRefused.
    """
    group = _group(scope, group_id)
    orders = PurchaseOrder.objects.filter(billing_group=group, number=number)
    row = orders.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=ends_on)).order_by("valid_from").first()
    if row is None:
        raise EinvoiceDataRefused(
            f"billing group {group_id} has no purchase order {number} that is valid after {ends_on}",
            code="order_unknown", given=number,
        )  # fmt: skip
    if row.valid_from >= ends_on:
        row.delete()
    else:
        row.valid_until = ends_on
        row.save(update_fields=["valid_until"])
    history.record_change(
        now=now, actor=actor, verb="end_purchase_order", object_kind="billing_group", object_id=group_id,
        customer_id=group.customer.customer_id, detail={"number": number, "ends_on": ends_on},
    )  # fmt: skip


@transaction.atomic
def change_sales_organisation(*, organisation_id: str, fields: Mapping[str, str], now: datetime, actor: Actor) -> None:
    """Sets the named fields of the head of its documents. Raises SalesOrganisationNotFound, EinvoiceDataRefused."""
    row = _organisation(organisation_id)
    before, after = _set(row, fields, _SELLER)
    _store(row, before, after, verb="change_sales_organisation", kind="sales_organisation", identity=organisation_id,
           customer_id="", now=now, actor=actor)  # fmt: skip


@transaction.atomic
def change_creditor_id(*, organisation_id: str, creditor_id: str, now: datetime, actor: Actor) -> None:
    """Sets the SEPA creditor identifier (BT-90) of a sales organisation, which belongs to its account in euros.

    Raises SalesOrganisationNotFound, EinvoiceDataRefused.
    """
    number = accounts.checked_creditor_id(creditor_id)
    account = SellerBankAccount.objects.filter(
        sales_organisation=_organisation(organisation_id), currency="EUR"
    ).first()
    if account is None:
        raise EinvoiceDataRefused(
            f"sales organisation {organisation_id} has no account in EUR, so it can debit none; add the account first",
            code="no_euro_account",
        )  # fmt: skip
    before, after = _set(account, {"creditor_id": number}, {"creditor_id": str})
    _store(account, before, after, verb="change_creditor_id", kind="sales_organisation", identity=organisation_id,
           customer_id="", now=now, actor=actor)  # fmt: skip


@transaction.atomic
def store_seller_text(
    *, organisation_id: str, name: str, kind: str, language: str, text: str, valid_from: date, valid_until: date | None,
    now: datetime, actor: Actor,
) -> None:  # fmt: skip
    """A text that documents carry from a day on; of one name, kind and language the newest holds. Blank kind: all kinds.

    Raises SalesOrganisationNotFound, EinvoiceDataRefused.
    """
    row = _organisation(organisation_id)
    if kind and kind not in set(DocumentKind):
        raise EinvoiceDataRefused(
            f"there is no kind of document {kind!r}; the kinds are {', '.join(DocumentKind)}", code="kind_unknown"
        )
    words = text.strip()
    if not name.strip() or not words or len(words) > 1000:
        raise EinvoiceDataRefused("a text needs a name and between 1 and 1000 characters", code="text_length")
    if valid_until is not None and valid_until <= valid_from:
        raise EinvoiceDataRefused(f"the text would end on {valid_until}, before it begins", code="text_days")
    SellerText.objects.update_or_create(
        sales_organisation=row, name=name.strip(), kind=kind, language=language, valid_from=valid_from,
        defaults={"text": words, "valid_until": valid_until},
    )  # fmt: skip
    history.record_change(
        now=now, actor=actor, verb="store_seller_text", object_kind="sales_organisation", object_id=organisation_id,
        detail={"name": name, "kind": kind, "language": language, "text": words, "valid_from": valid_from},
    )  # fmt: skip


def _check_move(row: Customer, fields: Mapping[str, str]) -> None:
    """Refuses another country with the state or postal code of the one before: they may decide the tax."""
    if "country" in fields and addresses.checked_country(fields["country"]) != row.country:
        left = [name for name in ("state", "postal_code") if getattr(row, name) and name not in fields]
        if left:
            kept = " and ".join(f"{name.replace('_', ' ')} {getattr(row, name)}" for name in left)
            raise EinvoiceDataRefused(
                f"customer {row.customer_id} moves out of {row.country} and would keep {kept}; say the new one as well, or an "
                "empty text",
                code="address_half_moved", given=kept,
            )  # fmt: skip


def _checked_tax_id(row: Customer, number: str) -> str:
    wanted = _bare(number)
    checked = {_bare(tax_id) for _day, tax_id, _is_valid in taxes.tax_id_checks(customer_id=row.customer_id)}
    if wanted != _bare(row.tax_id) and checked and wanted not in checked:
        raise EinvoiceDataRefused(
            f"tax ID {number.strip() or 'none'} of customer {row.customer_id} was not checked, and the tax rests on "
            f"{', '.join(sorted(checked))}; record the registry's answer for it first (rackbill tax record-check)",
            code="tax_id_unchecked", given=number.strip(),
        )  # fmt: skip
    return number.strip()


def _bare(number: str) -> str:
    return "".join(letter for letter in number.upper() if letter.isalnum())


def _organisation(organisation_id: str) -> SalesOrganisation:
    row = locks.locked(SalesOrganisation.objects.filter(organisation_id=organisation_id)).first()
    if row is None:
        raise SalesOrganisationNotFound(f"there is no sales organisation {organisation_id!r}")
    return row


def _group(scope: Scope, group_id: str) -> BillingGroup:
    key = scope.limit(BillingGroup.objects.filter(group_id=group_id)).values_list("pk", flat=True).first()
    if key is None:
        raise BillingGroupNotFound(f"there is no billing group {group_id}")
    return locks.locked(BillingGroup.objects.filter(pk=key).select_related("customer__sales_organisation")).get()


def _set(row: Any, fields: Mapping[str, str], checks: Mapping[str, Check]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Puts the checked values into the row; what they were and are, where that differs. Raises EinvoiceDataRefused."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, text in fields.items():
        if name not in checks:
            raise EinvoiceDataRefused(
                f"{name} cannot be set here; what can be: {', '.join(checks)}", code="field_unknown"
            )
        value = checks[name](text)
        longest = row._meta.get_field(name).max_length
        if longest is not None and len(value) > longest:
            raise EinvoiceDataRefused(f"{name} has at most {longest} characters", code="too_long", given=name)
        if value != getattr(row, name):
            before[name], after[name] = getattr(row, name), value
            setattr(row, name, value)
    return before, after


def _store(
    row: models.Model, before: dict[str, Any], after: dict[str, Any], *, verb: str, kind: str, identity: str,
    customer_id: str, now: datetime, actor: Actor,
) -> None:  # fmt: skip
    if not after:
        return
    row.save(update_fields=list(after))
    history.record_change(
        now=now, actor=actor, verb=verb, object_kind=kind, object_id=identity, customer_id=customer_id,
        detail={"fields": sorted(after)}, personal=(before, after),
    )  # fmt: skip
