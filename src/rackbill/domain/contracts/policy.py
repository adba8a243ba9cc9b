"""Yes or no, and which: references, what may be searched, what counts as delivered, which notice rules hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from rackbill.core.id_shapes import is_blank
from rackbill.core.terms import NoticeRule
from rackbill.domain.contracts.errors import AmendmentRefused, ReferenceRefused

REFERENCE_LENGTH = 200

AMENDERS = frozenset({"clerk", "approver", "support", "administrator"})
"""Staff roles that may change what was agreed with customers of their sales organisation."""
RULE_KEEPERS = frozenset({"administrator"})
"""Staff roles that may store notice rules of their sales organisation."""

BILLED_STATUSES = ("ACTIVE", "TO_BE_MODIFIED", "TO_BE_SUSPENDED", "SUSPENDED", "TO_BE_RECONNECTED")
"""A service is charged from the day it is ready for use (B2); until then its status is one of the others."""


def portal_reference(*, reference: str, legacy_id: str, equipment_id: str) -> tuple[str, str]:
    """What lists show as reference and where it is from: the customer's own, else the legacy ID (N10), else the Equipment ID."""
    if not is_blank(reference):
        return reference.strip(), "reference"
    if not is_blank(legacy_id):
        return legacy_id, "legacy_id"
    return equipment_id, "equipment_id" if equipment_id else "nothing"


def checked_reference(text: object) -> str:
    """The reference as it will be stored: trimmed, without control characters. Raises ReferenceRefused."""
    if not isinstance(text, str):
        raise ReferenceRefused("the reference must be a text")
    trimmed = text.strip()
    if len(trimmed) > REFERENCE_LENGTH:
        raise ReferenceRefused(f"the reference has {len(trimmed)} characters; at most {REFERENCE_LENGTH} are kept")
    if any(ord(character) < 32 or ord(character) == 127 for character in trimmed):
        raise ReferenceRefused("the reference holds a control character such as a line break; write it in one line")
    return trimmed


def search_text(*texts: str) -> str:
    """One folded text over everything a service is called, for finding it by any part of any of them."""
    return "\n".join(text.casefold() for text in texts if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Notice rules from a day on, for one sales organisation, kind of customer and product class; blank means any."""

    organisation_id: str
    customer_kind: str
    product_class: str
    valid_from: date
    rules: tuple[NoticeRule, ...]

    def holds_for(self, *, organisation_id: str, customer_kind: str, product_class: str, on: date) -> bool:
        """Whether the set may be asked."""
        asked = (organisation_id, customer_kind, product_class)
        own = (self.organisation_id, self.customer_kind, self.product_class)
        return self.valid_from <= on and all(mine in ("", theirs) for mine, theirs in zip(own, asked, strict=True))

    @property
    def rank(self) -> tuple[bool, bool, bool, date]:
        """The kind of customer goes first (consumer law binds), then the product class, the organisation, the newest day."""
        return (self.customer_kind != "", self.product_class != "", self.organisation_id != "", self.valid_from)


def chosen_rules(
    sets: Iterable[RuleSet], *, organisation_id: str, customer_kind: str, product_class: str, on: date
) -> tuple[NoticeRule, ...]:
    """The rules of the nearest set that holds on the day. Raises AmendmentRefused where there is none."""
    asked = {"organisation_id": organisation_id, "customer_kind": customer_kind, "product_class": product_class}
    found = [rule_set for rule_set in sets if rule_set.holds_for(**asked, on=on)]
    if not found:
        raise AmendmentRefused(
            f"no notice rule is stored for {organisation_id}, {customer_kind}, {product_class} on {on}; add one"
        )
    return max(found, key=lambda rule_set: rule_set.rank).rules


def is_rise_day(day: date) -> bool:
    """Whether prices may rise on the day: 1 January alone (B13)."""
    return (day.month, day.day) == (1, 1)
