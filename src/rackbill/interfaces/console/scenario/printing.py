"""A story for people: what happened, every document with its lines and reasons, what is open, what disagrees."""

from typing import Any

from rich.table import Table
from rich.text import Text

from rackbill.interfaces.console import answers

UNITS = {
    "DAY": "days", "HUR": "hours", "MON": "month", "QAN": "quarter", "SAN": "half-year", "ANN": "year", "C62": "",
    "E34": "GB", "E35": "TB", "E20": "Mbps", "B80": "Gbps",
}  # fmt: skip
"""Codes of UN/ECE recommendation 20 in words."""


def show(told: dict[str, Any]) -> None:
    """Prints what a story came to."""
    answers.out.print(Text(told["title"], style="bold"))
    steps = Table("step", "day", "does", "outcome", box=None)
    for row in told["steps"]:
        outcome = f"refused: {row['outcome']}" if row["is_refused"] else row["outcome"]
        steps.add_row(str(row["step"]), row["on"], row["does"].replace("_", " "), Text(outcome))
    answers.out.print(steps)
    for document in told["documents"]:
        _show_document(document)
    _show_end(told)


def _show_document(row: dict[str, Any]) -> None:
    kind = row["kind"].replace("_", " ")
    head = f"\n{row['document']}. {kind} {row['number']} of {row['issued_on']} for {row['customer']}"
    head += f", billing group {row['billing_group']}" if row["billing_group"] else ""
    answers.out.print(Text(head + f", due {row['due_on']} (step {row['step']})", style="bold"))
    if row["corrects"]:
        answers.out.print(Text("  corrects " + ", ".join(c["number"] for c in row["corrects"])))
    lines = Table("", "line", "period", "quantity", "unit price", f"net {row['currency']}", "tax %", box=None)
    lines.columns[2].no_wrap = True
    for column in lines.columns[3:]:
        column.justify = "right"
    for line in row["lines"]:
        base = "" if line["price_base_quantity"] == "1" else f" per {line['price_base_quantity']}"
        taxes = " + ".join(tax["rate"] if tax["rate"] != "0" else tax["code"] for tax in line["taxes"])
        quantity = f"{line['quantity']} {UNITS.get(line['unit'], line['unit'])}".strip()
        lines.add_row(
            str(line["line_number"]), Text(line["line"]), _days(line), quantity, f"{line['unit_price']}{base}",
            line["net"], taxes,
        )  # fmt: skip
        for allowance in line["allowances"]:
            lines.add_row("", Text(f"less {allowance['reason']} {allowance['amount']}"), "", "", "", "", "")
    if row["lines"]:
        answers.out.print(lines)
    for line in row["lines"]:
        answers.out.print(Text(f"  line {line['line_number']}: {_why(line)}", style="dim"))
    for tax in row["taxes"]:
        label = f"{tax['regime']} {tax['code']} {tax['rate']} %"
        answers.out.print(Text(f"  {label} {tax['jurisdiction']} on {tax['base']}: {tax['tax']}  {tax['exemption']}"))
    if row["kind"] == "reminder":
        answers.out.print(Text(f"  {row['gross']} {row['currency']} to be paid"))
        return
    answers.out.print(Text(f"  net {row['net']}, tax {row['tax']}, total {row['gross']} {row['currency']}"))
    accounting = row["accounting"]
    if accounting:
        rate = f"1 {row['currency']} = {accounting['rate']} {accounting['currency']} of {accounting['rate_on']}"
        answers.out.print(Text(f"  in {accounting['currency']}: {accounting['gross']} ({rate})"))
    for note in row["notes"]:
        answers.out.print(Text(f"  {note}"))


def _days(line: dict[str, Any]) -> str:
    """First and last day, on one line of a narrow terminal."""
    return str(line["period"]).replace(" to ", "\u2013")


def _why(line: dict[str, Any]) -> str:
    corrects = line["corrects"]
    named = f"corrects {corrects['number']} line {corrects['line_number']}; " if corrects else ""
    return f"{named}{line['why']}: {line['formula']}"


def _show_end(told: dict[str, Any]) -> None:
    answers.out.print()
    for row in told["invoices"]:
        answers.out.print(Text(f"invoice {row['number']}: {row['status']}, open {row['open']} {row['currency']}"))
    for row in told["open"]:
        answers.out.print(Text(f"open of {row['customer']}: {row['open']} {row['currency']}"))
    for row in told["parked"]:
        answers.out.print(Text(f"parked in step {row['step']}: {row['customer']}: {row['reason']}", style="yellow"))
    violations = told["violations"]
    answers.out.print("the books are in order" if not violations else f"{len(violations)} violations in the books:")
    for sentence in violations:
        answers.out.print(Text(f"  {sentence}", style="red"))
    if told["is_as_expected"]:
        answers.out.print("as expected")
    if told["differences"]:
        table = Table("not as expected", "expected", "got", box=None, style="red")
        for row in told["differences"]:
            table.add_row(Text(row["place"]), Text(row["expected"]), Text(row["got"]))
        answers.out.print(table)
