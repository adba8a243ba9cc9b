"""A sales organisation's brand folder as a value: `brand.toml`, and the logo that it names.

    logo = "logo.svg"          # SVG or PNG
    accent = "#0b5d57"         # one colour, for the rule above the amount

    [[texts]]                  # what documents say, by name, language and kind; no kind: on every kind
    name = "terms"
    language = "de"
    kind = "invoice"
    text = "Es gelten unsere AGB vom 1. März 2026."

    [[banks]]                  # where customers pay, one for each currency
    currency = "EUR"
    bank_name = "Rabobank"
    iban = "NL91ABNA0417164300"
    bic = "ABNANL2A"

Logo and colour are read when a page is made: a brand changes how a page looks. Texts and banks are taken over into the sales
organisation's data (decision 24), whence they are frozen into each document; no page is made from the folder's words.
"""

import base64
import hashlib
import re
import struct
import tomllib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from lxml import etree
from stdnum import bic, iban

from rackbill.core.document import DocumentKind
from rackbill.core.party import BankAccount
from rackbill.formats.wording import LANGUAGES

_PNG = b"\x89PNG\r\n\x1a\n"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_KEYS = {"logo", "accent", "texts", "banks"}
_TEXT = {"name", "language", "kind", "text"}
_BANK = {"currency", "bank_name", "iban", "bic", "account_number", "routing_code"}


class BrandRefused(ValueError):
    """A brand folder cannot be used; the message names the file, the reason and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandText:
    """What the folder wants documents to say: blank kind means every kind. Texts of one name are translations of one another."""

    name: str
    language: str
    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Brand:
    """Logo as SVG text (empty: the seller's name stands there) and the accent colour as #rrggbb; texts and banks to take over."""

    logo: str = ""
    accent: str = "#262626"
    texts: tuple[BrandText, ...] = ()
    banks: tuple[BankAccount, ...] = ()

    @property
    def digest(self) -> str:
        """Of how pages look: eight hex digits; `plain` for the look of a provider without a folder."""
        if (self.accent, self.logo) == (PLAIN.accent, PLAIN.logo):
            return "plain"
        return hashlib.sha256(f"{self.accent}\n{self.logo}".encode()).hexdigest()[:8]


PLAIN = Brand()


def brand_from_files(files: Mapping[str, bytes]) -> Brand:
    """The brand in a folder's files by name; PLAIN without a `brand.toml`. Raises BrandRefused."""
    if "brand.toml" not in files:
        return PLAIN
    try:
        data = tomllib.loads(files["brand.toml"].decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrandRefused(f"brand.toml cannot be read: {error}; mend it as TOML in UTF-8") from None
    if unknown := sorted(set(data) - _KEYS):
        raise BrandRefused(f"brand.toml names {', '.join(unknown)}; it may name {', '.join(sorted(_KEYS))}")
    accent = data.get("accent", PLAIN.accent)
    if not isinstance(accent, str) or not _COLOUR.fullmatch(accent):
        raise BrandRefused(f"brand.toml: accent is {accent!r}; write a colour as #rrggbb")
    if not is_dark_enough(accent):
        raise BrandRefused(
            f"brand.toml: accent {accent} is too light on paper; take one with a contrast of 4.5 to white"
        )
    return Brand(
        logo=_logo(data.get("logo", ""), files), accent=accent, texts=_texts(data.get("texts", [])),
        banks=_banks(data.get("banks", [])),
    )  # fmt: skip


def _texts(rows: object) -> tuple[BrandText, ...]:
    found = [BrandText(**row) for row in _tables(rows, "texts", needed=("name", "language", "text"), allowed=_TEXT)]
    keys = [(one.name, one.language, one.kind) for one in found]
    for one in found:
        about = f"brand.toml: text {one.name!r} ({one.language}, {one.kind or 'every kind'})"
        if one.language not in LANGUAGES:
            raise BrandRefused(f"{about}: documents speak {', '.join(LANGUAGES)}; choose one of them")
        if one.kind and one.kind not in set(DocumentKind):
            raise BrandRefused(f"{about}: the kinds are {', '.join(DocumentKind)}; choose one, or leave it out")
        if keys.count((one.name, one.language, one.kind)) > 1:
            raise BrandRefused(f"{about} stands there twice; keep one")
    return tuple(found)


def _banks(rows: object) -> tuple[BankAccount, ...]:
    found = [BankAccount(**row) for row in _tables(rows, "banks", needed=("currency", "bank_name"), allowed=_BANK)]
    currencies = [one.currency for one in found]
    for one in found:
        about = f"brand.toml: the bank for {one.currency}"
        if not re.fullmatch("[A-Z]{3}", one.currency):
            raise BrandRefused(f"{about}: write the currency as its three letters, such as EUR")
        if bool(one.iban) == bool(one.account_number):
            raise BrandRefused(f"{about} needs either an iban or an account_number; give one of them")
        if one.iban and not iban.is_valid(one.iban):
            raise BrandRefused(
                f"{about}: {one.iban!r} is no IBAN, its check digits or its length are wrong; correct it"
            )
        if one.bic and not bic.is_valid(one.bic):
            raise BrandRefused(f"{about}: {one.bic!r} is no BIC; it has 8 or 11 letters and digits")
        if currencies.count(one.currency) > 1:
            raise BrandRefused(f"{about} stands there twice; customers of one currency pay to one account, keep one")
    return tuple(replace(one, iban=iban.compact(one.iban), bic=bic.compact(one.bic)) for one in found)


def _tables(rows: object, name: str, *, needed: Sequence[str], allowed: Set[str]) -> Iterator[dict[str, str]]:
    """The tables of a list, each with texts alone, the needed ones not blank."""
    if not isinstance(rows, list) or any(not isinstance(row, dict) for row in rows):
        raise BrandRefused(f"brand.toml: {name} is no list of tables; head each with [[{name}]]")
    for place, row in enumerate(rows, start=1):
        about = f"brand.toml: number {place} of {name}"
        if unknown := sorted(set(row) - allowed):
            raise BrandRefused(f"{about} has {', '.join(unknown)}; it may have {', '.join(sorted(allowed))}")
        if wrong := [key for key, value in row.items() if not isinstance(value, str)]:
            raise BrandRefused(f"{about}: {wrong[0]} is no text; put it in quotation marks")
        if missing := [key for key in needed if not row.get(key, "").strip()]:
            raise BrandRefused(f"{about} has no {missing[0]}; give it one")
        yield {key: value.strip() for key, value in row.items()}


def is_dark_enough(colour: str) -> bool:
    """Whether a colour has a contrast of at least 4.5 to white (WCAG 2.1, 1.4.3)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    luminance: float = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 1.05 / (luminance + 0.05) >= 4.5


def _logo(name: object, files: Mapping[str, bytes]) -> str:
    if not name:
        return ""
    if not isinstance(name, str) or name not in files:
        raise BrandRefused(f"brand.toml: the logo {name!r} is not in the folder; put the file beside brand.toml")
    content = files[name]
    if content.startswith(_PNG):
        if len(content) < 24 or 0 in struct.unpack(">II", content[16:24]):
            raise BrandRefused(f"{name} begins like a PNG and ends too soon; save the picture again")
        width, height = struct.unpack(">II", content[16:24])
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}"><image width="{width}" height="{height}" '
            f'xlink:href="data:image/png;base64,{base64.b64encode(content).decode()}"/></svg>'
        )
    text = content.decode(errors="replace")
    if "<svg" not in text[:2000]:
        raise BrandRefused(f"brand.toml: {name} is neither SVG nor PNG; give the logo in one of these forms")
    if re.search(r"<\s*(text|script|foreignObject)\b", text):
        raise BrandRefused(f"{name} holds text or script; convert letters to outlines, so that no font is missing")
    try:
        etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise BrandRefused(f"{name} is not well-formed SVG: {error}; save the picture again") from None
    return text
