"""Numbers of payments: the IBAN and the SEPA creditor identifier, checked by their digits."""

import re

from stdnum import iban as iban_numbers
from stdnum.iso7064 import mod_97_10

from rackbill.domain.parties.errors import EinvoiceDataRefused

_CREDITOR = re.compile(r"([A-Z]{2}\d\d)[A-Z0-9]{3}([A-Z0-9]{1,28})")


def is_iban(text: str) -> bool:
    """Whether length and check digits are those of an IBAN."""
    return bool(iban_numbers.is_valid(text))


def checked_creditor_id(text: str) -> str:
    """A creditor identifier (BT-90) without blanks; blank stays blank. Raises EinvoiceDataRefused.

    Its check digits leave the business code (characters 5 to 7) out (EPC262-08, ISO 7064 mod 97-10).
    """
    number = "".join(text.split()).upper()
    if not number:
        return ""
    found = _CREDITOR.fullmatch(number)
    if found is None or not mod_97_10.is_valid(found[2] + found[1]):
        raise EinvoiceDataRefused(
            f"{number} is no SEPA creditor identifier: its shape or check digits are wrong; it begins with the country, as "
            "DE98ZZZ09999999999",
            code="creditor_id", given=number,
        )  # fmt: skip
    return number
