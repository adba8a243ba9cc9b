"""Yes or no, and which: references, what may be searched, what counts as delivered."""

from datetime import date

from rackbill.core.id_shapes import is_blank
from rackbill.core.terms import NoticeRule
from rackbill.domain.contracts.errors import ReferenceRefused

REFERENCE_LENGTH = 200

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


NOTICE_RULES: tuple[tuple[date, tuple[NoticeRule, ...]], ...] = (
    # B28, the form of about 2020.
    (
        date(2000, 1, 1),
        (NoticeRule(longest_term_months=1, notice_hours=1), NoticeRule(longest_term_months=1200, notice_months=2)),
    ),
    # B27, the newest form; its day is not public, so it stands from the first day of the year it was read in.
    (
        date(2023, 1, 1),
        (NoticeRule(longest_term_months=3, notice_hours=1), NoticeRule(longest_term_months=1200, notice_months=1)),
    ),
)
"""From which day on which notice periods hold for cancellations given then; the last set that has begun counts."""


def notice_rules(*, on: date) -> tuple[NoticeRule, ...]:
    """The notice rules for a cancellation given on a day."""
    return next(rules for since, rules in reversed(NOTICE_RULES) if since <= on)
