"""The checks of a bundle: cells, then what rows say of each other. A refused row's followers are consequences."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rackbill.core.money import exact_minor_from_decimal
from rackbill.cutover.connectors.bundle import Bundle, OnStep, Row
from rackbill.cutover.connectors.columns import FILES, KEYS, PERIODS, UNIQUE, Column

Values = dict[str, Any]


def check(bundle: Bundle, on_step: OnStep | None = None) -> None:
    """Fills `values` with what the cells mean, and `faults` with everything that is wrong."""
    parsed: dict[str, list[tuple[Row, Values]]] = {}
    for done, stem in enumerate(FILES, start=1):
        parsed[stem] = [] if stem in bundle.broken else list(_cells(bundle, stem))
        if stem not in bundle.broken:
            _unique(bundle, stem, parsed[stem])
            _references(bundle, stem, parsed)
        if on_step is not None:
            on_step("check rows", done, len(FILES))
    _together(bundle, parsed)
    bundle.values = {stem: [values for row, values in rows if _is_good(bundle, row)] for stem, rows in parsed.items()}


def _stem(row: Row) -> str:
    return row.file_name.removesuffix(".csv")


def _is_good(bundle: Bundle, row: Row) -> bool:
    return (_stem(row), row.line_number) not in bundle.refused


def _cells(bundle: Bundle, stem: str) -> Iterator[tuple[Row, Values]]:
    for row in bundle.rows[stem]:
        if not _is_good(bundle, row):
            yield row, dict(row.cells)
            continue
        values: Values = {}
        for column in FILES[stem]:
            values[column.name] = _cell(bundle, row, column)
        for first, second in PERIODS.get(stem, ()):
            start, end = values[first], values[second]
            if start is not None and end is not None and _is_good(bundle, row) and end <= start:
                _refuse(bundle, row, second, "period_reversed", f"{second} {end} is not after {first} {start}")
        if _is_good(bundle, row):
            _own_rules(bundle, row, values)
        yield row, values


def _cell(bundle: Bundle, row: Row, column: Column) -> Any:
    cell = row.cells[column.name]
    if any("\udc80" <= character <= "\udcff" for character in cell):
        reason = f"{column.name} holds a byte that is not UTF-8; write the file anew in UTF-8"
        _refuse(bundle, row, column.name, "encoding", reason)
        return None
    if not cell.strip():
        if column.is_mandatory:
            _refuse(bundle, row, column.name, "blank", f"{column.name} is blank; it must be filled in")
        return None
    try:
        return column.read(cell)
    except ValueError as fault:
        _refuse(bundle, row, column.name, "bad_value", f"{column.name} {cell!r} {fault}")
        return None


def _refuse(bundle: Bundle, row: Row, column: str, code: str, reason: str) -> None:
    bundle.refuse(_stem(row), row.line_number, column, code, reason)


def _own_rules(bundle: Bundle, row: Row, values: Values) -> None:
    """Rules over the cells of one row."""
    stem = _stem(row)
    if stem == "bank_accounts" and not values["iban"] and not values["account_number"]:
        _refuse(bundle, row, "iban", "no_account", "neither iban nor account_number is given; one of them is needed")
    elif stem == "customers" and values["country"] in ("US", "CA") and not _is_state(values["state"]):
        _refuse(bundle, row, "state", "no_state", f"a customer in {values['country']} needs a state of two letters")
    elif stem == "contacts" and not set(values["primary_roles"] or ()) <= set(values["roles"]):
        _refuse(bundle, row, "primary_roles", "not_a_role", "primary_roles names a role that is not among roles")
    elif stem == "lines" and (values["last_billed_from"] is None) != (values["last_billed_until"] is None):
        blank = "last_billed_from" if values["last_billed_from"] is None else "last_billed_until"
        _refuse(
            bundle, row, blank, "half_billed", f"{blank} is blank; give both days of the last billed period or none"
        )
    elif stem == "discounts" and values["kind"] == "percent" and values["value"] > 100:
        _refuse(bundle, row, "value", "above_100", f"a discount of {values['value']} % is above 100 %")
    elif stem == "invoices":
        _invoice_rules(bundle, row, values)
    elif stem in ("payments", "credits"):
        _decimals(bundle, row, values, ("amount",), values["currency"])


def _is_state(state: Any) -> bool:
    return isinstance(state, str) and len(state) == 2 and state.isascii() and state.isupper()


def _decimals(bundle: Bundle, row: Row, values: Values, columns: tuple[str, ...], currency: str) -> bool:
    for column in columns:
        try:
            exact_minor_from_decimal(values[column], currency)
        except ValueError as fault:
            _refuse(bundle, row, column, "decimals", f"{column}: {fault}")
            return False
    return True


def _invoice_rules(bundle: Bundle, row: Row, values: Values) -> None:
    if not _decimals(bundle, row, values, ("net", "tax", "total", "open_amount"), values["currency"]):
        return
    total, left = values["total"], values["open_amount"]
    highest = total if values["kind"] == "invoice" else Decimal(0)
    if values["net"] + values["tax"] != total:
        _refuse(bundle, row, "total", "total", f"total {total} is not net {values['net']} plus tax {values['tax']}")
    elif not 0 <= left <= highest:
        _refuse(bundle, row, "open_amount", "open_amount", f"open_amount {left} does not lie between 0 and {highest}")
    elif values["pdf_file"]:
        _check_file(bundle, row, values)


def _check_file(bundle: Bundle, row: Row, values: Values) -> None:
    root = (bundle.folder / "pdf").resolve()
    path = (root / values["pdf_file"]).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        _refuse(bundle, row, "pdf_file", "missing_pdf", f"there is no file pdf/{values['pdf_file']} in the bundle")
    elif hashlib.sha256(path.read_bytes()).hexdigest() != values["pdf_sha256"]:
        reason = f"pdf/{values['pdf_file']} does not have the SHA-256 given here; it was changed or mixed up"
        _refuse(bundle, row, "pdf_sha256", "changed_pdf", reason)


def _unique(bundle: Bundle, stem: str, rows: list[tuple[Row, Values]]) -> None:
    for columns in UNIQUE.get(stem, ()):
        seen: dict[tuple[str, ...], int] = {}
        for row, _values in rows:
            if not _is_good(bundle, row):
                continue
            key = tuple(row.cells[column].casefold() if column == "email" else row.cells[column] for column in columns)
            first = seen.setdefault(key, row.line_number)
            if first != row.line_number:
                reason = f"{' and '.join(columns)} {', '.join(key)!r} stands in line {first} already"
                _refuse(bundle, row, columns[0], "duplicate", reason)


def _references(bundle: Bundle, stem: str, parsed: dict[str, list[tuple[Row, Values]]]) -> None:
    for column in FILES[stem]:
        if not column.refers_to:
            continue
        target = column.refers_to
        key = KEYS[target]
        good: set[str] = set()
        known: set[str] = set()
        for row, _values in parsed[target]:
            text = row.cells.get(key, "")
            known.add(text)
            if _is_good(bundle, row):
                good.add(text)
        for row, _values in parsed[stem]:
            text = row.cells.get(column.name, "")
            if not text.strip() or text in good or not _is_good(bundle, row):
                continue
            if text in known or target in bundle.broken:
                reason = f"{column.name} {text!r} names a row of {target}.csv that was refused"
                bundle.refuse(stem, row.line_number, column.name, "follows", reason, is_primary=False)
            else:
                reason = (
                    f"{column.name} {text!r} names no row of {target}.csv; add that row or correct the {column.name}"
                )
                _refuse(bundle, row, column.name, "orphan", reason)


def _groups(rows: list[tuple[Row, Values]], column: str) -> dict[str, list[tuple[Row, Values]]]:
    groups: dict[str, list[tuple[Row, Values]]] = defaultdict(list)
    for row, values in rows:
        groups[row.cells.get(column, "")].append((row, values))
    return groups


def _together(bundle: Bundle, parsed: dict[str, list[tuple[Row, Values]]]) -> None:
    """What rows of one parent say together. A group with a refused member is left alone: one fault, one finding."""
    masters = [(r, v) for r, v in parsed["memberships"] if _is_good(bundle, r) and v["role"] == "MASTER"]
    for customer_id, group in _groups(masters, "customer_id").items():
        for row, _values in group[1:]:
            _refuse(
                bundle,
                row,
                "role",
                "two_masters",
                f"customer {customer_id} has a MASTER in line {group[0][0].line_number}",
            )
    if {"lines", "services", "contracts"} & bundle.broken:
        return
    lines = {r.cells["line_id"]: v for r, v in parsed["lines"] if _is_good(bundle, r)}
    services = {r.cells["service_id"]: v for r, v in parsed["services"] if _is_good(bundle, r)}
    contracts = {r.cells["contract_id"]: v for r, v in parsed["contracts"] if _is_good(bundle, r)}
    prices = _groups(parsed["prices"], "line_id")
    for line_id, line in lines.items():
        currency = contracts[services[line["service_id"]]["contract_id"]]["currency"]
        _check_prices(bundle, line_id, line, currency, prices.get(line_id, []))
    for row, values in parsed["discounts"]:
        if _is_good(bundle, row) and values["kind"] == "amount":
            _check_amount(bundle, row, values, lines, prices)
    _check_sums(bundle, parsed)


def _check_prices(bundle: Bundle, line_id: str, line: Values, currency: str, rows: list[tuple[Row, Values]]) -> None:
    if "prices" in bundle.broken:
        return
    if not rows:
        place = next(r for r in bundle.rows["lines"] if r.cells["line_id"] == line_id)
        _refuse(bundle, place, "line_id", "no_price", f"line {line_id} has no price")
        return
    if not all(_is_good(bundle, row) for row, _ in rows):
        return
    for row, values in rows:
        if values["currency"] != currency:
            reason = f"the price is in {values['currency']}, the contract in {currency}"
            _refuse(bundle, row, "currency", "other_currency", reason)
            return
    ordered = sorted(rows, key=lambda item: item[1]["valid_from"])
    if ordered[0][1]["valid_from"] > line["starts_on"]:
        row = ordered[0][0]
        _refuse(
            bundle,
            row,
            "valid_from",
            "price_gap",
            f"line {line_id} starts on {line['starts_on']}, before its first price",
        )
    for (_before, old), (row, new) in zip(ordered, ordered[1:], strict=False):
        if old["valid_until"] != new["valid_from"]:
            word = (
                "overlaps"
                if old["valid_until"] is None or old["valid_until"] > new["valid_from"]
                else "leaves days without"
            )
            reason = (
                f"the price from {new['valid_from']} {word} the price before it, which ends on {old['valid_until']}"
            )
            _refuse(bundle, row, "valid_from", "price_gap", reason)
    last = ordered[-1][1]["valid_until"]
    if last is not None and (line["ends_on"] is None or last < line["ends_on"]):
        row = ordered[-1][0]
        _refuse(bundle, row, "valid_until", "price_gap", f"line {line_id} goes on after its last price ends on {last}")


def _check_amount(
    bundle: Bundle, row: Row, values: Values, lines: dict[str, Values], prices: dict[str, list[tuple[Row, Values]]]
) -> None:
    line = lines.get(values["line_id"])
    own = prices.get(values["line_id"], [])
    if line is None or not own or not all(_is_good(bundle, r) for r, _ in own):
        return
    highest = max(v["unit_price"] for _, v in own) * line["quantity"]
    if values["value"] > highest:
        _refuse(bundle, row, "value", "above_line", f"a discount of {values['value']} is above the line's {highest}")


def _check_sums(bundle: Bundle, parsed: dict[str, list[tuple[Row, Values]]]) -> None:
    if {"invoices", "invoice_lines"} & bundle.broken:
        return
    lines = _groups(parsed["invoice_lines"], "number")
    for row, values in parsed["invoices"]:
        own = lines.get(values["number"], [])
        if not _is_good(bundle, row) or not all(_is_good(bundle, r) for r, _ in own):
            continue
        if not all(_decimals(bundle, r, v, ("amount",), values["currency"]) for r, v in own):
            continue
        total = sum((v["amount"] for _, v in own), Decimal(0))
        if total != values["net"]:
            _refuse(bundle, row, "net", "sum", f"net {values['net']} is not the sum of the invoice's lines ({total})")
