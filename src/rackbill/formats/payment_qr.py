"""Codes that a banking app reads: EPC069-12 for SEPA credit transfers in EUR, SGQR with PayNow for SGD."""

import re
from datetime import date

import segno

from rackbill.core.document import Document, DocumentKind
from rackbill.core.document.values import PaymentInstructions
from rackbill.core.money import decimal_from_minor
from rackbill.core.party import BankAccount, Party

_RUNS = re.compile("1+")
_EPC_MOST_MINOR = 99_999_999_999
_CRC_START, _CRC_POLYNOMIAL, _CRC_MASK, _CRC_TOP = 0xFFFF, 0x1021, 0xFFFF, 0x8000


def payment_payload(document: Document) -> str:
    """What the payment code of a document says; an empty text where there is none: nothing to pay, a debit, no such scheme."""
    payment = document.payment
    asks = document.kind in (DocumentKind.INVOICE, DocumentKind.REMINDER) and document.totals.due_minor > 0
    if not asks or payment.mandate_reference:
        return ""
    due, reference = document.totals.due_minor, payment_reference(document)
    if document.currency == "EUR" and payment.account and payment.account.iban and due <= _EPC_MOST_MINOR:
        return epc_payload(account=payment.account, payee=document.seller, amount_minor=due, reference=reference)
    if document.currency == "SGD" and payment.paynow_uen:
        return paynow_payload(
            payment=payment, payee=document.seller, amount_minor=due, reference=reference, expires_on=None
        )
    return ""


def payment_reference(document: Document) -> str:
    """What the payer writes: the number; a reminder asks for the numbers that it reminds of."""
    if document.kind is DocumentKind.REMINDER and document.reminded:
        return " ".join(item.number for item in document.reminded.items[:8])
    return document.number


def epc_payload(*, account: BankAccount, payee: Party, amount_minor: int, reference: str) -> str:
    """The text of an EPC code, version 002, UTF-8 (EPC069-12: at most 70 letters of name, 140 of reference)."""
    amount = f"EUR{decimal_from_minor(amount_minor, 'EUR'):.2f}"
    rows = ["BCD", "002", "1", "SCT", account.bic, payee.name[:70], account.iban.replace(" ", ""), amount, "", "",
            reference[:140]]  # fmt: skip
    return "\n".join(rows)


def paynow_payload(
    *, payment: PaymentInstructions, payee: Party, amount_minor: int, reference: str, expires_on: date | None
) -> str:
    """The text of a PayNow code to a UEN with a fixed amount in SGD (SGQR: EMVCo merchant-presented, tag 26 SG.PAYNOW)."""
    account = _field("00", "SG.PAYNOW") + _field("01", "2") + _field("02", payment.paynow_uen) + _field("03", "0")
    if expires_on is not None:
        account += _field("04", f"{expires_on:%Y%m%d}")
    name = "".join(letter for letter in payee.name if letter.isascii()).strip()[:25] or "NA"
    text = (
        _field("00", "01") + _field("01", "12") + _field("26", account) + _field("52", "0000") + _field("53", "702")
        + _field("54", f"{decimal_from_minor(amount_minor, 'SGD'):.2f}") + _field("58", "SG") + _field("59", name)
        + _field("60", "Singapore") + _field("62", _field("01", reference[:25])) + "6304"
    )  # fmt: skip
    return f"{text}{crc16(text.encode()):04X}"


def _field(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"


def crc16(content: bytes) -> int:
    """CRC-16/CCITT with start value FFFF, as EMVCo codes end with."""
    value = _CRC_START
    for byte in content:
        value ^= byte << 8
        for _ in range(8):
            value = ((value << 1) ^ _CRC_POLYNOMIAL if value & _CRC_TOP else value << 1) & _CRC_MASK
    return value


_MASK = 4
"""Choosing among the eight masks by their penalty costs 7 ms a code; a reader takes any of them."""


class _Codes:
    """All codes of one length in bytes: a code is linear over GF(2), so it is a first one with the squares of each bit that

    differs turned over. Each bit's squares are asked of segno once; from then on a code costs microseconds.
    """

    def __init__(self, first: int, length: int) -> None:
        self._first, self._length = first, length
        rows = self._rows(first)
        self.size = len(rows[0])
        self._squares = int("".join(rows), 2)
        self._turned: dict[int, int] = {}
        # A square more in each row, always light, so that no run goes on into the next row.
        self._moves = [f"M{x} {y}.5h" for y in range(self.size) for x in range(self.size + 1)]

    def _rows(self, content: int) -> list[str]:
        text = content.to_bytes(self._length, "big").decode("latin-1")
        code = segno.make(
            text, error="m", boost_error=False, micro=False, mask=_MASK, mode="byte", encoding="latin-1", eci=False
        )
        return ["".join("1" if square else "0" for square in row) for row in code.matrix]

    def squares(self, content: int) -> str:
        """The squares row by row, 1 = dark."""
        found, differing = self._squares, self._first ^ content
        while differing:
            bit = differing & -differing
            differing ^= bit
            if bit not in self._turned:
                self._turned[bit] = int("".join(self._rows(self._first ^ bit)), 2) ^ self._squares
            found ^= self._turned[bit]
        return f"{found:0{self.size * self.size}b}"

    def path(self, squares: str) -> str:
        """A stroke for each run of dark squares."""
        size, moves = self.size, self._moves
        rows = "0".join([squares[start : start + size] for start in range(0, size * size, size)])
        return "".join([f"{moves[start]}{end - start}" for start, end in map(re.Match.span, _RUNS.finditer(rows))])


_codes: dict[int, _Codes] = {}


def code_svg(payload: str) -> str:
    """A code as SVG, one path, without the quiet zone. Error correction M, as EPC069-12 wants; UTF-8."""
    content = payload.encode()
    number, length = int.from_bytes(content, "big"), len(content)
    if length not in _codes:
        _codes[length] = _Codes(number, length)
    codes = _codes[length]
    size, path = codes.size, codes.path(codes.squares(number))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}" height="{size}">'
        f'<path stroke="#000" d="{path}"/></svg>'
    )
