"""Payment codes: EPC069-12 and SGQR with PayNow, byte for byte."""

from dataclasses import replace
from datetime import date

import segno

from rackbill.core.document import DocumentKind
from rackbill.formats import payment_qr
from tests.world.documents import golden

DOCUMENTS = golden()


def test_an_epc_code() -> None:
    assert payment_qr.payment_payload(DOCUMENTS["simple"]) == (
        "BCD\n002\n1\nSCT\nABNANL2A\nMeridian Hosting B.V.\nNL91ABNA0417164300\nEUR157.24\n\n\n20000001"
    )


def test_a_paynow_code() -> None:
    text = payment_qr.payment_payload(DOCUMENTS["singapore_dollars"])
    head = "00020101021226370009SG.PAYNOW010120210201012345K030105204000053037025406235.355802SG5925Meridian Hosting Pte. Ltd6009Singapore"
    assert text[:-8] == head + "62120108" + "22000001"
    assert text[-8:-4] == "6304" and int(text[-4:], 16) == payment_qr.crc16(text[:-4].encode())
    fields, rest = {}, text
    while rest:
        length = int(rest[2:4])
        fields[rest[:2]], rest = rest[4 : 4 + length], rest[4 + length :]
    assert fields["54"] == "235.35" and fields["53"] == "702" and fields["63"] == text[-4:]


def test_a_paynow_code_that_expires() -> None:
    document = DOCUMENTS["singapore_dollars"]
    text = payment_qr.paynow_payload(
        payment=document.payment, payee=document.seller, amount_minor=1, reference="1", expires_on=date(2020, 10, 15)
    )
    assert "040820201015" in text


def test_the_check_sum_is_that_of_the_standard() -> None:
    assert payment_qr.crc16(b"123456789") == 0x29B1


def test_no_code_where_none_applies() -> None:
    simple, dollars = DOCUMENTS["simple"], DOCUMENTS["singapore_dollars"]
    mandate = replace(simple, payment=replace(simple.payment, mandate_reference="M-1"))
    nothing_due = replace(simple, totals=replace(simple.totals, due_minor=0))
    no_uen = replace(dollars, payment=replace(dollars.payment, paynow_uen=""))
    too_much = replace(simple, totals=replace(simple.totals, due_minor=100_000_000_000))
    for document in (mandate, nothing_due, no_uen, too_much, DOCUMENTS["credit_note"], DOCUMENTS["canada"], DOCUMENTS["quote"], DOCUMENTS["pro_forma"]):  # fmt: skip
        assert payment_qr.payment_payload(document) == ""


def test_a_reminder_asks_for_its_numbers() -> None:
    document = DOCUMENTS["reminder"]
    assert document.kind is DocumentKind.REMINDER
    assert payment_qr.payment_payload(document).endswith("EUR2499.02\n\n\n20000001 20000009")


def test_the_picture_has_the_squares_of_the_code() -> None:
    payload = payment_qr.payment_payload(DOCUMENTS["simple"])
    code = segno.make(payload, error="m", boost_error=False, micro=False, mask=4)
    svg = payment_qr.code_svg(payload)
    dark = set()
    for run in svg.split('d="')[1].split('"')[0].split("M")[1:]:
        start, _, rest = run.partition("h")
        right, down = map(int, start.split())
        dark |= {(down, right + step) for step in range(int(rest.partition("v")[0]))}
    assert dark == {(y, x) for y, row in enumerate(code.matrix) for x, square in enumerate(row) if square}
    assert f'viewBox="0 0 {len(code.matrix)} {len(code.matrix)}"' in svg
