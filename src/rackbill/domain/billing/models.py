from django.db import models

from rackbill.domain.kit.fields import CurrencyField, DecimalSixField, MinorField


class BillRun(models.Model):
    """One pass over one sales organisation up to a through date: planned → computed → approved → issued, or discarded.

    `is_four_eyes` says that it was above the limit when it was approved. `reviewed_by` is then the first of two people,
    where no person planned and computed it. `hold_reason` says what keeps its e-invoices from being checked.

    What workers do for it: `issue_asked_by` and `issue_asked_at` say who wants it issued; `carried_at` (wall clock) is the
    last sign of somebody who carries it on, `carried_by` whether that is a runner or a worker, and `stop_reason` what the last
    one who tried stumbled over.
    """

    STATES = [(state, state) for state in ("planned", "computed", "approved", "issued", "discarded")]

    run_id = models.CharField(max_length=36, unique=True)
    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="bill_runs"
    )
    through = models.DateField()
    issued_on = models.DateField()
    state = models.CharField(max_length=10, choices=STATES)
    planned_at = models.DateTimeField()
    planned_by = models.CharField(max_length=254)
    computed_at = models.DateTimeField(null=True)
    computed_by = models.CharField(max_length=254, blank=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.CharField(max_length=254, blank=True)
    approved_by = models.CharField(max_length=254, blank=True)
    approved_at = models.DateTimeField(null=True)
    is_four_eyes = models.BooleanField(default=False)
    hold_reason = models.CharField(max_length=300, blank=True)
    issue_asked_at = models.DateTimeField(null=True)
    issue_asked_by = models.CharField(max_length=254, blank=True)
    carried_at = models.DateTimeField(null=True)
    carried_by = models.CharField(max_length=6, blank=True)
    stop_reason = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True)
    provisional_report = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(issue_asked_at=None, issue_asked_by="")
                | models.Q(issue_asked_at__isnull=False, approved_at__isnull=False) & ~models.Q(issue_asked_by=""),
                name="issue_asked_once_approved",
            ),
            models.UniqueConstraint(
                fields=["sales_organisation"],
                condition=~models.Q(state__in=("issued", "discarded")),
                name="one_open_run",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} through {self.through}"


class BillShard(models.Model):
    """Some customers of a run, computed in one transaction; a retry is one customer that was parked before."""

    run = models.ForeignKey("rackbill_billing.BillRun", on_delete=models.CASCADE, related_name="shards")
    shard_number = models.PositiveIntegerField()
    first_customer_id = models.CharField(max_length=8)
    last_customer_id = models.CharField(max_length=8)
    is_computed = models.BooleanField(default=False)
    queued_at = models.DateTimeField(null=True)
    is_retry = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "shard_number"], name="shard_once")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.shard_number}"


class BillDraft(models.Model):
    """A document without a number, of a run or (without one) a credit note of its own; the number is set in issuing it.

    `checked_sha256` is the hash of the canonical form whose invariants were checked in computing it; empty: check it.
    With an `einvoice_profile` it gets none before it has passed the official rules: `checked_with` says which, and when.
    """

    run = models.ForeignKey(
        "rackbill_billing.BillRun", null=True, on_delete=models.CASCADE, related_name="drafts", db_index=False
    )
    customer = models.ForeignKey(
        "rackbill_parties.Customer", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    billing_group = models.ForeignKey(
        "rackbill_parties.BillingGroup", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=24)
    currency = CurrencyField()
    shard_number = models.PositiveIntegerField(default=0)
    place = models.PositiveSmallIntegerField()
    line_count = models.PositiveIntegerField()
    net_minor = MinorField()
    canonical = models.TextField()
    checked_sha256 = models.CharField(max_length=64, blank=True)
    document_number = models.CharField(max_length=8, null=True, unique=True)
    einvoice_profile = models.CharField(max_length=16, default="")
    checked_at = models.DateTimeField(null=True)
    checked_with = models.CharField(max_length=300, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "billing_group", "currency", "place"], name="draft_once"),
            models.CheckConstraint(
                condition=models.Q(document_number=None)
                | models.Q(einvoice_profile="")
                | models.Q(checked_at__isnull=False),
                name="einvoice_checked_before_number",
            ),
        ]
        indexes = [
            models.Index(
                fields=["run", "shard_number"], condition=models.Q(document_number=None), name="drafts_to_issue"
            ),
            models.Index(fields=["run", "customer"], name="draft_by_run_and_customer"),
            models.Index(fields=["run", "id"], condition=~models.Q(einvoice_profile=""), name="drafts_with_einvoice"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.document_number or '(draft)'}"


class Charge(models.Model):
    """An amount owed for one contract line and period; never changes. Without a draft: the legacy system billed it."""

    contract_line = models.ForeignKey(
        "rackbill_contracts.ContractLine", on_delete=models.PROTECT, related_name="charges", db_index=False
    )
    kind = models.CharField(max_length=12)
    period_start = models.DateField()
    period_end = models.DateField()
    revision = models.PositiveSmallIntegerField()
    quantity = DecimalSixField()
    unit = models.CharField(max_length=4)
    unit_price = DecimalSixField()
    price_base_quantity = DecimalSixField()
    amount_minor = MinorField()
    currency = CurrencyField()
    allowances = models.JSONField(default=list)
    step = models.PositiveSmallIntegerField(default=0)
    rule = models.CharField(max_length=100)
    formula = models.TextField()
    facts = models.JSONField(default=list)
    corrects = models.ForeignKey(
        "rackbill_billing.Charge", null=True, on_delete=models.PROTECT, related_name="corrected_by", db_index=False
    )
    draft = models.ForeignKey("rackbill_billing.BillDraft", null=True, on_delete=models.CASCADE, related_name="charges")
    line_number = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contract_line", "period_start", "period_end", "kind", "step", "revision"], name="charge_once"
            ),
        ]
        indexes = [
            models.Index(fields=["corrects"], condition=models.Q(corrects__isnull=False), name="charge_corrections"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period_start} {self.amount_minor}"


class ParkedBill(models.Model):
    """A customer or billing group that a run could not bill, with the reason in words.

    `failures` are the e-invoice rules it does not meet, as {rule, text, place}, so that any door tells them in its language.
    """

    run = models.ForeignKey("rackbill_billing.BillRun", on_delete=models.CASCADE, related_name="parked")
    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="+")
    billing_group = models.ForeignKey(
        "rackbill_parties.BillingGroup", null=True, on_delete=models.PROTECT, related_name="+"
    )
    code = models.CharField(max_length=32)
    reason = models.CharField(max_length=1000)
    failures = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "customer"], condition=models.Q(billing_group=None), name="parked_once"
            ),
            models.UniqueConstraint(fields=["run", "billing_group"], name="group_parked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.code}"


class RateReview(models.Model):
    """Charges that were billed before a change of rate was noticed, held against it as they are performed."""

    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="rate_reviews"
    )
    territory = models.CharField(max_length=8)
    tax = models.CharField(max_length=16)
    tax_class = models.CharField(max_length=32)
    valid_from = models.DateField()
    noticed_on = models.DateField()
    reviewed_until = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sales_organisation", "territory", "tax", "tax_class", "valid_from"], name="rate_review_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.territory} {self.tax} from {self.valid_from}"


class RateCorrection(models.Model):
    """A charge that was billed in advance at a rate that its performance does not bear: taken back and charged anew."""

    review = models.ForeignKey("rackbill_billing.RateReview", on_delete=models.PROTECT, related_name="corrections")
    charge = models.OneToOneField("rackbill_billing.Charge", on_delete=models.PROTECT, related_name="rate_correction")

    def __str__(self) -> str:
        return f"{self.charge_id}"


class ApprovalLimit(models.Model):
    """The amount of a run, in one currency, above which two people must see it; from a day until the next row's."""

    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="approval_limits"
    )
    currency = CurrencyField()
    amount_minor = MinorField()
    valid_from = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sales_organisation", "currency", "valid_from"], name="approval_limit_once"
            ),
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="approval_limit_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} from {self.valid_from}"


class RunReport(models.Model):
    """The signed report of an issued run, as JSON, with the hash of its PDF. Never changes."""

    run = models.OneToOneField("rackbill_billing.BillRun", on_delete=models.PROTECT, related_name="report")
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    pdf_sha256 = models.CharField(max_length=64)
    stored_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"report of {self.run_id}"
