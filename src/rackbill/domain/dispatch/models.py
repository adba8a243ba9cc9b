from django.db import models


class Dispatch(models.Model):
    """The sending of one document to one recipient by one way.

    `hold_count` of its attempts found the rule checker down; they are no failures of this document.
    """

    STATES = [(state, state) for state in ("queued", "claimed", "sent", "failed", "parked")]

    dispatch_id = models.CharField(max_length=36, unique=True)
    document = models.ForeignKey(
        "rackbill_documents.Document", on_delete=models.PROTECT, related_name="dispatches", db_index=False
    )
    customer = models.ForeignKey(
        "rackbill_parties.Customer", on_delete=models.PROTECT, related_name="dispatches", db_index=False
    )
    purpose = models.CharField(max_length=16)
    way = models.CharField(max_length=8)
    recipient = models.CharField(max_length=254, blank=True)
    state = models.CharField(max_length=8, choices=STATES)
    reason = models.CharField(max_length=300, blank=True)
    attempt_count = models.PositiveIntegerField(default=0)
    hold_count = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    claimed_by = models.CharField(max_length=64, blank=True)
    claimed_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    message_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "purpose", "way", "recipient"], name="dispatch_once"),
        ]
        indexes = [models.Index(fields=["state", "next_attempt_at"])]

    def __str__(self) -> str:
        return f"{self.purpose} to {self.recipient or '(nobody)'}: {self.state}"
