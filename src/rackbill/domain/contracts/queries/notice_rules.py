"""Notice rules as they are stored: sets by sales organisation, kind of customer, product class and first day."""

from collections import defaultdict
from datetime import date

from rackbill.core.terms import NoticeRule as Notice
from rackbill.domain.contracts.models import NoticeRule
from rackbill.domain.contracts.policy import RuleSet


def notice_rule_sets(*, on: date | None = None) -> list[RuleSet]:
    """All sets, or those that have begun by a day."""
    rows = NoticeRule.objects.order_by("valid_from", "longest_term_months")
    found: dict[tuple[str, str, str, date], list[Notice]] = defaultdict(list)
    for row in rows if on is None else rows.filter(valid_from__lte=on):
        found[(row.organisation_id, row.customer_kind, row.product_class, row.valid_from)].append(
            Notice(
                longest_term_months=row.longest_term_months, notice_months=row.notice_months, notice_hours=row.notice_hours,
                is_renewal_binding=row.is_renewal_binding, undo_hours=row.undo_hours,
            )
        )  # fmt: skip
    return [
        RuleSet(organisation_id=o, customer_kind=k, product_class=p, valid_from=day, rules=tuple(rules))
        for (o, k, p, day), rules in found.items()
    ]


def own_notice_rules(*, organisation_id: str) -> list[RuleSet]:
    """The sets that a sales organisation has for itself, beside the standard ones."""
    return [rule_set for rule_set in notice_rule_sets() if rule_set.organisation_id == organisation_id]
