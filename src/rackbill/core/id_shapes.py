"""Shapes of our IDs and of legacy IDs: parse, normalise, check, print. Source: the identifier table of 14 September 2020."""

import re
import unicodedata
from enum import StrEnum


class IdKind(StrEnum):
    """What an identifier names. The first seven are ours; the rest only legacy systems and customers have."""

    CUSTOMER = "customer"
    CONTRACT = "contract"
    ORDER = "order"
    SERVICE = "service"
    EQUIPMENT = "equipment"
    DOCUMENT = "document"
    BILLING_GROUP = "billing_group"
    SERVER_NAME = "server_name"
    REFERENCE = "reference"
    QUOTATION = "quotation"
    MANDATE = "mandate"


SHAPES: dict[IdKind, re.Pattern[str]] = {
    IdKind.CUSTOMER: re.compile(r"\d{8}"),
    IdKind.CONTRACT: re.compile(r"\d{8}"),
    IdKind.ORDER: re.compile(r"\d{8}"),
    IdKind.SERVICE: re.compile(r"\d{14}"),
    IdKind.EQUIPMENT: re.compile(r"\d{3,8}"),
    IdKind.DOCUMENT: re.compile(r"\d{8}"),
    IdKind.BILLING_GROUP: re.compile(r"\d{8}-\d{2,4}"),
}

LEGACY_SHAPES: dict[str, re.Pattern[str]] = {
    "customer": re.compile(r"(?:NL|DE|SG|US|GB|CDN)\d{9,10}"),
    "invoice": re.compile(r"[A-Z]{2}\d{10}"),
    "server_name": re.compile(r"[A-Z]{2,4}\d{3,4}(?:-[A-Z]{3})?"),
}

DOCUMENT_WORDS = ("TAXINVOICE", "CREDITNOTE", "DOCUMENT", "INVOICE", "NUMBER", "NO", "NR")
"""What people write before a document's number, normalised; the longer ones first."""

_NOISE = re.compile(r"[\s\-_./#:]+")


class WrongShape(ValueError):
    """A text does not have the shape of the ID it is meant to be."""


def is_shaped(kind: IdKind, text: str) -> bool:
    """Whether the text has the shape of our ID of that kind."""
    pattern = SHAPES.get(kind)
    return bool(pattern and text.isascii() and pattern.fullmatch(text))


def check_shape(kind: IdKind, text: str) -> str:
    """The text itself. Raises WrongShape where it is not an ID of that kind."""
    if not is_shaped(kind, text):
        raise WrongShape(
            f"{text!r} is not a {kind.value} ID ({SHAPES[kind].pattern if kind in SHAPES else 'none of ours'})"
        )
    return text


def normalise(text: str) -> str:
    """The tolerant form for look-ups: compatibility forms folded, upper case, blanks and separators dropped."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).upper()


def document_number_in(text: str) -> str:
    """The document number that a text means: with blanks, dashes, in other digits, with the words before it; else nothing."""
    number = normalise(text)
    for word in DOCUMENT_WORDS:
        number = number.removeprefix(word)
    return number if is_shaped(IdKind.DOCUMENT, number) else ""


def print_service_id(order_id: str, position: int) -> str:
    """14 digits: the order's eight, then the position counted in hundreds (order 44010000, 2nd position → …000200)."""
    check_shape(IdKind.ORDER, order_id)
    if not 0 < position < 10_000:
        raise WrongShape(f"position {position} of order {order_id} is not between 1 and 9999")
    return f"{order_id}{position * 100:06d}"


def is_blank(text: str | None) -> bool:
    """Empty after trimming Unicode white space (I8)."""
    return text is None or not text.strip()
