from django.db import models


class Alias(models.Model):
    """One identifier that is or was valid, and what it names. `system` is blank for our own IDs and for references.

    The text alone is not unique; rows are never deleted, so no ID is ever given twice.
    """

    system = models.CharField(max_length=32, blank=True)
    organisation_id = models.CharField(max_length=8, blank=True)
    kind = models.CharField(max_length=24)
    raw_text = models.CharField(max_length=200)
    normalised_text = models.CharField(max_length=200)
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)
    target_kind = models.CharField(max_length=24)
    target_id = models.CharField(max_length=64)
    customer_id = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["system", "organisation_id", "kind", "raw_text", "target_kind", "target_id", "valid_from"],
                name="alias_once",
            ),
            models.UniqueConstraint(
                fields=["kind", "raw_text"],
                condition=models.Q(system="") & ~models.Q(kind="reference"),
                name="own_id_once",
            ),
        ]
        indexes = [
            models.Index(fields=["raw_text"]),
            models.Index(fields=["normalised_text"]),
            models.Index(fields=["target_kind", "target_id"]),
            models.Index(fields=["customer_id", "kind"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.raw_text} → {self.target_kind} {self.target_id}"


class IdSequence(models.Model):
    """Where the giving of IDs of one kind stands; raised under its lock, never lowered."""

    kind = models.CharField(max_length=24, unique=True)
    next_value = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.kind} next {self.next_value}"
