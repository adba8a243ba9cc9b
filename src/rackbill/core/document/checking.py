"""The invariants of a document, checked on its canonical form read as JSON: on what is stored, not on what was meant."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any

from rackbill.core.document.canonical import canonical_text
from rackbill.core.document.values import Document, InvalidDocument
from rackbill.core.document_numbers import parse_number
from rackbill.core.money import minor_digits, round_half_up

_ZERO = Decimal(0)
_Tax = tuple[str, str, str, str, str, str]
"""Regime, jurisdiction, code, rate, exemption code and taxable share of the price, as the canonical form has them."""


def check(document: Document, *, is_draft: bool = False) -> None:
    """Raises InvalidDocument naming every broken invariant; run before issue and again on what is read back."""
    check_canonical(canonical_text(document), is_draft=is_draft)


def check_canonical(canonical: str | bytes, *, is_draft: bool = False) -> dict[str, Any]:
    """The form read as JSON, once every invariant holds. Raises InvalidDocument naming every broken one."""
    data: dict[str, Any] = json.loads(canonical)
    check_plain(data, is_draft=is_draft)
    return data


def check_plain(data: Mapping[str, Any], *, is_draft: bool = False) -> None:
    """As `check_canonical`, for a form that the caller has read as JSON."""
    problems = list(_problems(data, is_draft))
    if problems:
        raise InvalidDocument(f"{data['kind']} {data['number'] or '(draft)'}: " + "; ".join(problems))


def _problems(data: Mapping[str, Any], is_draft: bool) -> Iterator[str]:
    lines = data.get("lines", ())
    if not lines and data["kind"] != "reminder":
        yield "has no line"
        return
    number = data["number"]
    if is_draft != (number == ""):
        yield "a draft has no number, an issued document has one"
    if number:
        parse_number(number)
    digits = minor_digits(data["currency"])
    bases: dict[_Tax, int] = {}
    for expected, line in enumerate(lines, start=1):
        if line["line_number"] != expected:
            yield f"line {line['line_number']} stands where line {expected} belongs"
        yield from _line_problems(line, digits, bases)
    yield from _reminder_problems(data) if data["kind"] == "reminder" else _total_problems(data, bases)
    if data["due_on"] < data["issued_on"]:
        yield "is due before it is issued"
    yield from _kind_problems(data, lines)
    if data["kind"] == "credit_note" and not data.get("corrects"):
        yield "a credit note names the document it corrects (BT-25)"
    categories = {code for regime, _jurisdiction, code, *_rest in bases if regime == "VAT"}
    if len(categories) > 1 and "O" in categories and data["kind"] not in _OFFERS:
        yield "category O may not share a document with another (BR-O-11)"
    if "AE" in categories and not _is_identified(data["buyer"]):
        yield "category AE needs the buyer's tax ID or company number (BR-AE-02); enter it at the customer"


_OFFERS = ("quote", "order_confirmation")
_ONLY = (
    ("quoted", _OFFERS),
    ("reminded", ("reminder",)),
    ("changes", ("invoice", "pro_forma")),
    ("previous", ("invoice", "pro_forma")),
    ("remaining", ("credit_note",)),
)


def _kind_problems(data: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What only some kinds have, and what a quote and an order confirmation need to be understood alone."""
    kind = data["kind"]
    for member, kinds in _ONLY:
        if data.get(member) and kind not in kinds:
            yield f"a {kind} has no {member}"
    if remaining := data.get("remaining"):
        if [row["number"] for row in remaining] != [row["number"] for row in data.get("corrects", ())]:
            yield "what is left is told of each corrected document, once, in their order"
        if any(row["net_minor"] < 0 or row["gross_minor"] < 0 for row in remaining):
            yield "what is left of a corrected document is never below nothing"
    if kind not in _OFFERS:
        if any("quoted_price" in line for line in lines):
            yield f"a {kind} has no quoted_price"
        return
    yield from _quoted_price_problems(lines)
    terms = data.get("quoted")
    if not terms:
        yield "an offer names its terms"
        return
    if terms["version"] < 1 or terms["term_months"] < 0 or terms["notice_months"] < 0:
        yield "the version of an offer is 1 or more, its term and notice 0 months or more"
    if kind == "quote" and not data["issued_on"] <= terms.get("valid_until", ""):
        yield "a quote says until when it is valid, not before the day it is made"
    if kind == "order_confirmation":
        if not terms.get("order_id"):
            yield "an order confirmation names the order"
        if any(not line["subject"].get("contract_id") for line in lines):
            yield "each line of an order confirmation names its contract"


def _quoted_price_problems(lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The tiers of a quoted price rise and leave no quantity without a price."""
    for line in lines:
        tiers = (line.get("quoted_price") or {}).get("tiers", ())
        ends = [tier.get("up_to") for tier in tiers]
        if tiers and (ends[-1] is not None or None in ends[:-1]):
            yield f"line {line['line_number']}: the last tier, and only that, has no upper end"
        elif any(Decimal(a) >= Decimal(b) for a, b in pairwise(["0", *ends[:-1]])):
            yield f"line {line['line_number']}: the upper ends of tiers rise from above 0"


def _is_identified(party: Mapping[str, Any]) -> bool:
    return bool(party.get("company_number")) or any(
        row.get("scheme") == "VAT" and row.get("number") for row in party.get("tax_registrations", ())
    )


@lru_cache(maxsize=65_536)
def _gross_minor(quantity: str, price: str, base: str, digits: int) -> int:
    """Quantity x price / base quantity in minor units; most lines of a run share these with many others."""
    exact = Decimal(quantity) * Decimal(price) * Decimal(10) ** digits
    return round_half_up(exact if base == "1" else exact / Decimal(base))


def _line_problems(line: Mapping[str, Any], digits: int, bases: dict[_Tax, int]) -> Iterator[str]:
    """Adds the line's net to the bases of its taxes on the way."""
    net, price = line["net_minor"], line["unit_price"]
    off = _gross_minor(line["quantity"], price, line["price_base_quantity"], digits) - net
    if allowances := line.get("allowances"):
        off -= sum([allowance["amount_minor"] for allowance in allowances])
    # What is taken back is owed minus charged: a cent of rounding may stand between the two.
    if off and abs(off) > (1 if line.get("corrects") else 0):
        yield f"line {line['line_number']}: quantity x price - allowances is not its net amount"
    if price[0] == "-":
        yield f"line {line['line_number']}: the sign is in the quantity, never in the price (BR-27)"
    taxes = line.get("taxes", ())
    if not taxes:
        yield f"line {line['line_number']} has no tax decision"
    for tax in taxes:
        key = (
            tax["regime"], tax["jurisdiction"], tax["code"], tax["rate"], tax.get("exemption_code", ""), tax["base_rate"],
        )  # fmt: skip
        bases[key] = bases.get(key, 0) + net


def _total_problems(data: Mapping[str, Any], bases: Mapping[_Tax, int]) -> Iterator[str]:
    totals, subtotals, lines = data["totals"], data.get("tax_subtotals", ()), data["lines"]
    net, tax, gross = totals["net_minor"], totals["tax_minor"], totals["gross_minor"]
    if sum([line["net_minor"] for line in lines]) != net:
        yield "line amounts do not sum to the net total (BR-CO-10)"
    expected = _breakdown(bases)
    # Several credit notes on one invoice sum to its tax; each may differ by one unit from its own base times rate.
    slack = 1 if data["kind"] == "credit_note" else 0
    if len(expected) != len(subtotals) or any(
        abs(base - row["base_minor"]) > slack or abs(amount - row["tax_minor"]) > slack
        for (base, amount), row in zip(expected, subtotals, strict=False)
    ):
        yield "the tax breakdown is not that of the lines (BR-CO-17)"
    if sum([row["tax_minor"] for row in subtotals]) != tax:
        yield "tax subtotals do not sum to the tax total (BR-CO-14)"
    if net + tax != gross:
        yield "net and tax do not sum to the total (BR-CO-15)"
    if gross - totals["prepaid_minor"] != totals["due_minor"]:
        yield "the amount due is not total minus prepaid (BR-CO-16)"
    # A pro forma shows what a credit note will take back with its sign.
    if gross < 0 and data["kind"] != "pro_forma":
        yield "the total is negative; give a credit note"


def _reminder_problems(data: Mapping[str, Any]) -> Iterator[str]:
    """A reminder asks for what is open; it has neither lines nor taxes, and gives no new reason to pay."""
    items = data.get("reminded", {}).get("items", ())
    totals = data["totals"]
    if data.get("lines") or data.get("tax_subtotals"):
        yield "a reminder has open documents, no lines and no taxes"
    if not items:
        yield "a reminder names the documents that it reminds of"
    if any(not 0 < item["open_minor"] <= item["gross_minor"] for item in items):
        yield "what is open of a reminded document is more than nothing and no more than its total"
    open_minor = sum(item["open_minor"] for item in items)
    if any(totals[name] != open_minor for name in ("net_minor", "gross_minor", "due_minor")):
        yield "the open amounts do not sum to the amount due"


def _breakdown(nets: Mapping[_Tax, int]) -> list[tuple[int, int]]:
    """(base, tax) in minor units by category and rate in the order of the breakdown, computed from the lines anew."""
    bases: dict[tuple[str, str, str, Decimal, str], Decimal] = {}
    for (regime, jurisdiction, code, rate, exemption_code, base_rate), net in nets.items():
        key = (regime, jurisdiction, code, Decimal(rate), exemption_code)
        bases[key] = bases.get(key, _ZERO) + net * Decimal(base_rate)
    return [(round_half_up(base), round_half_up(base * key[3] / 100)) for key, base in sorted(bases.items())]
