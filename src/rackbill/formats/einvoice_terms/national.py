"""Whose national rules a document falls under in a profile, and under which names they stand there."""

from rackbill.core.document import Document
from rackbill.formats.einvoice_terms.values import Profile


def is_german(document: Document, profile: Profile) -> bool:
    """Whether Germany's rules hold: XRechnung's BR-DE, which Peppol (since 3.0.21) has as DE-R between two Germans."""
    return profile.rules == "xrechnung" or (profile.rules == "peppol" and is_between(document, "DE"))


def german_rule(profile: Profile, number: int) -> str:
    """A rule of Germany under the profile's own name: BR-DE-6 of XRechnung is DE-R-006 of Peppol."""
    return f"BR-DE-{number}" if profile.rules == "xrechnung" else f"DE-R-{number:03}"


def is_danish(document: Document, profile: Profile) -> bool:
    """Whether Peppol's rules between two Danes hold."""
    return profile.rules == "peppol" and is_between(document, "DK")


def is_between(document: Document, country: str) -> bool:
    """Whether seller and buyer are both of the country."""
    return document.seller.address.country == document.buyer.address.country == country
