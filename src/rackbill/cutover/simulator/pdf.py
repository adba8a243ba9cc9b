"""Old paper: a tiny writer of PDF files (Helvetica, WinAnsi) and the invoice layout of before September 2020.

The layout: provider and customer block, one line for each charge with `From day-month-year to day-month-year`, the end
being the first day no longer charged, currency code, decimal comma.
"""

from datetime import date

from rackbill.cutover.simulator.history import Bill
from rackbill.cutover.simulator.transliteration import win_ansi
from rackbill.cutover.simulator.world import Row

_LINES_PER_PAGE = 56
_LEADING = 13


def print_day(day: date) -> str:
    """`1-9-2020`."""
    return f"{day.day}-{day.month}-{day.year}"


def print_amount(amount: int) -> str:
    """Cents with decimal comma and without thousands mark: `1234,50`."""
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100},{abs(amount) % 100:02d}"


def invoice_pdf(bill: Bill, seller: Row, account: Row) -> bytes:
    """The bytes of one old invoice or credit note; the same bill gives the same bytes."""
    return write_pdf(_text(bill, seller, account), title=bill.number)


def write_pdf(lines: list[str], *, title: str) -> bytes:
    """A PDF file with the lines from top to bottom, on as many A4 pages as they need."""
    pages = [lines[i : i + _LINES_PER_PAGE] for i in range(0, len(lines), _LINES_PER_PAGE)] or [[]]
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for i, page in enumerate(pages):
        stream = _stream(page)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >>"
            f" /Contents {5 + 2 * i} 0 R >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream))
    objects.append(b"<< /Title %b /Producer (oldbill) >>" % _string(title))
    return _file(objects)


def _file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (len(objects) + 1, len(objects))
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def _stream(lines: list[str]) -> bytes:
    shown = b"".join(_string(line) + b" Tj T*\n" for line in lines)
    return b"BT /F1 9 Tf %d TL 50 790 Td\n%bET" % (_LEADING, shown)


def _string(text: str) -> bytes:
    raw = win_ansi(text).encode("cp1252", "replace")
    return b"(" + raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") + b")"


def _text(bill: Bill, seller: Row, account: Row) -> list[str]:
    customer = bill.customer.row
    title = "INVOICE" if bill.kind == "invoice" else "CREDIT NOTE"
    head = [
        str(seller["legal_name"]), "", f"{title} {bill.number}", f"Date: {print_day(bill.issued_on)}",
        f"Due date: {print_day(bill.due_on)}", "", f"Customer number: {bill.customer.id}", str(customer["name"]),
        str(customer["street"]),
        " ".join(str(customer.get(key) or "") for key in ("postal_code", "city", "state", "country")).strip(),
    ]  # fmt: skip
    if customer.get("tax_id"):
        head.append(f"VAT registration number: {customer['tax_id']}")
    if bill.corrects is not None:
        head.append(f"Concerns invoice {bill.corrects.number} of {print_day(bill.corrects.issued_on)}")
    head.append("")
    for item in bill.items:
        start, end = map(print_day, item.period)
        head.append(f"{item.service.printed_code}  {item.description}")
        head.append(f"    From {start} to {end}  {bill.currency} {print_amount(item.amount)}")
    rate = f"{bill.rule.printed_rate:f}".replace(".", ",")
    return head + [
        "", f"Subtotal  {bill.currency} {print_amount(bill.net)}", f"Tax {rate} %  {bill.currency} {print_amount(bill.tax)}",
        f"Total  {bill.currency} {print_amount(bill.total)}", *([bill.rule.note] if bill.rule.note else []), "",
        f"{seller['legal_name']}, {seller['street']}, {seller['postal_code']} {seller['city']}, {seller['country']}",
        str(seller["tax_registrations"]).replace("|", "   ").replace(":", " "),
        f"{account['bank_name']}  {account.get('iban') or account.get('account_number')}  {account.get('bic', '')}".rstrip(),
    ]  # fmt: skip
