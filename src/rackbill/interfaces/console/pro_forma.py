"""`rackbill pro-forma CUSTOMER`: what the 1st of next month will bring, printed, as JSON or as a PDF that is no invoice."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from rackbill.core.money import decimal_from_minor
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.formats import document_pdf
from rackbill.formats.wording import wording
from rackbill.interfaces.console import answers, main
from rackbill.interfaces.console.acting import CONSOLE
from rackbill.interfaces.jobs import document_files, pro_forma
from rackbill.interfaces.jobs.pro_forma import ProForma, ProFormaPage


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("pro-forma")
    def show(
        customer: Annotated[str, typer.Argument(help="customer ID, eight digits")],
        output: Annotated[Path | None, typer.Option("--output", "-o", help="where the PDF goes")] = None,
        is_issued: Annotated[
            bool, typer.Option("--issue", help="give it a number, keep it and queue it; `rackbill work` sends it")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json")] = False,
        at: Annotated[str | None, typer.Option(help="the clock, in demo and test installations only")] = None,
    ) -> None:
        """Show what the invoice of the 1st of next month will bring a customer; unless issued, nothing is stored."""
        now, everything = main.set_clock(at), WholeInstallation()
        made = pro_forma.make_pro_forma(scope=everything, customer_id=customer, now=now)
        if is_issued and made.parked:
            raise answers.Refused(f"nothing is issued to {customer}, whom the run would park: {made.parked}")
        numbers = pro_forma.issue_pro_forma(scope=everything, made=made, now=now, actor=CONSOLE) if is_issued else []
        files = _write(made, output) if output is not None else []
        if as_json:
            answers.print_json({**_told(made), "files": [str(path) for path in files], "numbers": numbers})
        else:
            _print(made, files)
            for number in numbers:
                answers.out.print(f"issued: pro forma {number}")
        if made.parked:
            raise answers.CheckFailed


def _write(made: ProForma, output: Path) -> list[Path]:
    """One PDF for each document; further ones get a number before the suffix."""
    paths = []
    for place, page in enumerate(made.pages, start=1):
        path = output if place == 1 else output.with_name(f"{output.stem}-{place}{output.suffix}")
        path.write_bytes(
            document_pdf.render_pdf(page.document, brand=document_files.brand_of(page.document.sales_organisation_id))
        )
        paths.append(path)
    return paths


def _told(made: ProForma) -> dict[str, Any]:
    return {
        "customer_id": made.customer_id, "made_on": made.made_on.isoformat(), "billed_on": made.billed_on.isoformat(),
        "parked": made.parked, "documents": [_document(page) for page in made.pages],
    }  # fmt: skip


def _document(page: ProFormaPage) -> dict[str, Any]:
    value = page.document

    def money(name: str, minor: int) -> dict[str, Any]:
        return {f"{name}_minor": minor, name: str(decimal_from_minor(minor, value.currency))}

    return {
        "kind": value.kind.value, "is_invoice": False, "currency": value.currency,
        "billing_group": value.bill_to.billing_group_id, "note": value.notes[0],
        "lines": [
            {
                "contract_id": line.subject.contract_id, "service_id": line.subject.service_id,
                "equipment_id": line.subject.equipment_id, "reference": line.subject.reference,
                "po_number": line.subject.po_number, "description": line.subject.description,
                "period_start": line.period.start.isoformat(), "period_end": line.period.end.isoformat(),
                "quantity": f"{line.quantity:f}", "unit": line.unit, "unit_price": f"{line.unit_price:f}",
                "price_base_quantity": f"{line.price_base_quantity:f}", **money("net", line.net_minor),
                "corrects": line.corrects.number if line.corrects else "", "why": charge.cause.rule,
                "formula": charge.cause.formula,
            }
            for line, charge in zip(value.lines, page.charges, strict=True)
        ],
        "taxes": [
            {"code": row.code, "rate": f"{row.rate:f}", **money("base", row.base_minor), **money("tax", row.tax_minor)}
            for row in value.tax_subtotals
        ],
        **money("subtotal", value.totals.net_minor), **money("tax", value.totals.tax_minor),
        **money("total", value.totals.gross_minor),
    }  # fmt: skip


def _print(made: ProForma, files: list[Path]) -> None:
    if made.parked:
        answers.out.print(Text(f"would be parked on {made.billed_on}: {made.parked}", style="yellow"))
    elif not made.pages:
        answers.out.print(f"nothing will be invoiced to {made.customer_id} on {made.billed_on}")
    for page in made.pages:
        value, words = page.document, wording("en")
        answers.out.print(Text(value.notes[0], style="bold"))
        table = Table("contract", "service", "reference", "period", "why", f"net {value.currency}", box=None)
        table.columns[5].justify = "right"
        for line, charge in zip(value.lines, page.charges, strict=True):
            table.add_row(
                line.subject.contract_id, line.subject.service_id, Text(line.subject.reference), words.period(line.period),
                Text(charge.cause.rule), words.amount(line.net_minor, value.currency),
            )  # fmt: skip
        answers.out.print(table)
        totals = (words.amount(minor, value.currency) for minor in (
            value.totals.net_minor, value.totals.tax_minor, value.totals.gross_minor
        ))  # fmt: skip
        answers.out.print("subtotal {}, tax {}, total {} {}".format(*totals, value.currency))
    for path in files:
        answers.out.print(f"written: {path}")
