from django.db import models

from rackbill.domain.kit.fields import CurrencyField


class PostalFields(models.Model):
    """The columns of an address (BG-5, BG-8)."""

    street = models.CharField(max_length=200)
    city = models.CharField(max_length=120)
    postal_code = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2)

    class Meta:
        abstract = True


class SalesOrganisation(PostalFields):
    """The provider's legal entity that sells."""

    organisation_id = models.CharField(max_length=4, unique=True)
    legacy_code = models.CharField(max_length=8, blank=True)
    name = models.CharField(max_length=200)
    legal_name = models.CharField(max_length=200)
    company_number = models.CharField(max_length=40)
    accounting_currency = CurrencyField()
    time_zone = models.CharField(max_length=40)
    billing_email = models.EmailField()
    billing_phone = models.CharField(max_length=40)
    payment_days = models.PositiveSmallIntegerField()
    contact_name = models.CharField(max_length=120, blank=True)
    electronic_address = models.CharField(max_length=140, blank=True)
    company_scheme = models.CharField(max_length=4, blank=True)
    paynow_uen = models.CharField(max_length=13, blank=True)
    portal_url = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.legal_name}"


class SellerTaxNumber(models.Model):
    """A tax registration of a sales organisation: VAT, GST, QST, EIN, JCT or ABN."""

    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="tax_numbers"
    )
    scheme = models.CharField(max_length=8)
    number = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sales_organisation", "scheme"], name="seller_tax_number_once")]

    def __str__(self) -> str:
        return f"{self.scheme} {self.number}"


class SellerBankAccount(models.Model):
    """Where customers of a sales organisation pay in one currency."""

    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="bank_accounts"
    )
    currency = CurrencyField()
    bank_name = models.CharField(max_length=120)
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    account_number = models.CharField(max_length=40, blank=True)
    routing_code = models.CharField(max_length=40, blank=True)
    creditor_id = models.CharField(max_length=35, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sales_organisation", "currency"], name="seller_account_once")]

    def __str__(self) -> str:
        return f"{self.currency} {self.iban or self.account_number}"


class SellerText(models.Model):
    """A text of a sales organisation on its documents, in one language; blank kind: on every kind of document.

    Texts of one name say the same in other words: of them a document carries the one that fits its kind and language best.
    """

    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="texts"
    )
    name = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=8)
    text = models.CharField(max_length=1000)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sales_organisation", "name", "kind", "language", "valid_from"], name="seller_text_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class Customer(PostalFields):
    """Who signs; belongs to one sales organisation."""

    KINDS = [("business", "business"), ("consumer", "consumer")]

    customer_id = models.CharField(max_length=8, unique=True)
    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="customers"
    )
    kind = models.CharField(max_length=8, choices=KINDS)
    name = models.CharField(max_length=200)
    email = models.EmailField()
    phone = models.CharField(max_length=40, blank=True)
    company_number = models.CharField(max_length=40, blank=True)
    tax_id = models.CharField(max_length=32, blank=True)
    language = models.CharField(max_length=8)
    legacy_id = models.CharField(max_length=40, blank=True)
    created_on = models.DateField()
    is_closed = models.BooleanField(default=False)
    is_public_body = models.BooleanField(default=False)
    electronic_address = models.CharField(max_length=140, blank=True)
    company_scheme = models.CharField(max_length=4, blank=True)

    class Meta:
        indexes = [models.Index(fields=["sales_organisation", "customer_id"])]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.name}"


class Contact(models.Model):
    """A person or desk at a customer; not a user."""

    contact_id = models.CharField(max_length=16, unique=True)
    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="contacts")
    first_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=120)
    email = models.EmailField()
    phone = models.CharField(max_length=40, blank=True)
    legacy_id = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class ContactRole(models.Model):
    """GENERAL, BILLING, TECHNICAL or SECURITY; each has one primary contact at a customer."""

    ROLES = [(role, role) for role in ("GENERAL", "BILLING", "TECHNICAL", "SECURITY")]

    contact = models.ForeignKey("rackbill_parties.Contact", on_delete=models.CASCADE, related_name="roles")
    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="contact_roles")
    role = models.CharField(max_length=12, choices=ROLES)
    is_primary = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contact", "role"], name="contact_role_once"),
            models.UniqueConstraint(
                fields=["customer", "role"], condition=models.Q(is_primary=True), name="one_primary_contact"
            ),
        ]

    def __str__(self) -> str:
        return self.role


class BillingGroup(models.Model):
    """What of a customer goes on one invoice for each currency. Blank addresses: the customer's own.

    `einvoice_choice` is the profile of its e-invoices, none, or blank for what the country pack says.
    """

    group_id = models.CharField(max_length=12, unique=True)
    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="billing_groups")
    name = models.CharField(max_length=120, blank=True)
    is_default = models.BooleanField(default=False)
    language = models.CharField(max_length=8)
    payment_days = models.PositiveSmallIntegerField()
    po_number = models.CharField(max_length=60, blank=True)
    cost_centre = models.CharField(max_length=60, blank=True)
    buyer_reference = models.CharField(max_length=100, blank=True)
    addressee = models.CharField(max_length=200, blank=True)
    street = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=120, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2, blank=True)
    contact_name = models.CharField(max_length=120, blank=True)
    electronic_address = models.CharField(max_length=140, blank=True)
    project_reference = models.CharField(max_length=60, blank=True)
    einvoice_choice = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=models.Q(is_default=True), name="one_default_billing_group"
            ),
        ]

    def __str__(self) -> str:
        return self.group_id


class PurchaseOrder(models.Model):
    """A purchase order of a billing group from one day until another (BT-13); in its time it stands before the undated one."""

    billing_group = models.ForeignKey(
        "rackbill_parties.BillingGroup", on_delete=models.CASCADE, related_name="purchase_orders"
    )
    number = models.CharField(max_length=60)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["billing_group", "valid_from"], name="purchase_order_once"),
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True) | models.Q(valid_until__gt=models.F("valid_from")),
                name="purchase_order_has_days",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class BillingRecipient(models.Model):
    """Who gets the documents of a billing group by e-mail. `attachments` are words of the mailing policy; blank: what suits."""

    billing_group = models.ForeignKey(
        "rackbill_parties.BillingGroup", on_delete=models.CASCADE, related_name="recipients"
    )
    email = models.EmailField()
    contact = models.ForeignKey("rackbill_parties.Contact", null=True, on_delete=models.CASCADE, related_name="+")
    attachments = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["billing_group", "email"], name="billing_recipient_once")]

    def __str__(self) -> str:
        return self.email


class BillingAuthority(models.Model):
    """Who bills a customer from a day until another: legacy, shadow or ours."""

    AUTHORITIES = [(authority, authority) for authority in ("legacy", "shadow", "ours")]

    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="authorities")
    authority = models.CharField(max_length=8, choices=AUTHORITIES)
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "authority", "valid_from"], name="authority_once")]

    def __str__(self) -> str:
        return f"{self.authority} from {self.valid_from or 'ever'}"
