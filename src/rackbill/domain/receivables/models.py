from django.db import models

from rackbill.domain.kit.fields import CurrencyField, MinorField


class OpenItem(models.Model):
    """What is to be paid for one document, ours or a legacy one. Its open amount is the sum of its entries."""

    customer = models.ForeignKey(
        "rackbill_parties.Customer", on_delete=models.PROTECT, related_name="open_items", db_index=False
    )
    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="open_items", db_index=False
    )
    system = models.CharField(max_length=32, blank=True)
    document_number = models.CharField(max_length=40)
    document_kind = models.CharField(max_length=24)
    currency = CurrencyField()
    issued_on = models.DateField()
    due_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "sales_organisation", "document_number"], name="open_item_once"),
        ]
        indexes = [models.Index(fields=["customer", "currency", "due_on"]), models.Index(fields=["document_number"])]

    def __str__(self) -> str:
        return self.document_number


class LedgerEntry(models.Model):
    """One movement on an open item; append only. What raises the debt is positive."""

    KINDS = [(kind, kind) for kind in ("invoice", "payment", "credit", "refund", "write_off", "opening")]

    open_item = models.ForeignKey(
        "rackbill_receivables.OpenItem", on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    kind = models.CharField(max_length=12, choices=KINDS)
    amount_minor = MinorField()
    booked_on = models.DateField()
    source_kind = models.CharField(max_length=16)
    source_id = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(fields=["open_item", "source_kind", "source_id"], name="ledger_entry_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"


class Payment(models.Model):
    """Money received from a customer."""

    payment_id = models.CharField(max_length=48, unique=True)
    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="payments")
    received_on = models.DateField()
    currency = CurrencyField()
    amount_minor = MinorField()
    method = models.CharField(max_length=12)
    remittance_text = models.CharField(max_length=300, blank=True)
    system = models.CharField(max_length=32, blank=True)
    document_number = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return self.payment_id


class Deposit(models.Model):
    """Money that belongs to the customer: prepaid balances and credits of the legacy system."""

    deposit_id = models.CharField(max_length=48, unique=True)
    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="deposits")
    currency = CurrencyField()
    amount_minor = MinorField()
    reason = models.CharField(max_length=200)
    created_on = models.DateField()

    def __str__(self) -> str:
        return self.deposit_id


class Mandate(models.Model):
    """A customer's permission to debit an account (BT-89)."""

    mandate_reference = models.CharField(max_length=35, unique=True)
    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="mandates")
    holder = models.CharField(max_length=120)
    iban = models.CharField(max_length=34)
    bic = models.CharField(max_length=11, blank=True)
    signed_on = models.DateField()
    last_used_on = models.DateField(null=True)
    is_revoked = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.mandate_reference
