"""Notice: rule sets, cancellations and their undoing."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from rackbill.core import terms
from rackbill.core.terms import NoticeRule as Notice
from rackbill.domain.contracts import policy
from rackbill.domain.contracts.errors import AmendmentRefused, ContractNotFound
from rackbill.domain.contracts.models import Cancellation, Contract, NoticeRule, Service
from rackbill.domain.contracts.operations.amending import unsettle_lines
from rackbill.domain.contracts.queries.notice_rules import notice_rule_sets
from rackbill.domain.history import operations as history
from rackbill.domain.kit import locks
from rackbill.domain.kit.actor import Actor

OTHER = "OTHER"
"""The reason code that needs a text (B31)."""


@transaction.atomic
def store_notice_rules(
    *, rules: Sequence[Notice], valid_from: date, source: str, organisation_id: str = "", customer_kind: str = "",
    product_class: str = "", now: datetime, actor: Actor,
) -> None:  # fmt: skip
    """Rules for cancellations given from a day on; a blank key means any. In place of those stored for the same keys and day.

    Raises AmendmentRefused for a set that leaves terms without a rule.
    """
    if max((rule.longest_term_months for rule in rules), default=0) < 36:
        raise AmendmentRefused("the rules must reach up to terms of 36 months; let the last one reach further")
    keys = {"organisation_id": organisation_id, "customer_kind": customer_kind, "product_class": product_class}
    NoticeRule.objects.filter(**keys, valid_from=valid_from).delete()
    NoticeRule.objects.bulk_create(
        NoticeRule(
            **keys, valid_from=valid_from, source=source, longest_term_months=rule.longest_term_months,
            notice_months=rule.notice_months, notice_hours=rule.notice_hours, is_renewal_binding=rule.is_renewal_binding,
            undo_hours=rule.undo_hours,
        )
        for rule in rules
    )  # fmt: skip
    history.record_change(
        now=now, actor=actor, verb="store_notice_rules", object_kind="notice_rules", object_id=str(valid_from),
        detail={**keys, "rules": [f"up to {r.longest_term_months} months: {r.words}" for r in rules]},
    )  # fmt: skip


@transaction.atomic
def cancel_contract(
    *, contract_id: str, given_at: datetime, zone: ZoneInfo, reason_code: str = "", reason_text: str = "", now: datetime,
    actor: Actor,
) -> date:  # fmt: skip
    """The day the contract ends: the next end of a term that the notice still reaches (B26 to B29).

    Where its services are of several product classes the one that binds longest counts. A contract that is cancelled already
    keeps its day. Raises ContractNotFound, AmendmentRefused.
    """
    if reason_code == OTHER and not reason_text.strip():
        raise AmendmentRefused("the reason OTHER needs a text (B31); say why in reason_text")
    contract = _contract(contract_id)
    if contract.ends_at is not None:
        return contract.ends_at.astimezone(zone).date()
    given_on = given_at.astimezone(zone).date()
    start = contract.starts_at.astimezone(zone).date()
    ends = []
    for rules in _rules_of(contract, given_on):
        rule = terms.notice_rule(rules, contract.term_months)
        end = terms.cancellation_end(
            start=start, term_months=contract.term_months, given_at=given_at, zone=zone, rules=rules
        )
        ends.append((end, rule))
    end, rule = max(ends, key=lambda pair: pair[0])
    contract.ends_at = datetime.combine(end, time(), zone)
    contract.save(update_fields=["ends_at"])
    Cancellation.objects.create(
        contract=contract, given_at=given_at, ends_on=end, notice=rule.words, reason_code=reason_code, reason_text=reason_text,
        undo_until=terms.undo_until(end=end, rule=rule, zone=zone),
    )  # fmt: skip
    Service.objects.filter(contract=contract, cancelled_on=None).update(cancelled_on=given_on)
    detail = {"ends_on": end, "given_at": given_at, "notice": rule.words, "reason": reason_code}
    _amended(contract, now, actor, "cancel_contract", detail)
    return end


@transaction.atomic
def withdraw_cancellation(*, contract_id: str, now: datetime, actor: Actor) -> None:
    """Undoes a cancellation within the time its rule leaves for that (B30). Raises ContractNotFound, AmendmentRefused."""
    contract = _contract(contract_id)
    if contract.ends_at is None:
        return
    given = Cancellation.objects.filter(contract=contract, withdrawn_at=None).first()
    latest = given.undo_until if given is not None else contract.ends_at
    if now >= latest:
        raise AmendmentRefused(
            f"the cancellation of contract {contract_id} could be undone until {latest:%Y-%m-%d %H:%M %Z}; "
            "order the service anew"
        )
    if given is not None:
        given.withdrawn_at = now
        given.save(update_fields=["withdrawn_at"])
    before, contract.ends_at = contract.ends_at, None
    contract.save(update_fields=["ends_at"])
    Service.objects.filter(contract=contract).update(cancelled_on=None)
    _amended(contract, now, actor, "withdraw_cancellation", {"before": before})


def _rules_of(contract: Contract, on: date) -> list[tuple[Notice, ...]]:
    """The rules for each product class of the contract's services."""
    customer = contract.customer
    organisation_id = customer.sales_organisation.organisation_id
    sets = notice_rule_sets(on=on)
    classes = sorted(set(contract.services.values_list("product__product_id", flat=True))) or [""]
    return [
        policy.chosen_rules(
            sets, organisation_id=organisation_id, customer_kind=customer.kind, product_class=product_class, on=on
        )
        for product_class in classes
    ]


def _contract(contract_id: str) -> Contract:
    rows = Contract.objects.filter(contract_id=contract_id).select_related("customer__sales_organisation")
    contract = locks.locked(rows).first()
    if contract is None:
        raise ContractNotFound(f"there is no contract {contract_id}")
    return contract


def _amended(contract: Contract, now: datetime, actor: Actor, verb: str, detail: dict[str, Any]) -> None:
    unsettle_lines(line_keys=list(contract.lines.values_list("pk", flat=True)))
    history.record_change(
        now=now, actor=actor, verb=verb, object_kind="contract", object_id=contract.contract_id,
        customer_id=contract.customer.customer_id, detail=detail,
    )  # fmt: skip
