"""E-invoice XML → its business terms, from the elements alone (no attachment is looked at): what a receiver reads.

It reads what `einvoice` writes, of any profile. Entities are not resolved and nothing is fetched.
"""

from lxml import etree

from rackbill.formats.einvoice_reading.cii import read_cii
from rackbill.formats.einvoice_reading.tree import Unreadable
from rackbill.formats.einvoice_reading.ubl import read_ubl
from rackbill.formats.einvoice_terms import InvoiceTerms


def read_einvoice(xml: bytes) -> InvoiceTerms:
    """The business terms that an e-invoice states. Raises Unreadable, which says what is missing or is not XML."""
    try:
        root = etree.fromstring(xml, _parser())
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"the file is no XML: {error}") from error
    name = etree.QName(root).localname
    if name in ("Invoice", "CreditNote"):
        return read_ubl(root)
    if name == "CrossIndustryInvoice":
        return read_cii(root)
    raise Unreadable(
        f"an e-invoice is an Invoice, a CreditNote or a CrossIndustryInvoice, not {name}; give the right file"
    )


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


__all__ = ["InvoiceTerms", "Unreadable", "read_einvoice"]
