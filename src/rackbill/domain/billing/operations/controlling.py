"""The acts between computing and issuing: computed, approved by the right people, reported; and the limits of that."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from rackbill.core.money import decimal_from_minor, minor_digits
from rackbill.domain.access import queries as access
from rackbill.domain.billing import policy
from rackbill.domain.billing.errors import ApprovalRefused, LimitRefused, RunHeld, RunNotFound, RunRefused
from rackbill.domain.billing.models import ApprovalLimit, BillRun, RunReport
from rackbill.domain.billing.queries import runs
from rackbill.domain.billing.queries.checking import unchecked_count
from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import SYSTEM, Actor
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.parties import queries as parties


@transaction.atomic
def finish_computing(*, run_id: str, now: datetime, actor: Actor | None) -> None:
    """Marks a run as computed once every shard is. May run twice. Raises RunNotFound, RunRefused.

    Without an actor a machine does it: who asked for it to be computed, or planned it, has computed it.
    """
    run = _locked_run(run_id)
    if run.state == "planned":
        _finish(run, now, actor)


def _finish(run: BillRun, now: datetime, actor: Actor | None) -> None:
    left = run.shards.filter(is_computed=False).count()
    if left:
        raise RunRefused(
            f"run {run.run_id} is not computed yet, {left} shards are left; compute it again to go on",
            code="not_computed",
        )
    who = str(actor) if actor else run.computed_by or run.planned_by
    run.state, run.computed_by, run.computed_at = "computed", who, now
    run.save(update_fields=["state", "computed_by", "computed_at"])
    history.record_change(
        now=now, actor=actor or SYSTEM, verb="compute_run", object_kind="bill_run", object_id=run.run_id
    )


@transaction.atomic
def approve_run(*, run_id: str, now: datetime, actor: Actor) -> str:
    """Lets a computed run be issued; its state afterwards, still `computed` where one more person must approve.

    May run twice. Raises RunNotFound, RunRefused while it is not computed, RunHeld while an e-invoice of it is not checked,
    ApprovalRefused where the actor may not.
    """
    run = _locked_run(run_id)
    if run.state in ("approved", "issued"):
        return run.state
    if run.state == "discarded":
        raise RunRefused(f"run {run_id} was discarded; plan a new one", code="discarded")
    if run.state == "planned":
        # A worker died between its last shard and saying so.
        _finish(run, now, None)
    _check_unheld(run)
    everything = WholeInstallation()
    answer = runs.approval_answer(scope=everything, run_id=run_id, actor=actor)
    if answer.refusal:
        above = runs.run(scope=everything, run_id=run_id).above
        limits = " and ".join(
            f"{decimal_from_minor(limit, currency):,} {currency}" for currency, _minor, limit in above
        )
        why = f"is above the limit of {limits} and " if above else ""
        raise ApprovalRefused(f"run {run_id} {why}cannot be approved: {answer.refusal}", code=answer.code)
    if answer.is_approved:
        run.state, run.approved_by, run.approved_at = "approved", str(actor), now
        run.is_four_eyes = bool(runs.run(scope=everything, run_id=run_id).above)
        run.save(update_fields=["state", "approved_by", "approved_at", "is_four_eyes"])
    else:
        run.reviewed_by, run.reviewed_at = str(actor), now
        run.save(update_fields=["reviewed_by", "reviewed_at"])
    verb = "approve_run" if answer.is_approved else "review_run"
    history.record_change(now=now, actor=actor, verb=verb, object_kind="bill_run", object_id=run_id)
    return run.state


def _check_unheld(run: BillRun) -> None:
    unchecked = unchecked_count(run_key=run.pk)
    if unchecked:
        why = run.hold_reason or "they wait for the rule checker"
        raise RunHeld(
            f"run {run.run_id} cannot be approved: {unchecked} of its documents are e-invoices and not checked against the "
            f"official rules yet ({why}); rackbill run check {run.run_id} checks them",
            code="unchecked",
        )


@transaction.atomic
def ask_to_issue(*, run_id: str, now: datetime, actor: Actor) -> None:
    """Says with an approved run that it is to be issued; a worker does it. May run twice: the first who asked stays.

    Raises RunNotFound, and RunRefused where the person may not or the run is not approved.
    """
    run = _locked_run(run_id)
    check_operator(organisation_id=run.sales_organisation.organisation_id, actor=actor)
    if run.issue_asked_at is not None or run.state == "issued":
        return
    if run.state == "discarded":
        raise RunRefused(f"run {run_id} was discarded; plan a new one", code="discarded")
    if run.state != "approved":
        raise RunRefused(f"run {run_id} is {run.state}; it must be approved before it is issued", code="not_approved")
    run.issue_asked_by, run.issue_asked_at = str(actor), now
    run.save(update_fields=["issue_asked_by", "issue_asked_at"])
    history.record_change(now=now, actor=actor, verb="ask_to_issue", object_kind="bill_run", object_id=run_id)


def check_operator(*, organisation_id: str, actor: Actor) -> None:
    """Raises RunRefused where a person has no role to plan, compute, issue or discard runs of the organisation."""
    if actor.kind == "person" and not _roles(actor, organisation_id) & policy.OPERATORS:
        raise RunRefused(
            f"{actor.identity} may not handle runs of {organisation_id}; it needs one of the roles "
            f"{', '.join(sorted(policy.OPERATORS))}",
            code="no_operator",
        )


def _locked_run(run_id: str) -> BillRun:
    run = locks.locked(BillRun.objects.filter(run_id=run_id).select_related("sales_organisation")).first()
    if run is None:
        raise RunNotFound(f"there is no bill run {run_id}; list them with rackbill run list")
    return run


def _roles(actor: Actor, organisation_id: str) -> frozenset[str]:
    if actor.kind != "person":
        return frozenset()
    return access.staff_roles(email=actor.identity, organisation_id=organisation_id)


@transaction.atomic
def set_approval_limit(
    *, organisation_id: str, currency: str, amount_minor: int, valid_from: date, now: datetime, actor: Actor
) -> None:
    """From a day on, runs above the amount (minor units) need two people. May run twice.

    Setting the first limit or a lower one is anybody's; raising one is an administrator's. Raises LimitRefused,
    SalesOrganisationNotFound, core UnknownCurrency.
    """
    minor_digits(currency)
    seller = parties.seller(organisation_id=organisation_id)
    today = now.astimezone(ZoneInfo(seller.time_zone)).date()
    if amount_minor < 0:
        raise LimitRefused("an approval limit is not negative; 0 demands two people for every run")
    present = runs.limits_on(organisation_key=seller.key, on=valid_from)
    raises = bool(present) and amount_minor > present.get(currency, 0)
    if raises and not _roles(actor, organisation_id) & policy.LIMIT_KEEPERS:
        raise LimitRefused(
            f"only an administrator of {organisation_id} raises the limit for {currency}; act as one with --as EMAIL"
        )
    if valid_from < today:
        raise LimitRefused(f"a limit begins today ({today}) or later, not on {valid_from}; the past stays as it was")
    ApprovalLimit.objects.update_or_create(
        sales_organisation_id=seller.key, currency=currency, valid_from=valid_from,
        defaults={"amount_minor": amount_minor},
    )  # fmt: skip
    history.record_change(
        now=now, actor=actor, verb="set_approval_limit", object_kind="sales_organisation", object_id=organisation_id,
        detail={"currency": currency, "amount_minor": amount_minor, "valid_from": str(valid_from)},
    )  # fmt: skip


@transaction.atomic
def ask_to_check(*, run_id: str, now: datetime, actor: Actor) -> None:
    """Says with a computed run that its unchecked e-invoices and its report are to be made anew; a worker does it. May run twice.

    Raises RunNotFound, and RunRefused where the person may not or the run is not computed.
    """
    run = _locked_run(run_id)
    check_operator(organisation_id=run.sales_organisation.organisation_id, actor=actor)
    if run.state != "computed":
        raise RunRefused(
            f"run {run_id} is {run.state}; e-invoices are checked while it is computed", code="not_checkable"
        )
    if not unchecked_count(run_key=run.pk) or not run.provisional_report:
        return
    run.provisional_report = ""
    run.save(update_fields=["provisional_report"])
    history.record_change(now=now, actor=actor, verb="ask_to_check", object_kind="bill_run", object_id=run_id)


@transaction.atomic
def keep_provisional_report(*, run_id: str, content: str, computed_at: datetime | None) -> None:
    """Keeps the report of a run that is not issued yet; it goes when the run is computed anew. May run twice.

    `computed_at` is what the report is about: that of a run that was computed anew meanwhile is not kept.
    """
    run = _locked_run(run_id)
    if run.state in ("computed", "approved") and run.computed_at == computed_at:
        run.provisional_report = content
        run.save(update_fields=["provisional_report"])


@transaction.atomic
def keep_report(*, run_id: str, content: str, sha256: str, pdf_sha256: str, now: datetime) -> None:
    """Keeps the signed report of an issued run for good; the first one stays. Raises RunNotFound, RunRefused."""
    run = _locked_run(run_id)
    if run.state != "issued":
        raise RunRefused(f"run {run_id} is {run.state}; its report is kept once it is issued")
    RunReport.objects.get_or_create(
        run=run, defaults={"content": content, "sha256": sha256, "pdf_sha256": pdf_sha256, "stored_at": now}
    )
