"""What is still missing before a customer can get an e-invoice, each with its business term and the rule that asks for it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rackbill.core.party import BankAccount, DebitMandate, Party
from rackbill.domain.parties.policy.accounts import is_iban
from rackbill.domain.parties.policy.addresses import LEITWEG_SCHEME, MAIL_SCHEME
from rackbill.domain.parties.policy.einvoices import PROFILES, TITLES, CountryRule

BUYER = "buyer"
SELLER = "seller"
RULES = "rules"
NETWORKS = frozenset({"peppol", "pint-sg"})
_XRECHNUNG = frozenset({"xrechnung", "zugferd"})
"""Alone, and inside a PDF."""
_COMPANY_SCHEMES = {"NL": ("0106", "0190"), "DK": ("0184",), "IS": ("0196",)}
"""Registers that Peppol's national rules ask for on a seller of the country (NL-R-003, DK-R-014, IS-R-002)."""
_SELLER_CITY = (("BT-38", 4), ("BT-37", 3))
_BUYER_CITY = (("BT-53", 9), ("BT-52", 8))
"""Term and German rule of a missing post code, and of a missing city where the post code is there."""
_SENTENCES = {
    "buyer_address": "{buyer} has no electronic address; enter it as SCHEME:ID",
    "buyer_mail_address": "{buyer} has an e-mail address as its electronic address; {title} goes over a network: enter the "
    "participant ID, such as 0208:0123456789",
    "seller_address": "{seller} has no electronic address; enter it there as SCHEME:ID",
    "seller_mail_address": "{seller} has an e-mail address as its electronic address; {title} goes over a network: enter "
    "the participant ID",
    "buyer_reference": "{buyer} has no buyer reference; a public body routes by it (in Germany the Leitweg-ID)",
    "buyer_tax_id": "{buyer} owes the tax itself, so its VAT ID must stand on the invoice; enter it",
    "seller_tax_id": "{seller} has no {tax} number; enter it there",
    "seller_contact": "{seller} has no contact person for billing questions; enter the name there",
    "seller_phone": "{seller} has no telephone number for billing questions; enter it there",
    "seller_email": "{seller} has no e-mail address for billing questions; enter it there",
    "seller_company_number": "{seller} has no company number; enter its UEN there",
    "seller_company_scheme": "{seller} needs the scheme of its company number: {schemes}; enter it there",
    "seller_city": "{seller} needs city and post code; complete its address",
    "buyer_city": "{buyer} needs city and post code; complete the address",
    "seller_street": "{seller} needs street and post code; complete its address",
    "buyer_street": "{buyer} needs street and post code; complete the address",
    "seller_account": "{seller} has no bank account; {title} wants to know how to pay",
    "seller_creditor_id": "{seller} has no creditor ID, which {title} wants beside mandate {mandate}; enter it there",
    "debited_account": "{buyer} has mandate {mandate} for an account whose IBAN is missing or wrong; revoke it and enter one "
    "that the customer signed for the right account",
    "rules_missing": "the official rules of {title} are not imported, so its invoices cannot be checked; run rackbill "
    "einvoice-rules import DIR --profile {profile}, or choose another profile",
    "no_tax_rule": "no tax rule fits {buyer}, so nothing can be billed: {fault}",
    "purchase_order_ended": "the last purchase order of {buyer} ended; enter the one that follows",
    "paynow": "{seller} has no UEN for PayNow, so its invoices in SGD carry no PayNow code; enter it there",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing: code and values for pages, the sentence in English, the term (BT-49) and rule (BR-DE-15).

    `side` says who can mend it: buyer, seller or rules. One that does not block lets the e-invoice go out without it.
    """

    code: str
    term: str
    rule: str
    side: str
    blocks: bool
    values: dict[str, str]

    @property
    def sentence(self) -> str:
        """In English, with the way to mend it."""
        return _SENTENCES[self.code].format(**self.values)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a billing group can receive an e-invoice on a day. `profile` is blank where it gets none by law or choice."""

    group_id: str
    choice: str
    profile: str
    rule: CountryRule
    gaps: tuple[Gap, ...]

    @property
    def is_ready(self) -> bool:
        """An e-invoice is due or wished for and nothing that it needs is missing."""
        return bool(self.profile) and not any(gap.blocks for gap in self.gaps)

    @property
    def is_beyond(self) -> bool:
        """The country demands an e-invoice of a kind that is not ours."""
        return self.rule.duty == "mandatory" and not self.rule.profile

    @property
    def title(self) -> str:
        """The profile's name in print."""
        return TITLES.get(self.profile, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class EinvoiceFacts:
    """What an e-invoice of a billing group would be made from. `tax_codes` are the categories of its next line (S, AE, …)."""

    group_id: str
    organisation_id: str
    choice: str
    profile: str
    rule: CountryRule
    seller: Party
    buyer: Party
    is_public_body: bool
    buyer_reference: str
    accounts: tuple[BankAccount, ...]
    mandate: DebitMandate | None
    creditor_id: str
    accounting_currency: str
    paynow_uen: str
    tax_codes: frozenset[str]
    tax_fault: str
    has_ended_order: bool


def readiness(facts: EinvoiceFacts, *, imported: Collection[str]) -> Readiness:
    """What is missing, seen the profiles whose official rules this installation has."""
    gaps = tuple(_gaps(facts, imported)) if facts.profile else ()
    return Readiness(facts.group_id, facts.choice, facts.profile, facts.rule, (*gaps, *_hints(facts)))


def _gaps(facts: EinvoiceFacts, imported: Collection[str]) -> Iterator[Gap]:
    yield from _routing(facts)
    yield from _taxes(facts)
    yield from _seller(facts)
    yield from _payment(facts)
    yield from _addresses(facts)
    if facts.profile not in imported:
        # A hybrid is checked with XRechnung's rules, and those want EN 16931's own rules for CII beside them.
        lacking = {"zugferd": "en16931-cii" if "xrechnung" in imported else "xrechnung"}.get(
            facts.profile, facts.profile
        )
        yield _gap(facts, "rules_missing", side=RULES, profile=lacking)


def _routing(facts: EinvoiceFacts) -> Iterator[Gap]:
    """BT-34 and BT-49 for what travels over a network, BT-10 for public bodies; for others BT-10 is filled by what is known."""
    is_network = facts.profile in NETWORKS
    if is_network or facts.profile in _XRECHNUNG:
        for side, party, term, rule in (
            (BUYER, facts.buyer, "BT-49", "PEPPOL-EN16931-R010"), (SELLER, facts.seller, "BT-34", "PEPPOL-EN16931-R020"),
        ):  # fmt: skip
            scheme = party.electronic_address.partition(":")[0]
            if not scheme and (is_network or not party.email):
                yield _gap(facts, f"{side}_address", term, rule, side)
            elif is_network and scheme == MAIL_SCHEME:
                yield _gap(facts, f"{side}_mail_address", term, "PEPPOL-EN16931-CL008", side)
    is_leitweg = facts.buyer.electronic_address.startswith(f"{LEITWEG_SCHEME}:")
    if facts.profile in _XRECHNUNG and facts.is_public_body and not facts.buyer_reference.strip() and not is_leitweg:
        yield _gap(facts, "buyer_reference", "BT-10", "BR-DE-15", BUYER)


def _taxes(facts: EinvoiceFacts) -> Iterator[Gap]:
    if facts.tax_fault:
        yield _gap(facts, "no_tax_rule", side=BUYER, fault=facts.tax_fault)
    scheme = "GST" if facts.profile == "pint-sg" else "VAT"
    if scheme == "VAT" and "AE" in facts.tax_codes and not facts.buyer.tax_number("VAT"):
        yield _gap(facts, "buyer_tax_id", "BT-48", "BR-AE-02", BUYER)
    is_taxed = facts.tax_codes & {"S", "AE", "Z", "E", "K", "G"}
    if not facts.seller.tax_number(scheme) and (is_taxed or scheme == "GST"):
        rule = "BR-105-GST-SG" if scheme == "GST" else f"BR-{min(is_taxed)}-02"
        yield _gap(facts, "seller_tax_id", "BT-31", rule, SELLER, tax=scheme)


def _seller(facts: EinvoiceFacts) -> Iterator[Gap]:
    seller, profile = facts.seller, facts.profile
    if _is_german(facts):
        for value, code, term, number in (
            (seller.contact_name, "seller_contact", "BT-41", 5), (seller.phone, "seller_phone", "BT-42", 6),
            (seller.email, "seller_email", "BT-43", 7),
        ):  # fmt: skip
            if not value.strip():
                yield _gap(facts, code, term, _german_rule(facts, number), SELLER)
    if profile == "pint-sg" and not seller.company_number:
        yield _gap(facts, "seller_company_number", "BT-30", "BR-112-GST-SG", SELLER)
    country = seller.address.country
    wanted = _COMPANY_SCHEMES.get(country, ()) if profile == "peppol" else ()
    is_known = bool(seller.company_number) and seller.company_scheme in wanted
    # A Dutch seller's VAT ID stands in for the number; in Denmark and Iceland nothing does.
    if wanted and not is_known and not (country == "NL" and seller.tax_number("VAT")):
        dane = "DK-R-014" if seller.company_number else "DK-R-002"
        rule = {"NL": "NL-R-003", "DK": dane}.get(country, "IS-R-002")
        yield _gap(facts, "seller_company_scheme", "BT-30", rule, SELLER, schemes=" or ".join(wanted))


def _payment(facts: EinvoiceFacts) -> Iterator[Gap]:
    """What a direct debit rests on, where there is a mandate; else an account to pay to."""
    mandate = facts.mandate
    if mandate is not None:
        if _is_german(facts) and not facts.creditor_id:
            rule = _german_rule(facts, 30)
            yield _gap(facts, "seller_creditor_id", "BT-90", rule, SELLER, mandate=mandate.reference)
        is_missing = not mandate.account and _is_german(facts)
        if is_missing or (mandate.account and not is_iban(mandate.account)):
            rule = _german_rule(facts, 31) if is_missing else "RB-IBAN-DEBIT"
            yield _gap(facts, "debited_account", "BT-91", rule, BUYER, mandate=mandate.reference)
    elif not any(account.iban or account.account_number for account in facts.accounts):
        if _is_german(facts):
            yield _gap(facts, "seller_account", "BG-16", _german_rule(facts, 1), SELLER)
        elif facts.profile == "peppol" and facts.seller.address.country == "NL":
            yield _gap(facts, "seller_account", "BG-16", "NL-R-007", SELLER)


def _addresses(facts: EinvoiceFacts) -> Iterator[Gap]:
    """Postal addresses as far as the profile wants more of them than a country."""
    for side, party in ((SELLER, facts.seller), (BUYER, facts.buyer)):
        address, is_seller = party.address, side == SELLER
        if _is_german(facts) and not (address.city and address.postal_code):
            term, number = (_SELLER_CITY if is_seller else _BUYER_CITY)[bool(address.postal_code)]
            yield _gap(facts, f"{side}_city", term, _german_rule(facts, number), side)
        if facts.profile == "pint-sg" and not (address.street and address.postal_code):
            rule = "BR-106-GST-SG" if is_seller else "BR-107-GST-SG"
            yield _gap(facts, f"{side}_street", "BT-35" if is_seller else "BT-50", rule, side)


def _is_german(facts: EinvoiceFacts) -> bool:
    """XRechnung, and Peppol between two Germans, which has the same rules as DE-R since 3.0.21."""
    is_between = facts.seller.address.country == facts.buyer.address.country == "DE"
    return facts.profile in _XRECHNUNG or (facts.profile == "peppol" and is_between)


def _german_rule(facts: EinvoiceFacts, number: int) -> str:
    return f"BR-DE-{number}" if facts.profile in _XRECHNUNG else f"DE-R-{number:03}"


def _hints(facts: EinvoiceFacts) -> Iterator[Gap]:
    if facts.has_ended_order:
        yield _gap(facts, "purchase_order_ended", "BT-13", "", BUYER, blocks=False)
    if facts.seller.address.country == "SG" and facts.accounting_currency == "SGD" and not facts.paynow_uen:
        yield _gap(facts, "paynow", "", "", SELLER, blocks=False)


def _gap(
    facts: EinvoiceFacts, code: str, term: str = "", rule: str = "", side: str = BUYER, blocks: bool = True, **more: str
) -> Gap:
    values = {
        "buyer": f"billing group {facts.group_id} ({facts.buyer.name})", "title": TITLES.get(facts.profile, ""),
        "seller": f"sales organisation {facts.organisation_id} ({facts.seller.name})", "profile": facts.profile,
        "seller_name": f"{facts.organisation_id} {facts.seller.name}", **more,
    }  # fmt: skip
    return Gap(code, term, rule, side, blocks, values)


__all__ = ["BUYER", "PROFILES", "RULES", "SELLER", "EinvoiceFacts", "Gap", "Readiness", "readiness"]
