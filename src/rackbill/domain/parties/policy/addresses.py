"""Electronic addresses and registers: scheme and ID as the receiver's network knows them, checked before they are kept."""

import csv
import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pycountry
from stdnum.exceptions import ValidationError
from stdnum.sg import uen

from rackbill.core.tax.table import BY_STATE
from rackbill.domain.parties.errors import EinvoiceDataRefused

MAIL_SCHEME = "EM"
LEITWEG_SCHEME = "0204"
_TABLE = Path(__file__).parents[1] / "electronic_address_schemes.csv"
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ANY = re.compile(r"[!-~]{1,130}")
_NOT_GIVEN = {"0092", "0103", "0181", "0182"}
"""Numbers below 0248 that no register of ISO 6523 has."""


@dataclass(frozen=True, slots=True)
class AddressScheme:
    """One code of the EAS list (BT-34-1, BT-49-1): its check by python-stdnum, or its shape, and the country before a number."""

    code: str
    name: str
    check: str
    shape: str
    prefix: str


@cache
def address_schemes() -> dict[str, AddressScheme]:
    """By code, the Electronic Address Scheme list as EN 16931 1.3.16 knows it (rule BR-CL-25)."""
    with _TABLE.open(encoding="utf-8", newline="") as handle:
        return {row["code"]: AddressScheme(**row) for row in csv.DictReader(handle)}


def checked_address(text: str) -> str:
    """An electronic address as SCHEME:ID in the form of its register; blank stays blank. Raises EinvoiceDataRefused."""
    scheme, colon, number = (part.strip() for part in text.strip().partition(":"))
    if not text.strip():
        return ""
    if not scheme or not colon or not number:
        raise EinvoiceDataRefused(
            f"the electronic address {text.strip()!r} has no scheme; write it as 0208:0123456789, code and ID",
            code="address_without_scheme", given=text.strip(),
        )  # fmt: skip
    known = address_schemes().get(scheme.upper())
    if known is None:
        raise EinvoiceDataRefused(
            f"there is no scheme {scheme!r} of electronic addresses; the list EAS has codes such as 0204 (Leitweg-ID), "
            "0208 (Belgian enterprise number), 9930 (German VAT ID) or EM (e-mail)",
            code="address_scheme_unknown", given=scheme,
        )  # fmt: skip
    return f"{known.code}:{_checked_number(known, number)}"


def _checked_number(scheme: AddressScheme, number: str) -> str:
    if scheme.code == MAIL_SCHEME:
        return _shaped(scheme, number, _MAIL)
    if scheme.check:
        # Participants in Singapore are registered as SGUEN and their UEN.
        before = "SGUEN" if scheme.code == "0195" and number.upper().startswith("SGUEN") else ""
        return before + _by_register(scheme, number[len(before) :])
    bare = "".join(number.split())
    return _shaped(scheme, bare, re.compile(scheme.shape) if scheme.shape else _ANY)


def _by_register(scheme: AddressScheme, number: str) -> str:
    module: Any = importlib.import_module(f"stdnum.{scheme.check}")
    try:
        return scheme.prefix + str(module.validate(number)).removeprefix(scheme.prefix)
    except ValidationError as fault:
        raise EinvoiceDataRefused(
            f"{number!r} is no {scheme.name} (scheme {scheme.code}): {fault}; compare it with what the customer wrote",
            code="address_wrong", given=f"{scheme.code}:{number}",
        ) from None  # fmt: skip


def _shaped(scheme: AddressScheme, number: str, shape: re.Pattern[str]) -> str:
    if not shape.fullmatch(number):
        raise EinvoiceDataRefused(
            f"{number!r} has not the shape of a {scheme.name} (scheme {scheme.code}); compare it with what the customer wrote",
            code="address_wrong", given=f"{scheme.code}:{number}",
        )  # fmt: skip
    return number


def checked_company_scheme(text: str) -> str:
    """The ISO 6523 code of a register (BT-30-1, BT-47-1; rule BR-CL-11); blank stays blank. Raises EinvoiceDataRefused."""
    code = text.strip()
    if not code:
        return ""
    if not re.fullmatch(r"\d{4}", code) or code in _NOT_GIVEN or not "0002" <= code <= "0248":
        raise EinvoiceDataRefused(
            f"{code!r} is no register of ISO 6523; enter a code such as 0106 (Dutch KvK), 0184 (Danish CVR), 0195 (UEN), 0208",
            code="company_scheme_unknown", given=code,
        )  # fmt: skip
    return code


def checked_uen(text: str) -> str:
    """A Singapore UEN in its form; blank stays blank. Raises EinvoiceDataRefused."""
    if not text.strip():
        return ""
    try:
        return str(uen.validate(text))
    except ValidationError as fault:
        raise EinvoiceDataRefused(
            f"{text.strip()!r} is no UEN: {fault}; PayNow pays to the UEN that the bank registered",
            code="uen_wrong", given=text.strip(),
        ) from None  # fmt: skip


def checked_url(text: str) -> str:
    """The start of a link, ending so that a number can follow; blank stays blank. Raises EinvoiceDataRefused."""
    url = text.strip()
    if not url:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("https", "http") or not parts.hostname or not _ANY.fullmatch(url):
        raise EinvoiceDataRefused(
            f"{url!r} is no address of a portal; write it as https://portal.example/invoices/",
            code="url_wrong",
            given=url,
        )
    return url if url.endswith(("/", "=")) else f"{url}/"


def checked_country(text: str) -> str:
    """A country as ISO 3166-1 writes it (BT-55): two letters. Raises EinvoiceDataRefused."""
    code = text.strip().upper()
    if pycountry.countries.get(alpha_2=code) is None:
        raise EinvoiceDataRefused(
            f"{text.strip()!r} is no country; write it as ISO 3166-1 does, with two letters: DE, NL, US",
            code="country_unknown", given=text.strip(),
        )  # fmt: skip
    return code


def checked_state(text: str, *, country: str) -> str:
    """A state or province (BT-54): the two letters of ISO 3166-2 where tax goes by it, else the words of the address.

    Raises EinvoiceDataRefused.
    """
    state = text.strip()
    if not state or country not in BY_STATE:
        return state
    if pycountry.subdivisions.get(code=f"{country}-{state.upper()}") is None:
        raise EinvoiceDataRefused(
            f"{state!r} is no state or province of {country}; write its two letters: {'CA, NY' if country == 'US' else 'ON, QC'}",
            code="state_unknown", given=state,
        )  # fmt: skip
    return state.upper()


def checked_kind(text: str) -> str:
    """Whether a customer is a business or a consumer. Raises EinvoiceDataRefused."""
    if text.strip() not in ("business", "consumer"):
        raise EinvoiceDataRefused(
            f"a customer is a business or a consumer, not {text.strip()!r}",
            code="customer_kind_unknown",
            given=text.strip(),
        )
    return text.strip()


CHECKS: dict[str, Callable[[str], str]] = {
    "electronic_address": checked_address, "company_scheme": checked_company_scheme, "paynow_uen": checked_uen,
    "portal_url": checked_url,
}  # fmt: skip
"""By column of a party, how it is checked and brought into its form."""


def checked_columns(columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a new row, those of the list checked. Raises EinvoiceDataRefused."""
    return {name: CHECKS[name](value) if name in CHECKS else value for name, value in columns.items()}
