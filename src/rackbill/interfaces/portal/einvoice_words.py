"""Words of the pages about e-invoices, for customers and staff: fields, what is missing, why an entry was refused."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from rackbill.domain.parties.errors import EinvoiceDataRefused
from rackbill.domain.parties.policy.einvoices import NO_EINVOICE, TITLES, CountryRule
from rackbill.domain.parties.policy.readiness import Gap

LABELS = {
    "electronic_address": _("Electronic address"),
    "contact_name": _("Contact person"),
    "buyer_reference": _("Buyer reference"),
    "project_reference": _("Project reference"),
    "po_number": _("Purchase order without dates"),
    "cost_centre": _("Cost centre"),
    "einvoice_choice": _("E-invoice"),
    "addressee": _("Addressee"),
    "name": _("Name"),
    "street": _("Street"),
    "city": _("City"),
    "postal_code": _("Post code"),
    "tax_id": _("VAT ID or other tax number"),
    "company_number": _("Company number"),
    "company_scheme": _("Register of the company number"),
}
HINTS = {
    "electronic_address": _("Scheme and ID, such as 0204:991-03730-19, 0208:0428759497 or EM:invoices@example.com"),
    "buyer_reference": _("What accounts payable routes by; for German authorities the Leitweg-ID"),
    "po_number": _("Stands on invoices on days without a dated purchase order"),
    "company_scheme": _(
        "Code of ISO 6523, such as 0106 (Dutch KvK), 0184 (Danish CVR), 0208 (Belgian enterprise number)"
    ),
    "addressee": _("Blank: the name of the customer"),
}
MISSING = {
    "buyer_address": _("The electronic address is missing."),
    "buyer_mail_address": _("%(title)s goes over a network; enter a participant ID in place of the e-mail address."),
    "seller_address": _("%(seller)s has no electronic address."),
    "seller_mail_address": _(
        "%(title)s goes over a network; %(seller)s needs a participant ID, not an e-mail address."
    ),
    "buyer_reference": _("The buyer reference is missing; a public body routes by it (in Germany the Leitweg-ID)."),
    "buyer_tax_id": _("The VAT ID is missing; the customer owes the tax itself, so it must stand on the invoice."),
    "seller_tax_id": _("%(seller)s has no %(tax)s number."),
    "seller_contact": _("%(seller)s has no contact person for billing questions."),
    "seller_phone": _("%(seller)s has no telephone number for billing questions."),
    "seller_email": _("%(seller)s has no e-mail address for billing questions."),
    "seller_company_number": _("%(seller)s has no company number; its UEN is needed."),
    "seller_company_scheme": _("%(seller)s needs the register of its company number: %(schemes)s."),
    "seller_city": _("%(seller)s needs city and post code."),
    "buyer_city": _("City or post code is missing in the address."),
    "seller_street": _("%(seller)s needs street and post code."),
    "buyer_street": _("Street or post code is missing in the address."),
    "seller_account": _("%(seller)s has no bank account; %(title)s wants to know how to pay."),
    "seller_creditor_id": _("%(seller)s has no creditor ID, which %(title)s wants beside mandate %(mandate)s."),
    "debited_account": _("The IBAN of the account that mandate %(mandate)s lets debit is missing or wrong."),
    "rules_missing": _("The official rules of %(title)s are not imported, so its invoices cannot be checked."),
    "no_tax_rule": _("No tax rule fits, so nothing can be billed: %(fault)s"),
    "purchase_order_ended": _("The last purchase order has ended; enter the one that follows."),
    "paynow": _("%(seller)s has no UEN for PayNow, so invoices in SGD carry no PayNow code."),
}
REFUSALS = {
    "address_without_scheme": _(
        "“%(given)s” has no scheme. Write the electronic address as 0208:0123456789, code and ID."
    ),
    "address_scheme_unknown": _("There is no scheme “%(given)s” of electronic addresses."),
    "address_wrong": _("“%(given)s” cannot be right for its scheme; its digits or its shape do not fit."),
    "company_scheme_unknown": _("“%(given)s” is no register of ISO 6523."),
    "choice_against_law": _("An e-invoice is demanded by law since %(given)s; it cannot be turned off."),
    "name_missing": _("The customer needs a name; invoices are made out to it."),
    "street_missing": _("The customer needs a street; invoices are made out to it."),
    "city_missing": _("The customer needs a city; invoices are made out to it."),
    "tax_id_unchecked": _(
        "Tax number “%(given)s” was not checked with the registry; record the registry's answer first."
    ),
    "too_long": _("One of the texts is too long."),
    "order_number": _("A purchase order needs a number of at most 60 characters."),
    "order_days": _("A purchase order cannot end before it begins."),
    "order_overlaps": _("Purchase order %(given)s is valid on some of these days; end it first or choose other days."),
    "order_unknown": _("There is no purchase order %(given)s that can be ended."),
    "day_missing": _("Enter a day as year-month-day."),
}
LIMITS = {
    "access_point": _("Rackbill writes and checks the file; only an access point of the network hands it over."),
    "approved_platform": _("The law also wants it to pass an approved platform, which Rackbill does not connect to."),
    "ksef": _("The law wants an FA(3) in KSeF, which Rackbill neither writes nor sends; use a KSeF service."),
    "sdi": _("The law wants a FatturaPA in the SdI, which Rackbill neither writes nor sends; use an SdI service."),
    "tax_reporting": _("The law also wants a report to the tax office, which Rackbill does not make."),
}
BY_LAW = _("As the country says: %(title)s")
BY_LAW_NONE = _("As the country says: no e-invoice")
NONE = _("No e-invoice")


def missing(gap: Gap) -> Any:
    """What is missing, in the reader's language."""
    return MISSING[gap.code] % {**gap.values, "seller": gap.values["seller_name"]}


def refusal(fault: EinvoiceDataRefused) -> Any:
    """Why an entry was refused, in the reader's language; in English where a page cannot lead to it."""
    return REFUSALS[fault.code] % {"given": fault.given} if fault.code in REFUSALS else str(fault)


def choices(rule: CountryRule, profiles: frozenset[str]) -> list[tuple[str, Any]]:
    """(value, words) of what a billing group may choose: the country's answer, none unless the law forbids it, profiles."""
    is_given = rule.profile and rule.duty in ("mandatory", "default")
    found: list[tuple[str, Any]] = [("", BY_LAW % {"title": TITLES[rule.profile]} if is_given else BY_LAW_NONE)]
    if not (rule.duty == "mandatory" and rule.profile):
        found.append((NO_EINVOICE, NONE))
    return found + [(profile, title) for profile, title in TITLES.items() if profile in profiles]
