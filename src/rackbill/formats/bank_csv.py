"""Bank lines from CSV: our own columns, or any bank's with a layout that names its columns. See docs/guide/bank-files.md."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from rackbill.core.bank_statement import BankFileRefused, BankStatement, LineKind, StatementLine
from rackbill.core.money import UnknownCurrency, exact_minor_from_decimal

COLUMNS = (
    "account", "booked_on", "value_on", "amount", "currency", "payer_name", "payer_account", "text", "end_to_end_id",
    "mandate_reference", "bank_reference",
)  # fmt: skip
"""Our names of the columns; `booked_on` and `amount` must be there, account and currency may be given once for the file."""

_DAY_PARTS = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short>\d{2})",
    "MM": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{1,2})",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvLayout:
    """How a bank writes its file. `headers` gives the bank's header for our column where it differs.

    `account` and `currency` hold where the file has no such column; an amount below zero is money that left.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ","
    decimal_mark: str = "."
    day_form: str = "YYYY-MM-DD"
    encoding: str = "utf-8-sig"
    account: str = ""
    currency: str = ""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.headers) - set(COLUMNS))
        if unknown:
            raise BankFileRefused(f"there is no column {unknown[0]!r}; ours are {', '.join(COLUMNS)}")
        if len(self.delimiter) != 1 or self.decimal_mark not in (".", ",") or not self.encoding:
            raise BankFileRefused("a layout has one character as delimiter, and a point or comma as decimal mark")


def read_bank_csv(content: bytes, *, layout: CsvLayout) -> BankStatement:
    """The lines of a file in their order. Raises BankFileRefused at the first row that would need guessing."""
    try:
        text = content.decode(layout.encoding)
    except (UnicodeDecodeError, LookupError):
        raise BankFileRefused(f"the file is not written in {layout.encoding}; name its encoding") from None
    table = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter)
    try:
        headers = [header.strip() for header in next(table, [])]
        places = _places(headers, layout)
        lines: list[StatementLine] = []
        left_out = []
        for row in table:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(headers):
                raise BankFileRefused(f"row {table.line_num} has {len(row)} cells, the header has {len(headers)}")
            line = _line({name: row[place].strip() for name, place in places.items()}, layout, table.line_num)
            if line is None:
                left_out.append(f"row {table.line_num} moves no money")
            else:
                lines.append(line)
    except csv.Error as fault:
        raise BankFileRefused(f"row {table.line_num} is not CSV: {fault}") from None
    return BankStatement(tuple(lines), tuple(left_out))


def _places(headers: list[str], layout: CsvLayout) -> dict[str, int]:
    """By our name of a column: where it stands."""
    wanted = {name: layout.headers.get(name, name) for name in COLUMNS}
    for name, header in wanted.items():
        if headers.count(header) > 1:
            raise BankFileRefused(f"the file has two columns {header!r}; nobody can tell which one is {name}")
    needed = {"booked_on", "amount", *layout.headers}
    needed |= {name for name in ("account", "currency") if not getattr(layout, name)}
    for name in COLUMNS:
        if name in needed and wanted[name] not in headers:
            raise BankFileRefused(
                f"the file has no column {wanted[name]!r} for {name}; its columns are {', '.join(headers)}"
            )
    return {name: headers.index(header) for name, header in wanted.items() if header in headers}


def _line(cells: Mapping[str, str], layout: CsvLayout, row: int) -> StatementLine | None:
    currency = cells.get("currency") or layout.currency
    amount = _amount(cells["amount"], layout.decimal_mark, row)
    try:
        minor = exact_minor_from_decimal(amount, currency)
    except UnknownCurrency as fault:
        raise BankFileRefused(f"row {row}: {fault}") from None
    except ValueError:
        raise BankFileRefused(
            f"row {row}: {cells['amount']} has more decimals than {currency} has; is the decimal mark right?"
        ) from None
    if minor == 0:
        return None
    booked_on = _day(cells["booked_on"], layout.day_form, row)
    value_on = cells.get("value_on")
    account = cells.get("account") or layout.account
    if not account:
        raise BankFileRefused(f"row {row} does not say on which account of ours the money moved")
    return StatementLine(
        account=_compact(account), booked_on=booked_on, currency=currency, amount_minor=abs(minor),
        value_on=_day(value_on, layout.day_form, row) if value_on else booked_on,
        kind=LineKind.RECEIVED if minor > 0 else LineKind.PAID_OUT,
        bank_reference=cells.get("bank_reference", ""), payer_name=cells.get("payer_name", ""),
        payer_account=_compact(cells.get("payer_account", "")), text=cells.get("text", ""),
        end_to_end_id=cells.get("end_to_end_id", ""), mandate_reference=cells.get("mandate_reference", ""),
    )  # fmt: skip


def _compact(account: str) -> str:
    return re.sub(r"\s+", "", account).upper()


def _amount(text: str, decimal_mark: str, row: int) -> Decimal:
    """Digits with or without marks between the thousands; a sign before or behind."""
    group = re.escape("," if decimal_mark == "." else ".") + "' \u00a0\u202f"
    mark = re.escape(decimal_mark)
    plain = re.fullmatch(rf"([+-]?)(\d+|\d{{1,3}}(?:[{group}]\d{{3}})+)(?:{mark}(\d+))?([+-]?)", text)
    if plain is None or (plain[1] and plain[4]):
        raise BankFileRefused(f"row {row}: {text!r} is no amount with {decimal_mark!r} as decimal mark")
    whole = re.sub(r"\D", "", plain[2])
    value = Decimal(f"{whole}.{plain[3] or 0}")
    return -value if "-" in (plain[1], plain[4]) else value


def _day(text: str, form: str, row: int) -> date:
    parts = re.split(r"(YYYY|YY|MM|DD)", form)
    found = re.fullmatch("".join(_DAY_PARTS.get(part, re.escape(part)) for part in parts), text)
    try:
        if found is None:
            raise ValueError
        named = found.groupdict()
        year = int(named["year"]) if named.get("year") else 2000 + int(named["short"])
        return date(year, int(named["month"]), int(named["day"]))
    except (ValueError, KeyError):
        raise BankFileRefused(f"row {row}: {text!r} is no day in the form {form}") from None
