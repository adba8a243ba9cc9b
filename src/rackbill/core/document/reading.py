"""A document back from its canonical form read as JSON; what the form leaves out is empty."""

import json
from collections.abc import Callable
from dataclasses import MISSING, fields
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar, get_origin

from rackbill.core.charges import Allowance
from rackbill.core.document.values import (
    AccountingTotals,
    BillTo,
    Change,
    Document,
    DocumentKind,
    DocumentLine,
    DocumentReference,
    LineSubject,
    MeasuredUse,
    PaymentInstructions,
    QuotedPrice,
    QuotedTerms,
    Remaining,
    Reminded,
    RemindedItem,
    Totals,
)
from rackbill.core.party import BankAccount, Party, PostalAddress, TaxRegistration
from rackbill.core.periods import Period
from rackbill.core.pricing import Tier
from rackbill.core.tax import TaxDecision, TaxSubtotal

Value = TypeVar("Value")


def _empty(kind: type) -> dict[str, Any]:
    """What a member without a default is when the form leaves it out."""
    blank: dict[Any, Any] = {str: "", BankAccount | None: None}
    wanted = {f.name: f.type for f in fields(kind) if f.default is MISSING}
    empty = {name: blank[kind] for name, kind in wanted.items() if kind in blank}
    return empty | {name: () for name, kind in wanted.items() if get_origin(kind) is tuple}


_EMPTY: dict[type, dict[str, Any]] = {
    kind: _empty(kind)
    for kind in (
        AccountingTotals, BankAccount, BillTo, Document, DocumentLine, LineSubject, Party, PaymentInstructions,
        PostalAddress, TaxDecision, TaxRegistration, TaxSubtotal, Allowance, Change, MeasuredUse,
    )
}  # fmt: skip


def _of(kind: type[Value], data: dict[str, Any], /, **read: Any) -> Value:
    return kind(**{**_EMPTY.get(kind, {}), **data, **read})


def _some(read: Callable[[dict[str, Any]], Value], data: dict[str, Any] | None) -> Value | None:
    return None if data is None else read(data)


def _period(pair: list[str]) -> Period:
    return Period(date.fromisoformat(pair[0]), date.fromisoformat(pair[1]))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _reference(data: dict[str, Any]) -> DocumentReference:
    return DocumentReference(**{**data, "issued_on": date.fromisoformat(data["issued_on"])})


def party_from_plain(data: dict[str, Any]) -> Party:
    """A party from its canonical form read as JSON."""
    registrations = tuple(_of(TaxRegistration, row) for row in data.get("tax_registrations", ()))
    return _of(Party, data, address=_of(PostalAddress, data["address"]), tax_registrations=registrations)


def party_from_text(text: str) -> Party:
    """The value of a Party's canonical form."""
    return party_from_plain(json.loads(text))


def bill_to_from_text(text: str) -> BillTo:
    """The value of a BillTo's canonical form."""
    return _of(BillTo, json.loads(text))


def subject_from_text(text: str | bytes) -> LineSubject:
    """The value of a LineSubject's canonical form."""
    return _of(LineSubject, json.loads(text))


def _decision(data: dict[str, Any]) -> TaxDecision:
    return _of(TaxDecision, data, rate=Decimal(data["rate"]), base_rate=Decimal(data["base_rate"]))


def decisions_from_plain(rows: list[dict[str, Any]]) -> tuple[TaxDecision, ...]:
    """The tax decisions of a line from its canonical form read as JSON."""
    return tuple(map(_decision, rows))


def _measured(data: dict[str, Any]) -> MeasuredUse:
    return _of(MeasuredUse, data, quantity=Decimal(data["quantity"]), included=Decimal(data["included"]))


def _quoted_price(data: dict[str, Any]) -> QuotedPrice:
    tiers = tuple(
        Tier(Decimal(row["up_to"]) if "up_to" in row else None, Decimal(row["price"])) for row in data.get("tiers", ())
    )
    numbers = {name: Decimal(text) for name, text in data.items() if name not in ("model", "tiers")}
    return QuotedPrice(model=data["model"], tiers=tiers, **numbers)


def _line(data: dict[str, Any]) -> DocumentLine:
    return _of(
        DocumentLine, data, subject=_of(LineSubject, data["subject"]), period=_period(data["period"]),
        quantity=Decimal(data["quantity"]), unit_price=Decimal(data["unit_price"]),
        price_base_quantity=Decimal(data["price_base_quantity"]), taxes=decisions_from_plain(data.get("taxes", [])),
        allowances=tuple(_of(Allowance, row) for row in data.get("allowances", ())),
        corrects=_some(_reference, data.get("corrects")), measured=_some(_measured, data.get("measured")),
        quoted_price=_some(_quoted_price, data.get("quoted_price")),
    )  # fmt: skip


def _accounting(data: dict[str, Any]) -> AccountingTotals:
    return _of(
        AccountingTotals, data, rate=Decimal(data["rate"]), rate_on=date.fromisoformat(data["rate_on"]),
        tax_minor=tuple(data.get("tax_minor", ())),
    )  # fmt: skip


def _payment(data: dict[str, Any]) -> PaymentInstructions:
    account = data.get("account")
    return _of(PaymentInstructions, data, account=_of(BankAccount, account) if account else None)


def _quoted(data: dict[str, Any]) -> QuotedTerms:
    days = ("valid_until", "starts_on", "delivery_on", "first_invoice_on")
    return QuotedTerms(**{**data, **{name: _day(data.get(name)) for name in days}})


def _reminded(data: dict[str, Any]) -> Reminded:
    items = tuple(
        RemindedItem(
            **{
                **row,
                "issued_on": date.fromisoformat(row["issued_on"]),
                "due_on": date.fromisoformat(row["due_on"]),
            }
        )
        for row in data.get("items", ())
    )
    return Reminded(step=data["step"], items=items)


def document_from_plain(data: dict[str, Any]) -> Document:
    """The value of a canonical form of any schema, read as JSON."""
    return _of(
        Document, data, kind=DocumentKind(data["kind"]), issued_on=date.fromisoformat(data["issued_on"]),
        due_on=date.fromisoformat(data["due_on"]), seller=party_from_plain(data["seller"]), buyer=party_from_plain(data["buyer"]),
        bill_to=_of(BillTo, data["bill_to"]), payment=_payment(data["payment"]),
        lines=tuple(map(_line, data.get("lines", ()))),
        tax_subtotals=tuple(
            _of(TaxSubtotal, row, rate=Decimal(row["rate"])) for row in data.get("tax_subtotals", ())
        ),
        totals=Totals(**data["totals"]), accounting=_some(_accounting, data.get("accounting")),
        corrects=tuple(map(_reference, data.get("corrects", ()))), notes=tuple(data.get("notes", ())),
        texts=tuple(data.get("texts", ())), changes=tuple(_of(Change, row) for row in data.get("changes", ())),
        previous=_some(_reference, data.get("previous")), quoted=_some(_quoted, data.get("quoted")),
        reminded=_some(_reminded, data.get("reminded")),
        remaining=tuple(Remaining(**row) for row in data.get("remaining", ())),
    )  # fmt: skip
