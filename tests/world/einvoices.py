"""Customers that get e-invoices, for tests of the gate: which profile, and what the writers need to know of both sides."""

from collections.abc import Mapping

from rackbill.domain.parties.models import BillingGroup, Customer, SalesOrganisation


def give_einvoices(profiles: Mapping[str, str], *, electronic_address: str = "9930:DE811907980") -> None:
    """From now on the documents of these customers (by ID) are e-invoices of a profile; those of all others are none."""
    SalesOrganisation.objects.update(
        electronic_address="0204:991-12345-67", contact_name="Billing desk", postal_code="60308"
    )
    Customer.objects.update(electronic_address=electronic_address)
    BillingGroup.objects.update(einvoice_choice="none")
    for customer_id, profile in profiles.items():
        groups = BillingGroup.objects.filter(customer__customer_id=customer_id)
        groups.update(einvoice_choice=profile or "none")


def of(*customers: Customer, profile: str = "en16931-ubl") -> dict[str, str]:
    """The customers with one profile."""
    return {row.customer_id: profile for row in customers}
