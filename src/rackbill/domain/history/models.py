from django.db import models


class HistoryEntry(models.Model):
    """One change: who did what to which object, when. Append only; personal values lie in PersonalDetail."""

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor_identity = models.CharField(max_length=254)
    object_kind = models.CharField(max_length=32)
    object_id = models.CharField(max_length=64)
    customer_id = models.CharField(max_length=16, blank=True)
    verb = models.CharField(max_length=48)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["object_kind", "object_id", "at"]),
            models.Index(fields=["customer_id", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb} {self.object_kind} {self.object_id}"


class PersonalDetail(models.Model):
    """Personal values before and after a change; may be erased without touching the entry."""

    entry = models.OneToOneField(
        "rackbill_history.HistoryEntry", on_delete=models.CASCADE, related_name="personal_detail"
    )
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"detail of {self.entry_id}"
