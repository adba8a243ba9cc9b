"""Seller and buyer as business terms: registrations, VAT IDs with their country, electronic addresses, contacts."""

from rackbill.core.document import Document
from rackbill.core.party import Party
from rackbill.formats.einvoice_terms.national import german_rule, is_danish, is_german
from rackbill.formats.einvoice_terms.taxes import TaxView
from rackbill.formats.einvoice_terms.values import EinvoiceRefused, PartyTerms, Profile

_VAT_PREFIX = {"GR": "EL"}
_MAIL_SCHEME = "EM"
_COMPANY_SCHEMES = {"NL": ("0106", "0190"), "DK": ("0184",), "IS": ("0196",)}
"""Registers that Peppol's national rules ask for on a seller of the country (NL-R-003, DK-R-014, IS-R-002)."""
_COMPANY_RULES = {"NL": ("NL-R-003", "NL-R-003"), "DK": ("DK-R-002", "DK-R-014"), "IS": ("IS-R-002", "IS-R-002")}
"""The rule of a company number that is missing, and of one without its register."""


def seller_terms(document: Document, profile: Profile, taxes: TaxView) -> PartyTerms:
    """BG-4. Raises EinvoiceRefused for what the profile asks for and the seller lacks."""
    seller = document.seller
    name = f"sales organisation {document.sales_organisation_id} ({seller.name})"
    scheme, address = _address(seller, profile, name, term="BT-34", rule="PEPPOL-EN16931-R020")
    tax_id = "" if taxes.is_outside else _tax_id(seller, profile, taxes.jurisdictions)
    others = [r for r in seller.tax_registrations if r.scheme != profile.tax_scheme and r.number.strip()]
    company_number = seller.company_number.strip()
    company_scheme = seller.company_scheme.strip()
    if profile.rules == "peppol":
        company_number = _known_register(document, profile, name, bool(tax_id))
    if profile.rules == "pint-sg" and not company_number:
        raise EinvoiceRefused(
            f"{name} has no company number (BT-30), which {profile.title} demands; enter its UEN",
            rule="BR-112-GST-SG", term="BT-30",
        )  # fmt: skip
    terms = PartyTerms(
        **_common(seller),
        identifier="" if company_number or tax_id else document.sales_organisation_id,
        company_number=company_number,
        company_scheme=company_scheme if company_number else "",
        tax_id=tax_id,
        tax_number=others[0].number.strip() if others else "",
        legal_information=", ".join(f"{r.scheme} {r.number.strip()}" for r in others) if len(others) > 1 else "",
        electronic_address=address,
        address_scheme=scheme,
        # A contact without a name is refused by many receivers.
        contact_name=seller.contact_name.strip() or seller.name.strip(),
        phone=seller.phone.strip(),
        email=seller.email.strip(),
    )
    _check_seller(terms, document, profile, name)
    return terms


def _known_register(document: Document, profile: Profile, name: str, has_tax_id: bool) -> str:
    """The seller's company number in Peppol, blank where its register is none that the seller's country allows. A Dutch seller

    with a VAT ID goes without; a Danish or Icelandic one cannot (DK-R-002, IS-R-002). Raises EinvoiceRefused.
    """
    seller, country = document.seller, document.seller.address.country
    number, scheme = seller.company_number.strip(), seller.company_scheme.strip()
    wanted = _COMPANY_SCHEMES.get(country, ())
    if not wanted or (number and scheme in wanted):
        return number
    if country == "NL" and (has_tax_id or not number):
        return ""
    lacking = "needs the scheme of its company number" if number else "has no company number"
    raise EinvoiceRefused(
        f"{name} {lacking} (BT-30), which {profile.title} demands: {' or '.join(wanted)}; enter it there",
        rule=_COMPANY_RULES[country][bool(number)], term="BT-30",
    )  # fmt: skip


def buyer_terms(document: Document, profile: Profile, taxes: TaxView) -> PartyTerms:
    """BG-7. Raises EinvoiceRefused for what the profile asks for and the buyer lacks."""
    buyer = document.buyer
    name = f"customer {document.bill_to.customer_id} ({buyer.name})"
    scheme, address = _address(buyer, profile, name, term="BT-49", rule="PEPPOL-EN16931-R010")
    contact = buyer.contact_name.strip()
    terms = PartyTerms(
        **_common(buyer),
        # Between Danes an identifier needs its register (DK-R-013), and our number has none.
        identifier="" if is_danish(document, profile) else document.bill_to.customer_id,
        company_number=buyer.company_number.strip(),
        company_scheme=buyer.company_scheme.strip() if buyer.company_number.strip() else "",
        tax_id="" if taxes.is_outside else _tax_id(buyer, profile, ()),
        electronic_address=address,
        address_scheme=scheme,
        contact_name=contact,
        phone=buyer.phone.strip() if contact else "",
        email=buyer.email.strip() if contact else "",
    )
    _check_address(terms, document, profile, name, (9, "BR-107-GST-SG", "BT-53"))
    return terms


def _common(party: Party) -> dict[str, str]:
    address = party.address
    return {
        "name": party.name.strip(),
        "street": ", ".join(part.strip() for part in address.street.splitlines() if part.strip()),
        "city": address.city.strip(),
        "postal_code": address.postal_code.strip(),
        "state": address.state.strip(),
        "country": address.country,
    }


def _check_seller(terms: PartyTerms, document: Document, profile: Profile, name: str) -> None:
    _check_address(terms, document, profile, name, (4, "BR-106-GST-SG", "BT-38"))
    if is_german(document, profile):
        for value, what, rule, term in (
            (terms.phone, "telephone number", 6, "BT-42"), (terms.email, "e-mail address", 7, "BT-43"),
        ):  # fmt: skip
            if not value:
                raise EinvoiceRefused(
                    f"{name} has no {what} ({term}), which {profile.title} demands; enter it there",
                    rule=german_rule(profile, rule),
                    term=term,
                )
    if profile.rules == "pint-sg" and not terms.tax_id:
        raise EinvoiceRefused(
            f"{name} has no GST number (BT-31), which {profile.title} demands; enter it there",
            rule="BR-105-GST-SG", term="BT-31",
        )  # fmt: skip


def _check_address(
    terms: PartyTerms, document: Document, profile: Profile, name: str, asked: tuple[int, str, str]
) -> None:
    """`asked`: the German rule's number, Singapore's rule, and the term of the post code."""
    number, of_singapore, term = asked
    if is_german(document, profile):
        rule, line, what = german_rule(profile, number), terms.city, "city and post code"
    elif profile.rules == "pint-sg":
        rule, line, what = of_singapore, terms.street, "street and post code"
    else:
        return
    if not terms.postal_code or not line:
        raise EinvoiceRefused(
            f"{name} needs {what} ({term}) for {profile.title}; complete the address",
            rule=rule, term=term,
        )  # fmt: skip


def _address(party: Party, profile: Profile, name: str, *, term: str, rule: str) -> tuple[str, str]:
    """(scheme, ID) of the electronic address; in XRechnung the e-mail address will do. Raises EinvoiceRefused."""
    text = party.electronic_address.strip()
    if not text:
        if profile.rules == "xrechnung" and party.email.strip():
            return _MAIL_SCHEME, party.email.strip()
        if not profile.is_sent:
            return "", ""
        raise EinvoiceRefused(
            f"{name} has no electronic address ({term}), without which {profile.title} cannot be sent; enter it there, "
            "as 0208:0123456789, or choose another form of invoice",
            rule=rule, term=term,
        )  # fmt: skip
    scheme, colon, address = text.partition(":")
    if not colon or not scheme.strip() or not address.strip():
        raise EinvoiceRefused(
            f"{name} has the electronic address {text!r} ({term}); write its scheme before it, as 0208:0123456789",
            rule="BR-62" if term == "BT-34" else "BR-63", term=term,
        )  # fmt: skip
    if profile.rules in ("peppol", "pint-sg") and scheme.strip() == _MAIL_SCHEME:
        raise EinvoiceRefused(
            f"{name} has an e-mail address as its electronic address ({term}); {profile.title} goes over a network that "
            "knows no e-mail: enter the participant ID, or choose another form of invoice",
            rule="PEPPOL-EN16931-CL008", term=term,
        )  # fmt: skip
    return scheme.strip(), address.strip()


def _tax_id(party: Party, profile: Profile, jurisdictions: tuple[str, ...]) -> str:
    """The party's number of the profile's tax; of several the one of the country whose tax is charged, else of its own."""
    numbers = [r.number for r in party.tax_registrations if r.scheme == profile.tax_scheme and r.number.strip()]
    if not numbers:
        return ""
    if profile.tax_scheme != "VAT":
        return numbers[0].strip()
    prefixed = [with_country(number, party.address.country) for number in numbers]
    for country in (*jurisdictions, party.address.country):
        for number in prefixed:
            if number.startswith(_VAT_PREFIX.get(country, country)):
                return number
    return prefixed[0]


def with_country(number: str, country: str) -> str:
    """A VAT ID without blanks, with its country before it (BR-CO-09; Greece is EL)."""
    text = "".join(number.split()).upper()
    if text[:2].isalpha() and text[:2].isascii():
        return text
    return f"{_VAT_PREFIX.get(country, country)}{text}"
