"""Who sells and who buys, as printed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress:
    """BG-5 / BG-8. `country` is ISO 3166-1 alpha-2, `state` its subdivision without the country."""

    street: str
    city: str
    country: str
    postal_code: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRegistration:
    """One tax number (BT-31, BT-32, BT-48): scheme VAT, GST, QST, EIN, JCT or ABN."""

    scheme: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A seller or buyer as it stands on a document (BG-4, BG-7).

    `electronic_address` is scheme:ID (BT-34, BT-49), `company_scheme` the ICD code of the company number (BT-30-1, BT-47-1).
    """

    name: str
    address: PostalAddress
    company_number: str = ""
    tax_registrations: tuple[TaxRegistration, ...] = ()
    email: str = ""
    phone: str = ""
    contact_name: str = ""
    electronic_address: str = ""
    company_scheme: str = ""

    def tax_number(self, *schemes: str) -> str:
        """The first number of the named schemes (any when none is named), or an empty text."""
        for registration in self.tax_registrations:
            if not schemes or registration.scheme in schemes:
                return registration.number
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """Where to pay (BG-17): an IBAN, or an account number with its routing code."""

    bank_name: str
    currency: str
    iban: str = ""
    bic: str = ""
    account_number: str = ""
    routing_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DebitMandate:
    """What a direct debit rests on (BG-19): the mandate's reference (BT-89) and the IBAN that it lets debit (BT-91)."""

    reference: str
    account: str
