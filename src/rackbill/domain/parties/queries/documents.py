"""What of sellers and buyers stands on documents beside who they are: the seller's texts, and where an e-invoice goes today."""

from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Q

from rackbill.core import document as frozen
from rackbill.core.document import Document, DocumentKind, PaymentInstructions, bill_to_from_text, party_from_text
from rackbill.core.invoicing import BillHead
from rackbill.core.party import Party
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.models import BillingGroup, SellerText
from rackbill.domain.parties.policy import einvoices as policy

_LAST_RESORT = "en"


class SellerTexts:
    """The texts of a sales organisation on a day."""

    __slots__ = ("_known", "_rows")

    def __init__(self, rows: list[tuple[str, str, str, str]]) -> None:
        self._rows = rows
        self._known: dict[tuple[str, str], tuple[str, ...]] = {}

    def of(self, kind: str, language: str) -> tuple[str, ...]:
        """By name, in the document's language, else in English; a text for the kind goes before one for every kind."""
        key = (kind, language)
        if key not in self._known:
            best: dict[str, tuple[tuple[bool, bool], str]] = {}
            for name, own_kind, own_language, text in self._rows:
                if own_kind in (kind, "") and own_language in (language, _LAST_RESORT):
                    rank = (own_language == language, own_kind == kind)
                    if name not in best or rank > best[name][0]:
                        best[name] = (rank, text)
            self._known[key] = tuple(text for _name, (_rank, text) in sorted(best.items()))
        return self._known[key]

    def canonical(self, kind: str, language: str) -> str:
        """The same as it stands in a document's canonical form, blank where there is none."""
        found = self.of(kind, language)
        return frozen.canonical_text(found) if found else ""


def seller_texts(*, organisation_id: str, on: date) -> SellerTexts:
    """The texts that a sales organisation's documents carry on a day."""
    rows = SellerText.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=on), valid_from__lte=on,
        sales_organisation__organisation_id=organisation_id,
    )  # fmt: skip
    # Of one name, kind and language the newest holds.
    found = {(r.name, r.kind, r.language): r.text for r in rows.order_by("valid_from")}
    return SellerTexts([(*key, text) for key, text in sorted(found.items())])


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerTextRow:
    """A stored text, as the doors list it."""

    name: str
    kind: str
    language: str
    text: str
    valid_from: date
    valid_until: date | None


def seller_text_rows(*, organisation_id: str) -> list[SellerTextRow]:
    """Every text of a sales organisation, past and future ones too."""
    rows = SellerText.objects.filter(sales_organisation__organisation_id=organisation_id)
    return [
        SellerTextRow(
            name=r.name, kind=r.kind, language=r.language, text=r.text, valid_from=r.valid_from, valid_until=r.valid_until
        )
        for r in rows.order_by("name", "kind", "language", "valid_from")
    ]  # fmt: skip


def bill_head(*, kind: DocumentKind, group_key: int, currency: str, issued_on: date) -> BillHead:
    """All of a document of a kind that is no e-invoice but what it is about, as it is sent to a billing group on a day."""
    group = BillingGroup.objects.select_related("customer__sales_organisation").get(pk=group_key)
    seller = parties.seller(organisation_id=group.customer.sales_organisation.organisation_id)
    buyer = parties.buyers(customer_keys=[group.customer_id], on=issued_on)[group_key]
    return BillHead(
        sales_organisation_id=seller.organisation_id, issued_on=issued_on, currency=currency, language=buyer.language,
        seller=seller.party, buyer=party_from_text(buyer.party),
        bill_to=replace(bill_to_from_text(buyer.bill_to), einvoice_profile=""),
        payment=PaymentInstructions(
            account=seller.accounts.get(currency), payment_days=buyer.payment_days, paynow_uen=seller.paynow_for(currency)
        ),
        texts=seller_texts(organisation_id=seller.organisation_id, on=issued_on).of(kind.value, buyer.language),
        details_url=seller.details_url,
    )  # fmt: skip


def readdressed(*, document: Document, group_key: int, on: date) -> Document:
    """A credit note, made from its invoice, as it is sent on a day: it names who bought and sold then, and goes where

    e-invoices of the billing group go now, with the seller's texts for credit notes.
    """
    organisation_id = document.sales_organisation_id
    seller = parties.seller(organisation_id=organisation_id)
    group = BillingGroup.objects.select_related("customer").get(pk=group_key)
    customer = group.customer
    profile = policy.profile_of(
        group.einvoice_choice, seller.country, customer.country,
        policy.kind_of(customer.kind, customer.is_public_body), on,
    )  # fmt: skip
    return replace(
        document,
        seller=_reachable(document.seller, seller.party.electronic_address, seller.party.contact_name),
        buyer=_reachable(
            document.buyer, group.electronic_address or customer.electronic_address, document.buyer.contact_name
        ),
        bill_to=replace(document.bill_to, einvoice_profile=profile),
        texts=seller_texts(organisation_id=organisation_id, on=on).of(document.kind.value, document.language),
        details_url=seller.details_url,
    )  # fmt: skip


def _reachable(party: Party, electronic_address: str, contact_name: str) -> Party:
    return replace(
        party,
        electronic_address=electronic_address or party.electronic_address,
        contact_name=contact_name or party.contact_name,
    )
