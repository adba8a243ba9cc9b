"""`rackbill bench documents`: what a PDF, a hybrid PDF and a checked e-invoice cost, against the yardstick R of the same run.

R is one A4 invoice of 20 lines with ReportLab in a warm process (the extra `bench`). Every figure is a median over documents
that differ from one another; processor time counts this process and, where it works, the child that runs the rules.
"""

import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from rackbill.core.charges import Cause, Charge, ChargeKind
from rackbill.core.document import (
    BillTo,
    Document,
    LineSubject,
    PaymentInstructions,
    canonical_bytes,
    document_hash,
    numbered,
)
from rackbill.core.invoicing import BillableCharge, BillHead, draft_invoices
from rackbill.core.party import BankAccount, Party, PostalAddress, TaxRegistration
from rackbill.core.periods import Period
from rackbill.core.tax import TaxDecision
from rackbill.interfaces.console import answers, benches

YARDSTICK_LINES, WARM_UP, MOST_CHECKED = 20, 3, 300
_MONTH = Period(date(2026, 11, 1), date(2026, 12, 1))
_PRODUCTS = (
    ("DEDICATED_SERVER", "Dedicated server HP DL380 Gen10"), ("RACK_UNIT", "Rack unit with 1 A"),
    ("VIRTUAL_SERVER", "Virtual server M"), ("IP_POOL", "IPv4 addresses, /29"),
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("documents")
    def documents(
        invoices: Annotated[int, typer.Option(min=10, help="of each form")] = 200,
        lines: Annotated[int, typer.Option(min=1, max=200, help="of each invoice")] = 20,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Render invoices as PDF and as hybrid PDF, and write and check them as UBL, in a process of their own."""
        code = f"from rackbill.interfaces.console import bench_documents; bench_documents.child({invoices}, {lines})"
        with tempfile.TemporaryDirectory(prefix="rackbill-bench-") as folder:
            (Path(folder) / "installation.json").write_text('{"kind": "test"}')
            environment = {**os.environ, "RACKBILL_HOME": folder, "DATABASE_URL": ""}
            done = subprocess.run(
                [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, check=False
            )
        if done.returncode:
            raise answers.Refused("the bench broke; what it said stands above")
        answer = json.loads(done.stdout.splitlines()[-1])
        if as_json:
            answers.print_json(answer)
            return
        for name, value in answer.items():
            answers.out.print(f"{name:>28}  {value}")


def child(invoices: int, lines: int) -> None:
    """Measures, and prints one JSON line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rackbill.config.settings")
    from rackbill.formats import document_pdf, einvoice, einvoice_hybrid

    try:
        import reportlab  # type: ignore[import-untyped]  # noqa: F401
    except ImportError:
        sys.exit("The yardstick needs ReportLab: pip install 'rackbill[bench]'")
    made = list(_documents(count=2 * (invoices + WARM_UP), lines=lines))
    # No document is rendered twice: the typesetter would remember it.
    stored = [canonical_bytes(document) for document in made]
    plain, hybrid = stored[: invoices + WARM_UP], stored[invoices + WARM_UP :]

    def as_pdf(place: int) -> bytes:
        return document_pdf.render_canonical(plain[place])

    def as_hybrid(place: int) -> bytes:
        document = document_pdf.document_from_canonical(hybrid[place])
        xml = einvoice.write_einvoice(document, "factur-x")
        return einvoice_hybrid.render_hybrid(document, xml=xml, digest=document_hash(hybrid[place]))

    yard, pdf, both = _Timed(_yardstick), _Timed(as_pdf), _Timed(as_hybrid)
    for place in range(invoices + WARM_UP):
        # Beside each of them: a machine that slows down meanwhile slows both.
        yard.run(place)
        pdf.run(place)
        both.run(place)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    import django

    django.setup()
    from rackbill.interfaces.jobs.einvoice_check import Gate

    checked, hybrid_checked = (_checked(Gate, made, profile) for profile in ("en16931-ubl", "factur-x"))
    print(json.dumps(_answer(invoices, lines, yard, pdf, both, checked, hybrid_checked, rss)))


class _Timed:
    """Processor and wall milliseconds of each call after the first few, and the size of what came last."""

    def __init__(self, work: Callable[[int], bytes]) -> None:
        self._work = work
        self.cpu: list[float] = []
        self.wall: list[float] = []
        self.size = 0

    def run(self, place: int) -> None:
        """Does the work of one place."""
        cpu, wall = time.process_time(), time.perf_counter()
        self.size = len(self._work(place))
        if place >= WARM_UP:
            self.cpu.append((time.process_time() - cpu) * 1000)
            self.wall.append((time.perf_counter() - wall) * 1000)


def _checked(gate_of: Any, made: Sequence[Document], profile: str) -> dict[str, float]:
    """Write, XSD and official rules per document, with the processor time of the child that runs the rules."""
    gate = gate_of()
    try:
        portion = [(document, profile) for document in made[:MOST_CHECKED]]
        gate.check(portion[:WARM_UP])
        child_seconds = benches.seconds_of(gate.checker.pid)
        cpu, wall = time.process_time(), time.perf_counter()
        verdicts = gate.check(portion)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        cpu += benches.seconds_of(gate.checker.pid) - child_seconds
    finally:
        gate.close()
    failed = [failure for verdict in verdicts for failure in verdict.failures]
    if failed:
        sys.exit(f"{len(failed)} failures of {profile}; the first is {failed[0]}")
    return {"cpu": cpu * 1000 / len(portion), "wall": wall * 1000 / len(portion)}


def _answer(
    invoices: int, lines: int, yard: _Timed, pdf: _Timed, both: _Timed, checked: dict[str, float],
    hybrid_checked: dict[str, float], rss: int,
) -> dict[str, Any]:  # fmt: skip
    r = statistics.median(yard.cpu)
    figures: dict[str, Any] = {"name": "documents", "size": invoices, "lines": lines, "yardstick": "R"}
    parts = (("yardstick", yard), ("pdf", pdf), ("hybrid", both))
    for name, part in parts:
        cpu, wall = statistics.median(part.cpu), statistics.median(part.wall)
        figures |= {
            f"{name}_cpu_ms": benches.rounded(cpu),
            f"{name}_wall_ms": benches.rounded(wall),
            f"{name}_bytes": part.size,
        }
        if part is not yard:
            figures |= {
                f"{name}_cpu_ratio": benches.rounded(cpu / r, 2),
                f"{name}_p95_ms": benches.rounded(_p95(part.wall)),
            }
    for name, told in (("ubl_and_rules", checked), ("cii_and_rules", hybrid_checked)):
        figures |= {f"{name}_cpu_ms": benches.rounded(told["cpu"]), f"{name}_wall_ms": benches.rounded(told["wall"])}
    return {**figures, "peak_rss_mb": rss}


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[len(values) * 95 // 100]


def _documents(*, count: int, lines: int) -> Iterator[Document]:
    """Invoices that differ in number, buyer, references, equipment and amounts, as those of a bill run do."""
    seller = Party(
        name="Meridian Hosting B.V.", company_number="30141839", company_scheme="0106", email="billing@meridian.example",
        phone="+31 20 316 2880", contact_name="Billing", electronic_address="0106:30141839",
        address=PostalAddress(street="Hessenbergweg 95", city="Amsterdam", postal_code="1101 CX", country="NL"),
        tax_registrations=(TaxRegistration(scheme="VAT", number="NL004495445B01"),),
    )  # fmt: skip
    account = BankAccount(bank_name="ING Bank", currency="EUR", iban="NL91ABNA0417164300", bic="ABNANL2A")
    tax = (TaxDecision(regime="VAT", code="S", rate=Decimal(21), jurisdiction="NL"),)
    for place in range(count):
        buyer = replace(
            seller, name=f"Kunde {place:05d} Datentechnik B.V.", company_number=f"{40_000_000 + place}", contact_name="",
            electronic_address=f"0106:{40_000_000 + place}",
            address=replace(seller.address, street=f"Keizersgracht {place % 700 + 1}", postal_code="1015 CR"),
        )  # fmt: skip
        head = BillHead(
            sales_organisation_id="2000", issued_on=date(2026, 11, 1), currency="EUR", language="en", seller=seller, buyer=buyer,
            bill_to=BillTo(
                customer_id=f"{12_000_000 + place}", legacy_customer_id="", billing_group_id=f"{12_000_000 + place}-01",
                po_number=f"PO-{place}", cost_centre="CC-7100",
            ),
            payment=PaymentInstructions(account=account, payment_days=14),
            details_url="https://portal.meridian.example/documents/",
        )  # fmt: skip
        charges = [_charge(place, number, tax) for number in range(lines)]
        draft = draft_invoices(head=head, charges=charges)[0].document
        yield numbered(draft, number=f"{20_000_000 + place}", document_uuid=f"00000000-0000-5000-8000-{place:012d}")


def _charge(place: int, number: int, tax: tuple[TaxDecision, ...]) -> BillableCharge:
    product, name = _PRODUCTS[number % len(_PRODUCTS)]
    contract = f"{50_000_000 + place * 10 + number // 5}"
    price = Decimal(2900 + 13 * number + place % 997) / 100
    subject = LineSubject(
        contract_id=contract, service_id=f"{contract}{100 * (number + 1):06d}", product_id=product, product_code=f"P{number % 4}",
        description=name, equipment_id=str(48_213 + place * 50 + number),
        reference=f"shop-db-{place}-{number}" if number % 3 else "",
        legacy_name=f"ABCD{place % 1000:03d}-{number:03d}", location=("AMS-01", "AMS-02", "FRA-10")[number % 3],
    )  # fmt: skip
    charge = Charge(
        line_id=number, kind=ChargeKind.RECURRING, period=_MONTH, revision=0, quantity=Decimal(1), unit="MON", unit_price=price,
        price_base_quantity=Decimal(1), amount_minor=int(price * 100), currency="EUR", cause=Cause("recurring", ""),
    )  # fmt: skip
    return BillableCharge(charge=charge, subject=subject, taxes=tax)


def _yardstick(place: int) -> bytes:
    """R: a title, a table of 20 lines and sums, a sentence, with ReportLab; untagged, its built-in fonts."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.lib.units import mm
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

    styles = getSampleStyleSheet()
    number = f"INV-2026-{place:06d}"
    rows: list[list[Any]] = [["#", "Description", "Qty", "Price", "VAT", "Amount"]]
    for line in range(YARDSTICK_LINES):
        text = f"Dedicated server srv-{place * 100 + line:05d}, 1 Nov - 30 Nov 2026"
        rows.append([str(line + 1), Paragraph(text, styles["BodyText"]), "1", "89.00", "21 %", "89.00"])
    sums = (("Net", "1,780.00"), ("VAT 21 %", "373.80"), ("Total EUR", "2,153.80"))
    rows += [["", label, "", "", "", amount] for label, amount in sums]
    table = Table(rows, colWidths=[width * mm for width in (10, 80, 15, 22, 15, 25)], repeatRows=1)
    look = [("GRID", (0, 0), (-1, -1), 0.25, colors.grey), ("ALIGN", (2, 0), (-1, -1), "RIGHT"),
            ("VALIGN", (0, 0), (-1, -1), "TOP"), ("BACKGROUND", (0, 0), (-1, 0), colors.lightgrey)]  # fmt: skip
    table.setStyle(TableStyle(look))
    buffer = io.BytesIO()
    story = [Paragraph(f"Invoice {number}", styles["Title"]), Paragraph(f"Customer {place} B.V.", styles["Normal"]),
             Paragraph("Date 2026-11-01", styles["Normal"]), Spacer(1, 8 * mm), table, Spacer(1, 8 * mm),
             Paragraph("Please pay within 14 days.", styles["Normal"])]  # fmt: skip
    SimpleDocTemplate(buffer, pagesize=A4, title=number).build(story)
    return buffer.getvalue()
