from django.db import models


class CutoverRun(models.Model):
    """One pass of the move out of one legacy system: staged → adopted, or refused with findings."""

    STATES = [(state, state) for state in ("staged", "refused", "adopted")]

    system = models.CharField(max_length=32)
    cutover_on = models.DateField()
    state = models.CharField(max_length=8, choices=STATES)
    source = models.CharField(max_length=300)
    fingerprint = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.system} on {self.cutover_on}: {self.state}"


class StagedRecord(models.Model):
    """A row of the source, untouched, with where it stood."""

    run = models.ForeignKey("rackbill_cutover.CutoverRun", on_delete=models.CASCADE, related_name="records")
    file_name = models.CharField(max_length=60)
    line_number = models.PositiveIntegerField()
    cells = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "file_name", "line_number"], name="staged_once")]

    def __str__(self) -> str:
        return f"{self.file_name}:{self.line_number}"


class Finding(models.Model):
    """A fault of a row: file, line, column and reason. `is_primary` is False for what follows from another fault."""

    run = models.ForeignKey("rackbill_cutover.CutoverRun", on_delete=models.CASCADE, related_name="findings")
    file_name = models.CharField(max_length=60)
    line_number = models.PositiveIntegerField()
    column = models.CharField(max_length=60, blank=True)
    code = models.CharField(max_length=40)
    reason = models.CharField(max_length=500)
    is_primary = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.file_name}:{self.line_number} {self.code}"
