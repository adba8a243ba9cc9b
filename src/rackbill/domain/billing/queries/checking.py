"""Drafts of a run that will be e-invoices, and how far their check against the official rules is."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from rackbill.domain.billing.models import BillDraft, BillRun


@dataclass(frozen=True, slots=True, kw_only=True)
class UncheckedDraft:
    """A draft to be checked: its row key, billing group, profile and canonical form."""

    key: int
    group_id: str
    profile: str
    canonical: str


def unchecked_drafts(*, run_id: str, after_key: int, at_most: int) -> list[UncheckedDraft]:
    """The next drafts of a computed run that will be e-invoices and did not pass the rules yet, by key."""
    rows = _waiting().filter(run__run_id=run_id, run__state="computed", pk__gt=after_key).order_by("pk")
    columns = rows.values_list("pk", "billing_group__group_id", "einvoice_profile", "canonical")
    return [
        UncheckedDraft(key=key, group_id=group_id, profile=profile, canonical=canonical)
        for key, group_id, profile, canonical in columns[:at_most]
    ]


def unchecked_count(*, run_key: int) -> int:
    """How many drafts of a run will be e-invoices and did not pass the rules yet."""
    return _waiting().filter(run_id=run_key).count()


def runs_to_check(*, except_ids: Collection[str] = ()) -> list[str]:
    """The IDs of the computed runs that hold unchecked e-invoices, oldest first."""
    runs = BillRun.objects.filter(pk__in=_waiting().values("run_id"), state="computed").exclude(run_id__in=except_ids)
    return list(runs.order_by("planned_at").values_list("run_id", flat=True))


def einvoice_counts(*, run_id: str) -> tuple[int, int]:
    """(checked, all) drafts of a run that will be e-invoices."""
    drafts = BillDraft.objects.filter(~Q(einvoice_profile=""), run__run_id=run_id)
    return drafts.filter(checked_at__isnull=False).count(), drafts.count()


def _waiting() -> QuerySet[BillDraft]:
    return BillDraft.objects.filter(~Q(einvoice_profile=""), document_number=None, checked_at=None)
