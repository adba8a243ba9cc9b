from django.db import models

from rackbill.domain.kit.fields import DecimalSixField


class Meter(models.Model):
    """What counts traffic: a switch port, an uplink, an instance. It outlives the services it counts for.

    `service` is the one whose start and end bound its hours.
    """

    meter_id = models.CharField(max_length=64, unique=True)
    service = models.ForeignKey(
        "rackbill_contracts.Service", null=True, on_delete=models.PROTECT, related_name="meters"
    )

    def __str__(self) -> str:
        return self.meter_id


class MeasuringRule(models.Model):
    """How a metered contract line's month is measured from its meters."""

    METHODS = [(name, name) for name in ("traffic", "percentile", "percentile_of_sums", "hours")]
    MONTHS = [(name, name) for name in ("utc", "local")]

    line = models.OneToOneField(
        "rackbill_contracts.ContractLine", on_delete=models.PROTECT, related_name="measuring_rule"
    )
    method = models.CharField(max_length=20, choices=METHODS)
    unit = models.CharField(max_length=8)
    profile = models.CharField(max_length=40, blank=True)
    month_by = models.CharField(max_length=8, choices=MONTHS, default="utc")

    def __str__(self) -> str:
        return f"{self.method} in {self.unit}"


class MeterAssignment(models.Model):
    """Which line a meter counts for from a day until another. Several meters of one line are a pack."""

    meter = models.ForeignKey("rackbill_usage.Meter", on_delete=models.PROTECT, related_name="assignments")
    line = models.ForeignKey(
        "rackbill_contracts.ContractLine", on_delete=models.PROTECT, related_name="meter_assignments"
    )
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meter", "valid_from"], name="meter_assigned_once")]

    def __str__(self) -> str:
        return f"{self.meter_id} from {self.valid_from}"


class MeterDay(models.Model):
    """A meter's 288 five-minute samples of one day (UTC), in and out, packed."""

    meter = models.ForeignKey("rackbill_usage.Meter", on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    samples = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meter", "day"], name="meter_day_once")]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.day}"


class MeasuredQuantity(models.Model):
    """What was used on a line in a month; never changes. A later revision takes its place (late or corrected samples).

    `counted_from` and `counted_until` are the days that the line was agreed for when it was measured, `method` is that of the
    rule that was in force then; empty where the quantity was handed in.
    """

    line = models.ForeignKey("rackbill_contracts.ContractLine", on_delete=models.PROTECT, related_name="measured")
    period_start = models.DateField()
    period_end = models.DateField()
    revision = models.PositiveSmallIntegerField()
    quantity = DecimalSixField()
    unit = models.CharField(max_length=8)
    method = models.CharField(max_length=20, null=True)
    profile = models.CharField(max_length=40, blank=True)
    samples_sha256 = models.CharField(max_length=64, blank=True)
    sample_count = models.PositiveIntegerField(default=0)
    expected_count = models.PositiveIntegerField(default=0)
    counted_from = models.DateField(null=True)
    counted_until = models.DateField(null=True)
    measured_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "measured quantities"
        constraints = [
            models.UniqueConstraint(fields=["line", "period_start", "revision"], name="measured_once"),
            models.CheckConstraint(condition=models.Q(quantity__gte=0), name="measured_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.unit} from {self.period_start}"


class LateUsage(models.Model):
    """A line's month that was measured before further samples came: it waits to be measured anew."""

    line = models.ForeignKey("rackbill_contracts.ContractLine", on_delete=models.CASCADE, related_name="late_usage")
    month = models.DateField()

    class Meta:
        verbose_name_plural = "late usage"
        constraints = [models.UniqueConstraint(fields=["line", "month"], name="late_usage_once")]

    def __str__(self) -> str:
        return f"{self.line_id} {self.month}"
