"""The kinds of fault that can be planted. Each plants itself once and gives (file, row index, column)."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from rackbill.cutover.simulator.columns import COLUMNS
from rackbill.cutover.simulator.damage import Damage, NoRoom

Row = Callable[[str], str]
Place = tuple[str, int, str]
Plant = Callable[[Damage], Place]

_HEADER = -1  # the index before the first row: line 1
_UNKNOWN = "000001"


def _any(row: Row) -> bool:
    return True


def _cell(file: str, column: str, value: str | Callable[[Row], str], suits: Callable[[Row], bool] = _any) -> Plant:
    """Puts a value, or one made from the row, into a column of a random row that suits."""

    def plant(damage: Damage) -> Place:
        index = damage.take(file, suits)
        new = value if isinstance(value, str) else value(lambda name: damage.cell(file, index, name))
        damage.put(file, index, column, new)
        return file, index, column

    return plant


def _duplicate(file: str, column: str, suits: Callable[[Row], bool] = _any) -> Plant:
    """Appends a second copy of a row; the copy is the fault."""

    def plant(damage: Damage) -> Place:
        index = damage.take(file, suits)
        return file, damage.append(file, list(damage.rows[file][index])), column

    return plant


def _encoding(file: str, column: str) -> Plant:
    """A letter as the one byte that it has in Latin-1; the surrogate is written as that byte."""

    def plant(damage: Damage) -> Place:
        index = damage.take(file, lambda row: len(row(column)) > 3 and '"' not in row(column))
        text = damage.cell(file, index, column)
        damage.put(file, index, column, f"{text[:2]}\udce9{text[3:]}")
        return file, index, column

    return plant


def _length(file: str, more: int) -> Plant:
    """A row with a cell too few or too many."""

    def plant(damage: Damage) -> Place:
        index = damage.take(file, _any)
        row = damage.rows[file][index]
        damage.rows[file][index] = row[:more] if more < 0 else row + ["x"] * more
        damage.changed.add(file)
        return file, index, ""

    return plant


def _missing_column(damage: Damage) -> Place:
    return _column(damage, "credits.csv", "reason")


def _additional_column(damage: Damage) -> Place:
    return _column(damage, "bank_accounts.csv", "remarks")


def _column(damage: Damage, file: str, column: str) -> Place:
    """Takes a column out of a whole file, or puts a new one at its end. The file gets no other fault."""
    if column in COLUMNS[file]:
        at = COLUMNS[file].index(column)
        for row in [damage.headers[file], *damage.rows[file]]:
            del row[at]
    else:
        damage.headers[file].append(column)
        for row in damage.rows[file]:
            row.append("old")
    damage.changed.add(file)
    damage.reserved.add(file)
    return file, _HEADER, column


def _two_masters(damage: Damage) -> Place:
    """A later member of a customer becomes a second MASTER."""
    file = "memberships.csv"
    masters = {row[1] for row in damage.rows[file] if row[2] == "MASTER"}
    index = damage.take(file, lambda row: row("role") != "MASTER" and row("customer_id") in masters)
    damage.put(file, index, "role", "MASTER")
    return file, index, "role"


def _next_price(shift: int) -> Plant:
    """Moves the start of a line's second price: back into the first one, or away from it."""

    def plant(damage: Damage) -> Place:
        file = "prices.csv"
        earlier = {(row[0], row[4]) for row in damage.rows[file]}
        ended = {row[0] for row in damage.rows["lines.csv"] if len(row) > 7 and row[7]}
        index = damage.take(
            file, lambda row: row("line_id") not in ended and (row("line_id"), row("valid_from")) in earlier
        )
        moved = date.fromisoformat(damage.cell(file, index, "valid_from")) + timedelta(days=shift)
        damage.put(file, index, "valid_from", moved.isoformat())
        return file, index, "valid_from"

    return plant


def _lines_do_not_sum(damage: Damage) -> Place:
    """Net and total rise together, so that only the sum of the lines is wrong."""
    file = "invoices.csv"
    index = damage.take(file, _paid_invoice)
    for column in ("net", "total"):
        damage.put(file, index, column, _plus("1.00", damage.cell(file, index, column)))
    return file, index, "net"


def _missing_pdf(damage: Damage) -> Place:
    file = "invoices.csv"
    index = damage.take(file, _any)
    (damage.bundle / "pdf" / damage.cell(file, index, "pdf_file")).unlink()
    return file, index, "pdf_file"


def _duplicate_email(damage: Damage) -> Place:
    """A user gets the address of an earlier one, in capitals."""
    file = "users.csv"
    index = damage.take(file, _any)
    if index == 0:
        raise NoRoom("the first user has nobody before")
    damage.put(file, index, "email", damage.cell(file, 0, "email").upper())
    return file, index, "email"


def _plus(amount: str, text: str) -> str:
    return str(Decimal(text) + Decimal(amount))


def _days(text: str, days: int) -> str:
    return (date.fromisoformat(text) + timedelta(days=days)).isoformat()


def _wrong_check(iban: str) -> str:
    return f"{iban[:2]}{(int(iban[2:4]) + 1 - 2) % 97 + 2:02d}{iban[4:]}"


def _paid_invoice(row: Row) -> bool:
    return row("kind") == "invoice" and row("status") == "PAID" and Decimal(row("net")) > 0


def _open_invoice(row: Row) -> bool:
    return row("status") == "OPEN"


def _endless(row: Row) -> bool:
    return not row("ends_on")


def _another_currency(row: Row) -> str:
    return "USD" if row("currency") != "USD" else "GBP"


def _billed(row: Row) -> bool:
    return row("kind") == "recurring" and bool(row("last_billed_from")) and not row("ends_on")


def _second_line(row: Row) -> bool:
    return not row("line_id").endswith("-01")


def _secondary(row: Row) -> bool:
    return row("primary_roles") == ""


KINDS: dict[str, Plant] = {
    "missing_column": _missing_column,
    "additional_column": _additional_column,
    "unknown_currency:contract": _cell("contracts.csv", "currency", "EUX"),
    "unknown_currency:payment": _cell("payments.csv", "currency", "XQQ"),
    "bad_date:contract": _cell("contracts.csv", "starts_on", "2020-02-30"),
    "bad_date:payment": _cell("payments.csv", "received_on", "31.08.2020"),
    "bad_date:service": _cell("services.csv", "starts_on", "2019-13-01"),
    "negative_price": _cell("prices.csv", "unit_price", lambda row: f"-{row('unit_price')}", _second_line),
    "wrong_encoding:contact": _encoding("contacts.csv", "last_name"),
    "wrong_encoding:customer": _encoding("customers.csv", "city"),
    "orphan:service": _cell("services.csv", "contract_id", _UNKNOWN),
    "orphan:contract": _cell("contracts.csv", "customer_id", "SG000000001"),
    "orphan:line": _cell("lines.csv", "service_id", _UNKNOWN, _second_line),
    "orphan:invoice": _cell("invoices.csv", "customer_id", "SG000000002"),
    "orphan:payment": _cell("payments.csv", "customer_id", "SG000000003"),
    "orphan:equipment": _cell("equipment.csv", "service_id", _UNKNOWN),
    "duplicate_id:customer": _duplicate("customers.csv", "customer_id"),
    "duplicate_id:contract": _duplicate("contracts.csv", "contract_id"),
    "duplicate_id:service": _duplicate("services.csv", "service_id", lambda row: not row("server_name")),
    "duplicate_id:line": _duplicate("lines.csv", "line_id"),
    "duplicate_id:invoice": _duplicate("invoices.csv", "number"),
    "duplicate_id:mandate": _duplicate("mandates.csv", "mandate_reference"),
    "duplicate_email": _duplicate_email,
    "blank_mandatory:customer": _cell("customers.csv", "name", ""),
    "blank_mandatory:contact": _cell("contacts.csv", "last_name", ""),
    "blank_mandatory:line": _cell("lines.csv", "description", ""),
    "missing_state": _cell("customers.csv", "state", "", lambda row: row("country") in ("US", "CA")),
    "unknown_role:contact": _cell("contacts.csv", "roles", "SALES", _secondary),
    "unknown_role:membership": _cell("memberships.csv", "role", "OWNER", lambda row: row("role") != "MASTER"),
    "unknown_status:service": _cell("services.csv", "status", "RUNNING"),
    "unknown_status:invoice": _cell("invoices.csv", "status", "SENT", _paid_invoice),
    "unknown_product": _cell("services.csv", "product_id", "QUANTUM_SERVER"),
    "unknown_country": _cell("customers.csv", "country", "ZZ", lambda row: row("country") not in ("US", "CA")),
    "unknown_term": _cell("contracts.csv", "term_months", "5"),
    "unknown_cycle": _cell("lines.csv", "cycle_months", "2", lambda row: row("kind") == "recurring"),
    "zero_quantity": _cell("lines.csv", "quantity", "0", _second_line),
    "period_reversed:line": _cell("lines.csv", "last_billed_until", lambda row: _days(row("last_billed_from"), -9), _billed),
    "period_reversed:service": _cell("services.csv", "ends_on", lambda row: _days(row("starts_on"), -9), _endless),
    "period_reversed:invoice_line": _cell("invoice_lines.csv", "period_until", lambda row: _days(row("period_from"), -30)),
    "half_billed:from": _cell("lines.csv", "last_billed_from", "", _billed),
    "half_billed:until": _cell("lines.csv", "last_billed_until", "", _billed),
    "prices_overlap": _next_price(-20),
    "price_gap": _next_price(25),
    "total_mismatch": _cell("invoices.csv", "total", lambda row: _plus("1.00", row("total")), _paid_invoice),
    "lines_do_not_sum": _lines_do_not_sum,
    "open_above_total": _cell("invoices.csv", "open_amount", lambda row: _plus("10.00", row("total")), _open_invoice),
    "wrong_sha256": _cell("invoices.csv", "pdf_sha256", lambda row: row("pdf_sha256")[::-1]),
    "missing_pdf": _missing_pdf,
    "bad_email:contact": _cell("contacts.csv", "email", "billing(at)nowhere"),
    "bad_email:customer": _cell("customers.csv", "email", "office@"),
    "two_masters": _two_masters,
    "percent_above_100": _cell("discounts.csv", "value", "120", lambda row: row("kind") == "percent"),
    "discount_above_line": _cell("discounts.csv", "value", "99999.00", lambda row: row("kind") == "amount"),
    "too_many_decimals": _cell("payments.csv", "amount", lambda row: f"{row('amount')}5"),
    "other_currency": _cell("prices.csv", "currency", _another_currency, _second_line),
    "bad_iban": _cell("mandates.csv", "iban", lambda row: _wrong_check(row("iban"))),
    "wrong_length:short": _length("contacts.csv", -1),
    "wrong_length:long": _length("payments.csv", 1),
}  # fmt: skip
ONCE = frozenset({"missing_column", "additional_column"})
