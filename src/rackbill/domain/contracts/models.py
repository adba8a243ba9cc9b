from django.db import models

from rackbill.domain.kit.fields import CurrencyField, DecimalSixField

STATUSES = [
    (status, status)
    for status in (
        "NEW_CONTRACT ACTIVE SCHEDULED TO_BE_MODIFIED TO_BE_PROVISIONED TO_BE_SUSPENDED SUSPENDED TO_BE_RECONNECTED"
    ).split()
]  # fmt: skip


class Contract(models.Model):
    """All equipment ordered at one time, with start, term, end and one currency."""

    contract_id = models.CharField(max_length=8, unique=True)
    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="contracts")
    currency = CurrencyField()
    ordered_on = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    term_months = models.PositiveSmallIntegerField()
    po_number = models.CharField(max_length=60, blank=True)
    legacy_id = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["customer", "contract_id"])]

    def __str__(self) -> str:
        return self.contract_id


class Service(models.Model):
    """What the customer sees and names: one or more contract lines and at most one equipment at a time."""

    service_id = models.CharField(max_length=14, unique=True)
    contract = models.ForeignKey("rackbill_contracts.Contract", on_delete=models.PROTECT, related_name="services")
    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="services")
    billing_group = models.ForeignKey(
        "rackbill_parties.BillingGroup", on_delete=models.PROTECT, related_name="services"
    )
    product = models.ForeignKey("rackbill_catalogue.Product", on_delete=models.PROTECT, related_name="+")
    equipment = models.OneToOneField(
        "rackbill_equipment.Equipment", null=True, on_delete=models.PROTECT, related_name="service"
    )
    description = models.CharField(max_length=200)
    status = models.CharField(max_length=20, choices=STATUSES)
    reference = models.CharField(max_length=200, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    cancelled_on = models.DateField(null=True)
    cost_centre = models.CharField(max_length=60, blank=True)
    legacy_id = models.CharField(max_length=40, blank=True)
    legacy_name = models.CharField(max_length=80, blank=True)
    search_text = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["customer", "service_id"]),
            models.Index(fields=["customer", "status"]),
            models.Index(fields=["customer", "reference"]),
        ]

    def __str__(self) -> str:
        return self.service_id


class EquipmentPlacement(models.Model):
    """Which equipment served a service from a day until another: the history of swaps."""

    service = models.ForeignKey("rackbill_contracts.Service", on_delete=models.CASCADE, related_name="placements")
    equipment = models.ForeignKey("rackbill_equipment.Equipment", on_delete=models.PROTECT, related_name="placements")
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "valid_from"], name="placement_once")]

    def __str__(self) -> str:
        return f"{self.equipment_id} from {self.valid_from}"


class ContractLine(models.Model):
    """One priced thing in a contract. `billed_from` is the boundary date: what lies before it another system billed.

    `settled_until`: the through date of the run that computed it in full last; not amended since. None demands to do so.
    `counts`: whose other lines count to a minimum, those of its service or of its contract.
    `product`: what the line was for before its service got another one; blank while it is the service's.
    """

    KINDS = [(name, name) for name in ("recurring", "one_off", "metered", "minimum")]
    PRORATIONS = [
        (name, name) for name in ("days_of_cycle", "days_of_month", "30/360", "days/30", "hours", "whole_cycle")
    ]
    DAY_COUNTS = [(name, name) for name in ("start", "end", "both", "neither")]
    SCOPES = [("", "nothing"), ("service", "service"), ("contract", "contract")]
    ROUNDINGS = [(name, name) for name in ("half_up", "half_even", "down")]
    TIMINGS = [("advance", "advance"), ("arrears", "arrears")]

    service = models.ForeignKey("rackbill_contracts.Service", on_delete=models.PROTECT, related_name="lines")
    contract = models.ForeignKey("rackbill_contracts.Contract", on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=12, choices=KINDS)
    timing = models.CharField(max_length=8, choices=TIMINGS, default="advance")
    description = models.CharField(max_length=200)
    cycle_months = models.PositiveSmallIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    billed_from = models.DateField(null=True)
    settled_until = models.DateField(null=True)
    amendment_count = models.PositiveIntegerField(default=0)
    anchor_on = models.DateField(null=True)
    proration = models.CharField(max_length=16, choices=PRORATIONS, default="days_of_cycle")
    day_price_digits = models.PositiveSmallIntegerField(null=True)
    rounding = models.CharField(max_length=12, choices=ROUNDINGS, default="half_up")
    day_count = models.CharField(max_length=8, choices=DAY_COUNTS, default="start", db_default="start")
    is_unit_rounded = models.BooleanField(default=False, db_default=False)
    counts = models.CharField(max_length=8, choices=SCOPES, blank=True, default="", db_default="")
    legacy_id = models.CharField(max_length=40, blank=True)
    product = models.ForeignKey("rackbill_catalogue.Product", on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(cycle_months__in=(1, 3, 6, 12)), name="line_cycle_is_sold"),
            models.CheckConstraint(
                condition=models.Q(kind="minimum", counts__in=("service", "contract"))
                | (~models.Q(kind="minimum") & models.Q(counts="")),
                name="minimum_counts_lines",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} {self.description}"


class LinePrice(models.Model):
    """A line's unit price per cycle from a day until another; a metered line's price for usage stands in `usage_price`."""

    line = models.ForeignKey("rackbill_contracts.ContractLine", on_delete=models.CASCADE, related_name="prices")
    unit_price = DecimalSixField()
    usage_price = models.JSONField(null=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "valid_from"], name="line_price_once"),
            models.CheckConstraint(condition=models.Q(unit_price__gte=0), name="line_price_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_price} from {self.valid_from}"


class LineQuantity(models.Model):
    """How many of a line from a day until another."""

    line = models.ForeignKey("rackbill_contracts.ContractLine", on_delete=models.CASCADE, related_name="quantities")
    quantity = DecimalSixField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "valid_from"], name="line_quantity_once"),
            models.CheckConstraint(condition=models.Q(quantity__gte=0), name="line_quantity_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} from {self.valid_from}"


class LineDiscount(models.Model):
    """A reduction of a line: percent of the price, or an amount for each cycle in the main unit.

    A listed one was taken from the catalogue's discount rates when the line was opened.
    """

    KINDS = [("percent", "percent"), ("amount", "amount")]

    line = models.ForeignKey("rackbill_contracts.ContractLine", on_delete=models.CASCADE, related_name="discounts")
    kind = models.CharField(max_length=8, choices=KINDS)
    value = DecimalSixField()
    reason = models.CharField(max_length=100)
    is_listed = models.BooleanField(default=False, db_default=False)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    def __str__(self) -> str:
        return f"{self.reason} {self.value}"


class LineSuspension(models.Model):
    """Days on which a line is not charged because its service was suspended."""

    line = models.ForeignKey("rackbill_contracts.ContractLine", on_delete=models.CASCADE, related_name="suspensions")
    reason = models.CharField(max_length=100, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "valid_from"], name="line_suspension_once")]

    def __str__(self) -> str:
        return f"suspended from {self.valid_from}"


class NoticeRule(models.Model):
    """How long before the end of a term to cancel (B27, B28), whether renewals bind (B26), until when to undo (B30).

    The rows of one organisation, customer kind, product class and first day are one set; a blank means any.
    """

    organisation_id = models.CharField(max_length=4, blank=True)
    customer_kind = models.CharField(max_length=8, blank=True)
    product_class = models.CharField(max_length=48, blank=True)
    valid_from = models.DateField()
    longest_term_months = models.PositiveSmallIntegerField()
    notice_months = models.PositiveSmallIntegerField(default=0)
    notice_hours = models.PositiveSmallIntegerField(default=0)
    is_renewal_binding = models.BooleanField(default=True)
    undo_hours = models.PositiveSmallIntegerField(default=0)
    source = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation_id", "customer_kind", "product_class", "valid_from", "longest_term_months"],
                name="notice_rule_once",
            ),
        ]

    def __str__(self) -> str:
        return f"notice up to {self.longest_term_months} months from {self.valid_from}"


class Cancellation(models.Model):
    """A customer's notice: when it was given and why, the day the contract ends by it, until when it can be undone."""

    contract = models.ForeignKey("rackbill_contracts.Contract", on_delete=models.PROTECT, related_name="cancellations")
    given_at = models.DateTimeField()
    ends_on = models.DateField()
    undo_until = models.DateTimeField()
    notice = models.CharField(max_length=60)
    reason_code = models.CharField(max_length=40, blank=True)
    reason_text = models.CharField(max_length=500, blank=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contract"], condition=models.Q(withdrawn_at=None), name="one_cancellation_in_force"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} ends on {self.ends_on}"
