from django.db import models

from rackbill.domain.kit.fields import CurrencyField, MinorField


def _one_source(*names: str) -> models.Q:
    """Exactly one of the columns is set."""
    condition = models.Q()
    for one in names:
        condition |= models.Q(**{f"{name}__isnull": name != one for name in names})
    return condition


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


class BankLine(models.Model):
    """One movement on an account of ours as the bank wrote it, kept once; never changes. What it paid is its Payment.

    A received line without a Payment is parked. `ignored_because` says why a line is never matched.
    """

    KINDS = [(kind, kind) for kind in ("received", "returned", "paid_out", "bank_charge")]

    line_id = models.CharField(max_length=24, unique=True)
    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="bank_lines"
    )
    account = models.CharField(max_length=40)
    bank_reference = models.CharField(max_length=80, blank=True)
    booked_on = models.DateField()
    value_on = models.DateField()
    kind = models.CharField(max_length=12, choices=KINDS)
    currency = CurrencyField()
    amount_minor = MinorField()
    payer_name = models.CharField(max_length=200, blank=True)
    payer_account = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=1000, blank=True)
    end_to_end_id = models.CharField(max_length=80, blank=True)
    mandate_reference = models.CharField(max_length=80, blank=True)
    ignored_because = models.CharField(max_length=200, blank=True)
    file_sha256 = models.CharField(max_length=64)
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="bank_line_moves_money"),
        ]
        indexes = [
            models.Index(fields=["payer_account"]),
            models.Index(fields=["sales_organisation", "booked_on"]),
            models.Index(fields=["bank_reference"]),
        ]

    def __str__(self) -> str:
        return self.line_id


class Payment(models.Model):
    """Money received from a customer; never changes. What it pays are its allocations, the rest stands to his account."""

    payment_id = models.CharField(max_length=48, unique=True)
    bank_line = models.OneToOneField(
        "rackbill_receivables.BankLine", null=True, on_delete=models.PROTECT, related_name="payment"
    )
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


class Allocation(models.Model):
    """Money of a customer set against one of his open items; append only. One that takes another back is negative.

    The money is a payment's, a credit note's or a deposit's: exactly one of the three.
    """

    allocation_id = models.CharField(max_length=64, unique=True)
    payment = models.ForeignKey(
        "rackbill_receivables.Payment", null=True, on_delete=models.PROTECT, related_name="allocations"
    )
    credit_item = models.ForeignKey(
        "rackbill_receivables.OpenItem", null=True, on_delete=models.PROTECT, related_name="given_allocations"
    )
    deposit = models.ForeignKey(
        "rackbill_receivables.Deposit", null=True, on_delete=models.PROTECT, related_name="allocations"
    )
    open_item = models.ForeignKey("rackbill_receivables.OpenItem", on_delete=models.PROTECT, related_name="allocations")
    amount_minor = MinorField()
    booked_on = models.DateField()
    reason = models.CharField(max_length=200)
    takes_back = models.OneToOneField(
        "rackbill_receivables.Allocation", null=True, on_delete=models.PROTECT, related_name="taken_back_by"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=_one_source("payment", "credit_item", "deposit"), name="allocation_has_one_source"
            ),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0, takes_back__isnull=True)
                | models.Q(amount_minor__lt=0, takes_back__isnull=False),
                name="allocation_sign",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.allocation_id} {self.amount_minor}"


class Refund(models.Model):
    """Money that went back: to the customer, or from parked money to whoever sent it; append only."""

    refund_id = models.CharField(max_length=64, unique=True)
    payment = models.ForeignKey(
        "rackbill_receivables.Payment", null=True, on_delete=models.PROTECT, related_name="refunds"
    )
    credit_item = models.ForeignKey(
        "rackbill_receivables.OpenItem", null=True, on_delete=models.PROTECT, related_name="refunds"
    )
    deposit = models.ForeignKey(
        "rackbill_receivables.Deposit", null=True, on_delete=models.PROTECT, related_name="refunds"
    )
    bank_line = models.OneToOneField(
        "rackbill_receivables.BankLine", null=True, on_delete=models.PROTECT, related_name="refund"
    )
    returned_line = models.OneToOneField(
        "rackbill_receivables.BankLine", null=True, on_delete=models.PROTECT, related_name="returned_money"
    )
    amount_minor = MinorField()
    paid_on = models.DateField()
    reason = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=_one_source("payment", "credit_item", "deposit", "bank_line"), name="refund_has_one_source"
            ),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="refund_sign"),
        ]

    def __str__(self) -> str:
        return f"{self.refund_id} {self.amount_minor}"


class WriteOff(models.Model):
    """An open amount that is given up. Above the limit of policy it waits for a second person; then it is booked."""

    write_off_id = models.CharField(max_length=64, unique=True)
    open_item = models.ForeignKey("rackbill_receivables.OpenItem", on_delete=models.PROTECT, related_name="write_offs")
    amount_minor = MinorField()
    reason = models.CharField(max_length=200)
    asked_by = models.CharField(max_length=254)
    asked_at = models.DateTimeField()
    approved_by = models.CharField(max_length=254, blank=True)
    approved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="write_off_sign")]

    def __str__(self) -> str:
        return f"{self.write_off_id} {self.amount_minor}"


class ReminderStep(models.Model):
    """One step of a sales organisation's ladder of reminders, from a day on; the newest ladder that has begun counts."""

    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="reminder_steps"
    )
    valid_from = models.DateField()
    step = models.PositiveSmallIntegerField()
    days_after_due = models.SmallIntegerField()
    action = models.CharField(max_length=12)
    fee_minor = MinorField(default=0)
    fee_currency = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sales_organisation", "valid_from", "step"], name="reminder_step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.step}: {self.action} {self.days_after_due} days after due"


class Reminder(models.Model):
    """A step of the ladder taken for an open item, with what was open then; never changes, each step once.

    `document_number` is the reminder that said it, empty for a proposal.
    """

    open_item = models.ForeignKey("rackbill_receivables.OpenItem", on_delete=models.PROTECT, related_name="reminders")
    step = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=12)
    open_minor = MinorField()
    fee_minor = MinorField(default=0)
    fee_currency = models.CharField(max_length=3, blank=True)
    proposed_on = models.DateField()
    document_number = models.CharField(max_length=8, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["open_item", "step"], name="reminder_once")]

    def __str__(self) -> str:
        return f"{self.open_item_id} step {self.step}"


class ReminderHold(models.Model):
    """No reminders for a while: of a customer, of one item, or of the disputed part of one."""

    hold_id = models.CharField(max_length=64, unique=True)
    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="reminder_holds")
    open_item = models.ForeignKey(
        "rackbill_receivables.OpenItem", null=True, on_delete=models.PROTECT, related_name="reminder_holds"
    )
    disputed_minor = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200)
    held_from = models.DateField()
    held_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(disputed_minor__isnull=True)
                | models.Q(disputed_minor__gt=0, open_item__isnull=False),
                name="disputed_part_of_an_item",
            ),
        ]

    def __str__(self) -> str:
        return self.hold_id
