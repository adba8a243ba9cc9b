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
    """

    KINDS = [("recurring", "recurring"), ("one_off", "one_off"), ("metered", "metered")]
    PRORATIONS = [(name, name) for name in ("days_of_cycle", "days_of_month", "30/360", "hours", "whole_cycle")]
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
    anchor_on = models.DateField(null=True)
    proration = models.CharField(max_length=16, choices=PRORATIONS, default="days_of_cycle")
    day_price_digits = models.PositiveSmallIntegerField(null=True)
    rounding = models.CharField(max_length=12, choices=ROUNDINGS, default="half_up")
    legacy_id = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(cycle_months__in=(1, 3, 6, 12)), name="line_cycle_is_sold"),
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
    """A reduction of a line: percent of the price, or an amount for each cycle in the main unit."""

    KINDS = [("percent", "percent"), ("amount", "amount")]

    line = models.ForeignKey("rackbill_contracts.ContractLine", on_delete=models.CASCADE, related_name="discounts")
    kind = models.CharField(max_length=8, choices=KINDS)
    value = DecimalSixField()
    reason = models.CharField(max_length=100)
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
