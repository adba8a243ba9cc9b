from django.db import models

from rackbill.domain.kit.fields import DecimalSixField


class Meter(models.Model):
    """What counts a metered contract line's traffic or bandwidth; several meters of one line are aggregated."""

    METHODS = [(name, name) for name in ("traffic", "percentile", "percentile_of_sums")]

    meter_id = models.CharField(max_length=64, unique=True)
    line = models.ForeignKey("rackbill_contracts.ContractLine", on_delete=models.PROTECT, related_name="meters")
    method = models.CharField(max_length=20, choices=METHODS)
    unit = models.CharField(max_length=8)
    profile = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return self.meter_id


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
    """What was used on a line in a period; never changes. A later revision takes its place (late or corrected samples)."""

    line = models.ForeignKey("rackbill_contracts.ContractLine", on_delete=models.PROTECT, related_name="measured")
    period_start = models.DateField()
    period_end = models.DateField()
    revision = models.PositiveSmallIntegerField()
    quantity = DecimalSixField()
    unit = models.CharField(max_length=8)
    profile = models.CharField(max_length=40, blank=True)
    samples_sha256 = models.CharField(max_length=64, blank=True)
    sample_count = models.PositiveIntegerField(default=0)
    expected_count = models.PositiveIntegerField(default=0)
    measured_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "measured quantities"
        constraints = [
            models.UniqueConstraint(fields=["line", "period_start", "revision"], name="measured_once"),
            models.CheckConstraint(condition=models.Q(quantity__gte=0), name="measured_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.unit} from {self.period_start}"
