"""A small provider in the database: one sales organisation, customers with contracts, lines and prices."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth.hashers import make_password

from rackbill.domain.access.models import ApiKey, Membership, User
from rackbill.domain.catalogue.models import Product
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts.models import Contract, ContractLine, LinePrice, LineQuantity, Service
from rackbill.domain.documents import operations as documents
from rackbill.domain.equipment.models import Equipment, Site
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.identifiers.operations import NewAlias
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.secrets import Signer, secret_hash
from rackbill.domain.parties.models import (
    BillingAuthority,
    BillingGroup,
    BillingRecipient,
    Customer,
    SalesOrganisation,
    SellerBankAccount,
    SellerTaxNumber,
)
from rackbill.domain.taxes import operations as taxes
from rackbill.domain.taxes.models import TaxIdCheck
from rackbill.interfaces.jobs import bill_run

SEPTEMBER = date(2020, 9, 1)
PASSWORD = "correct-horse-battery"


@dataclass
class Provider:
    """The sales organisation, and counters for fresh identifiers."""

    organisation: SalesOrganisation
    count: int = 0

    def next(self) -> int:
        """A number not used before."""
        self.count += 1
        return self.count


def provider(organisation_id: str = "2100", country: str = "DE", currency: str = "EUR") -> Provider:
    """A German sales organisation with number series and all standard tax rates."""
    taxes.load_standard_rates()
    organisation = SalesOrganisation.objects.create(
        organisation_id=organisation_id, name="Meridian", legal_name="Meridian Hosting GmbH", company_number="HRB 1",
        accounting_currency=currency, time_zone="Europe/Berlin", billing_email="billing@meridian.example",
        billing_phone="+49 69 1", payment_days=14, street="Messeturm 1", city="Frankfurt", country=country,
    )  # fmt: skip
    SellerTaxNumber.objects.create(sales_organisation=organisation, scheme="VAT", number="DE136695976")
    SellerBankAccount.objects.create(
        sales_organisation=organisation,
        currency=currency,
        bank_name="Bank",
        iban="DE89370400440532013000",
        bic="COBADEFF",
    )
    first = int(organisation_id) // 100 * 1_000_000
    documents.create_series(
        organisation_key=organisation.pk, kind="invoice", range_start=first, range_end=first + 899_999
    )
    documents.create_series(
        organisation_key=organisation.pk, kind="credit_note", range_start=first + 900_000, range_end=first + 999_999
    )
    return Provider(organisation)


def customer(
    world: Provider, *, country: str = "DE", kind: str = "business", tax_id: str = "",
    recipients: tuple[str, ...] = ("ap@buyer.example",),
    name: str = "Buyer GmbH",
) -> Customer:  # fmt: skip
    """A customer billed by us, with its default billing group and recipients."""
    n = world.next()
    customer_id = f"{12_000_000 + n}"
    row = Customer.objects.create(
        customer_id=customer_id, sales_organisation=world.organisation, kind=kind, name=name, email="info@buyer.example",
        language="en", created_on=SEPTEMBER, street="Street 1", city="Town", country=country, tax_id=tax_id,
        legacy_id=f"DE{n:09d}",
    )  # fmt: skip
    group = BillingGroup.objects.create(
        group_id=f"{customer_id}-01", customer=row, is_default=True, language="en", payment_days=14
    )
    for email in recipients:
        BillingRecipient.objects.create(billing_group=group, email=email)
    BillingAuthority.objects.create(customer=row, authority="ours", valid_from=SEPTEMBER)
    if tax_id:
        TaxIdCheck.objects.create(customer_id=customer_id, tax_id=tax_id, checked_on=SEPTEMBER, is_valid=True)
    return row


def service(
    world: Provider, owner: Customer, *, price: str = "129.95", starts_on: date = SEPTEMBER, ends_on: date | None = None,
    cycle_months: int = 1, reference: str = "", currency: str = "EUR", quantity: str = "1", with_equipment: bool = True,
) -> Service:  # fmt: skip
    """A dedicated server with one recurring line."""
    n = world.next()
    start = datetime(starts_on.year, starts_on.month, starts_on.day, tzinfo=UTC)
    contract = Contract.objects.create(
        contract_id=f"{50_000_000 + n}",
        customer=owner,
        currency=currency,
        ordered_on=starts_on,
        starts_at=start,
        term_months=12,
    )
    product, _ = Product.objects.get_or_create(
        code="DS-1", defaults={"product_id": "DEDICATED_SERVER", "name": "Server"}
    )
    site, _ = Site.objects.get_or_create(code="FRA-01")
    equipment = None
    if with_equipment:
        equipment = Equipment.objects.create(
            equipment_id=f"{26_000 + n}", kind="SERVER", customer=owner, site=site, legacy_name=f"ABCD{n:03d}-XYZ"
        )
    row = Service.objects.create(
        service_id=f"{41_000_000 + n}000100", contract=contract, customer=owner,
        billing_group=BillingGroup.objects.get(customer=owner, is_default=True), product=product, equipment=equipment,
        description="Dedicated server", status="ACTIVE", reference=reference, starts_at=start, legacy_id=f"{200_000 + n}",
        legacy_name=f"ABCD{n:03d}-XYZ" if with_equipment else "",
    )  # fmt: skip
    line = ContractLine.objects.create(
        service=row, contract=contract, kind="recurring", description="Dedicated server", cycle_months=cycle_months,
        starts_on=starts_on, ends_on=ends_on,
    )  # fmt: skip
    LinePrice.objects.create(line=line, unit_price=Decimal(price), valid_from=starts_on)
    LineQuantity.objects.create(line=line, quantity=Decimal(quantity), valid_from=starts_on)
    return row


def register(row: Service) -> None:
    """Puts all identifiers of a service, old and new, into the register."""
    customer_id = row.customer.customer_id
    aliases = [
        NewAlias(
            kind="service", raw_text=row.service_id, target_kind="service", target_id=row.service_id, customer_id=customer_id
        ),
        NewAlias(
            kind="service", raw_text=row.legacy_id, target_kind="service", target_id=row.service_id, customer_id=customer_id,
            system="oldbill", organisation_id="2100",
        ),
    ]  # fmt: skip
    if row.equipment:
        equipment_id = row.equipment.equipment_id
        aliases.append(
            NewAlias(
                kind="equipment",
                raw_text=equipment_id,
                target_kind="equipment",
                target_id=equipment_id,
                customer_id=customer_id,
            )
        )
        for kind, text in (("service", row.legacy_id), ("server_name", row.legacy_name)):
            aliases.append(
                NewAlias(
                    kind=kind, raw_text=text, target_kind="equipment", target_id=equipment_id, customer_id=customer_id,
                    system="oldbill", organisation_id="2100",
                )
            )  # fmt: skip
        aliases.append(
            NewAlias(
                kind="server_name", raw_text=row.legacy_name, target_kind="service", target_id=row.service_id,
                customer_id=customer_id, system="oldbill", organisation_id="2100",
            )
        )  # fmt: skip
    identifiers.register_aliases(aliases=aliases)
    row.search_text = contracts.service_search_text(service=row)
    row.save(update_fields=["search_text"])


def person(owner: Customer, role: str, email: str = "") -> User:
    """Somebody with one role at a customer; the password is PASSWORD."""
    user, _ = User.objects.get_or_create(
        email=email or f"{role.lower()}@{owner.customer_id}.example", defaults={"password": make_password(PASSWORD)}
    )
    Membership.objects.create(user=user, customer=owner, role=role)
    return user


def api_key(owner: Customer, *, methods: tuple[str, ...] = ("GET", "PUT"), **more: Any) -> str:
    """The secret of a fresh key of a customer."""
    secret = f"key-of-{owner.customer_id}-{'-'.join(methods)}-{len(more)}"
    ApiKey.objects.create(
        key_id=secret_hash(secret)[:6], customer=owner, secret_hash=secret_hash(secret), methods=list(methods),
        created_at=datetime(2020, 9, 1, tzinfo=UTC), **more,
    )  # fmt: skip
    return secret


def bill_october() -> None:
    """Bills everything through 1 November 2020 as of 1 October."""
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    bill_run.run_bill(
        organisation_id="2100",
        through=date(2020, 11, 1),
        now=datetime(2020, 10, 1, 6, tzinfo=UTC),
        actor=SYSTEM,
        signer=signer,
    )
