"""Customers that get e-invoices, for tests of the gate: which profile, and what the writers need to know of both sides."""

from collections.abc import Mapping
from typing import Any

import pytest

from rackbill.core.document import texts
from rackbill.core.party import Party
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.models import Customer

SELLER = {"electronic_address": "0204:991-12345-67", "contact_name": "Billing desk"}


def give_einvoices(monkeypatch: pytest.MonkeyPatch, profiles: Mapping[str, str], **buyer: str) -> None:
    """From now on the documents of these customers (by ID) are e-invoices of a profile, until the test ends."""
    bill_to, party, seller = texts.bill_to_text, texts.party_text, parties.seller

    def with_profile(customer_id: str, *rest: Any) -> str:
        return bill_to(customer_id, *rest, einvoice_profile=profiles.get(customer_id, ""))

    def with_address(*rest: Any) -> str:
        return party(*rest, electronic_address=buyer.get("electronic_address", "9930:DE811907980"))

    def with_contact(*, organisation_id: str) -> parties.Seller:
        from dataclasses import replace

        found = seller(organisation_id=organisation_id)
        made: Party = replace(found.party, **SELLER)
        return replace(found, party=made)

    monkeypatch.setattr(texts, "bill_to_text", with_profile)
    monkeypatch.setattr(texts, "party_text", with_address)
    monkeypatch.setattr(parties, "seller", with_contact)


def of(*customers: Customer, profile: str = "en16931-ubl") -> dict[str, str]:
    """The customers with one profile."""
    return {row.customer_id: profile for row in customers}
