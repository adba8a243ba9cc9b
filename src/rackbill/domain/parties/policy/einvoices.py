"""Which e-invoice a customer gets: the country pack, a dated table, and what the customer chose."""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from rackbill.domain.parties.errors import EinvoiceDataRefused

PROFILES = ("en16931-ubl", "en16931-cii", "factur-x", "xrechnung", "zugferd", "peppol", "pint-sg")
HYBRIDS = frozenset({"factur-x", "zugferd"})
"""Profiles whose e-invoice is inside the PDF."""
TITLES = {
    "en16931-ubl": "EN 16931 (UBL)", "en16931-cii": "EN 16931 (CII)", "factur-x": "Factur-X", "xrechnung": "XRechnung",
    "zugferd": "ZUGFeRD (PDF with XRechnung inside)", "peppol": "Peppol BIS Billing 3", "pint-sg": "PINT-SG",
}  # fmt: skip
BY_COUNTRY = ""
NO_EINVOICE = "none"
CHOICES = (BY_COUNTRY, NO_EINVOICE, *PROFILES)
"""What a billing group can choose."""
PUBLIC = "public"
KINDS = ("business", "consumer", PUBLIC)
UNION = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
)  # fmt: skip
"""Members of the European Union since the United Kingdom left it; the table has no rule for one before."""
_TABLE = Path(__file__).parents[1] / "einvoice_countries.csv"
_LIMITS = {
    "access_point": "the file is written and checked here, but only an access point of the network hands it over",
    "approved_platform": "the invoice must also pass an approved platform, which Rackbill does not connect to",
    "ksef": "the invoice must be an FA(3) in KSeF, which Rackbill neither writes nor sends; use a KSeF service",
    "sdi": "the invoice must be a FatturaPA in the SdI, which Rackbill neither writes nor sends; use an SdI service",
    "tax_reporting": "the invoice must also be reported to the tax office, which Rackbill does not do",
}
"""By code, what a country asks for beyond a file of a profile."""


@dataclass(frozen=True, slots=True)
class CountryRule:
    """A row of the country pack: sellers of one country to one kind of customer of another, from a day on.

    `duty` is mandatory, default (given unless the customer chose otherwise), offered (given when chosen) or none. A blank
    profile: what the country demands is none of ours. `limit` names what the country asks for beyond the file.
    """

    seller: str
    buyer: str
    kind: str
    valid_from: date
    profile: str
    duty: str
    limit: str
    note: str
    source: str

    @property
    def limit_text(self) -> str:
        """What the country asks for beyond the file, in a sentence; blank where there is nothing."""
        return _LIMITS.get(self.limit, "")

    def fits(self, seller: str, buyer: str, kind: str, on: date) -> bool:
        """Whether it speaks of these parties on the day."""
        if self.kind != kind or self.valid_from > on:
            return False
        if self.seller not in ("*", seller) and not (self.seller == "EU" and seller in UNION):
            return False
        if self.buyer == "other EU":
            return buyer in UNION and buyer != seller
        return self.buyer in ("*", buyer) or (self.buyer == "EU" and buyer in UNION)


_NO_RULE = CountryRule("*", "*", "", date.min, "", "none", "", "", "")


@cache
def country_rules() -> tuple[CountryRule, ...]:
    """The whole country pack."""
    with _TABLE.open(encoding="utf-8", newline="") as handle:
        return tuple(
            CountryRule(**{**row, "valid_from": date.fromisoformat(row["valid_from"])})  # type: ignore[arg-type]
            for row in csv.DictReader(handle)
        )


@lru_cache(maxsize=4096)
def country_rule(seller_country: str, buyer_country: str, kind: str, on: date) -> CountryRule:
    """The rule for sellers of a country to a kind of customer on a day: the nearest countries win, then the newest."""
    fitting = [rule for rule in country_rules() if rule.fits(seller_country, buyer_country, kind, on)]
    return max(
        fitting, key=lambda rule: (rule.buyer == buyer_country, rule.seller == seller_country, rule.valid_from), default=_NO_RULE
    )  # fmt: skip


@lru_cache(maxsize=4096)
def profile_of(choice: str, seller_country: str, buyer_country: str, kind: str, on: date) -> str:
    """The profile of a customer's e-invoices on a day; blank: none. A country's duty goes before the choice of none."""
    if choice in PROFILES:
        return choice
    rule = country_rule(seller_country, buyer_country, kind, on)
    if rule.duty == "mandatory" or (rule.duty == "default" and choice != NO_EINVOICE):
        return rule.profile
    return ""


def kind_of(kind: str, is_public_body: bool) -> str:
    """Business, consumer or public, as the country pack tells customers apart."""
    return PUBLIC if is_public_body else kind


def checked_choice(choice: str, rule: CountryRule) -> str:
    """A billing group's choice. Raises EinvoiceDataRefused for an unknown one, and for none where the country demands one."""
    wanted = choice.strip()
    if wanted not in CHOICES:
        raise EinvoiceDataRefused(
            f"there is no e-invoice profile {wanted!r}; choose {', '.join(PROFILES)}, none, or leave it to the country",
            code="choice_unknown", given=wanted,
        )  # fmt: skip
    if wanted == NO_EINVOICE and rule.duty == "mandatory" and rule.profile:
        raise EinvoiceDataRefused(
            f"an e-invoice is demanded by law since {rule.valid_from} ({rule.note}); choose a profile or leave it to the country",
            code="choice_against_law", given=rule.valid_from.isoformat(),
        )  # fmt: skip
    return wanted
