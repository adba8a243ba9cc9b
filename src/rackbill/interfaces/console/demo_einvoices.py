"""What the demo's sellers and some of its customers say for e-invoices: an authority, a Belgian business, one in Singapore."""

from datetime import date, datetime

from rackbill.domain.kit.scope import StaffScope, WholeInstallation
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.errors import EinvoiceDataRefused
from rackbill.domain.parties.operations import einvoices as operations
from rackbill.domain.parties.queries import einvoices
from rackbill.domain.parties.queries.einvoices import CustomerData
from rackbill.interfaces.console.acting import CONSOLE

EVERYTHING = WholeInstallation()
AUTHORITY = "0204:04011000-1234512345-06"
SINCE = date(2020, 10, 1)
THANKS = {
    "en": "Questions about this document? Answer the mail that it came with.",
    "de": "Fragen zu diesem Beleg? Antworten Sie auf die Mail, mit der er kam.",
    "nl": "Vragen over dit document? Beantwoord de mail waarmee het kwam.",
    "ru": "Вопросы по документу? Ответьте на письмо, с которым он пришёл.",
}


def prepare(*, url: str, now: datetime) -> None:
    """Heads of all sellers, and the customers, as far as the simulated base has such."""
    for organisation_id in parties.sellers():
        _seller(organisation_id, url, now)
    _customer("2100", "DE", "factur-x", AUTHORITY, now, is_public_body=True)
    _customer("2000", "BE", "en16931-ubl", "", now)
    _customer("2600", "SG", "", "", now)


def _seller(organisation_id: str, url: str, now: datetime) -> None:
    seller = parties.seller(organisation_id=organisation_id)
    number = seller.party.company_number
    address = {"NL": f"0106:{number}", "SG": f"0195:{number}", "DE": f"9930:{seller.party.tax_number('VAT')}"}
    for fields in (
        {"contact_name": "Clara Clerk", "portal_url": f"{url}invoices/"},
        {
            "electronic_address": address.get(seller.country, ""),
            "company_scheme": "0106" if seller.country == "NL" else "",
        },
        {"paynow_uen": number if seller.country == "SG" else ""},
    ):
        try:
            operations.change_sales_organisation(organisation_id=organisation_id, fields=fields, now=now, actor=CONSOLE)
        except EinvoiceDataRefused:
            continue  # An invented number that no register would give; the seller stays without.
    for language, text in THANKS.items():
        operations.store_seller_text(
            organisation_id=organisation_id, name="questions", kind="", language=language, text=text, valid_from=SINCE,
            valid_until=None, now=now, actor=CONSOLE,
        )  # fmt: skip


def _customer(
    organisation_id: str, country: str, choice: str, address: str, now: datetime, *, is_public_body: bool = False
) -> None:
    """The first business of the seller in the country, with the address or that of its own tax number."""
    found = _first_business(organisation_id, country, now.date())
    if found is None:
        return
    if is_public_body:
        operations.change_customer(
            scope=EVERYTHING, customer_id=found.customer_id, fields={}, is_public_body=True, now=now, actor=CONSOLE
        )
    digits = "".join(letter for letter in found.tax_id if letter.isdigit())
    own = {"BE": f"0208:{digits}", "SG": f"0195:{found.tax_id}"}.get(country, "")
    fields = {"einvoice_choice": choice, "electronic_address": address or own}
    try:
        operations.change_billing_group(
            scope=EVERYTHING, group_id=found.groups[0].group_id, fields=fields, on=now.date(), now=now, actor=CONSOLE
        )
    except EinvoiceDataRefused:
        operations.change_billing_group(
            scope=EVERYTHING, group_id=found.groups[0].group_id, fields={"einvoice_choice": choice}, on=now.date(),
            now=now, actor=CONSOLE,
        )  # fmt: skip


def _first_business(organisation_id: str, country: str, today: date) -> CustomerData | None:
    scope = StaffScope(frozenset({organisation_id}))
    for row in einvoices.customer_list(scope=scope, limit=500).rows:
        if row.country == country:
            data = einvoices.customer_data(scope=scope, customer_id=row.customer_id, on=today)
            if data.kind == "business" and (data.tax_id or country == "DE"):
                return data
    return None
