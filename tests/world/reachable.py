"""Documents whose parties and payment have all that a network asks for: electronic addresses, contact, register, accounts."""

from dataclasses import replace

from rackbill.core.document import Document
from tests.world.documents import ACCOUNTS


def reachable(document: Document) -> Document:
    """The document as it would be between parties that are entered in full; what is there stays."""
    seller, buyer, payment = document.seller, document.buyer, document.payment
    is_dutch = seller.address.country == "NL"
    return replace(
        document,
        seller=replace(
            seller, electronic_address=seller.electronic_address or "0106:30141839",
            contact_name=seller.contact_name or "Billing desk",
            company_number="30141839" if is_dutch else seller.company_number,
            company_scheme=seller.company_scheme or ("0106" if is_dutch else "0195"),
        ),
        buyer=replace(buyer, electronic_address=buyer.electronic_address or "0204:991-12345-06"),
        payment=replace(
            payment, account=payment.account or ACCOUNTS["EUR"],
            creditor_id=payment.creditor_id or ("NL98ZZZ" if payment.mandate_reference else ""),
            debited_account="DE89370400440532013000" if payment.mandate_reference else "",
        ),
    )  # fmt: skip
