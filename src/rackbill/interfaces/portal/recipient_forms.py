"""The forms for which files the recipients of a billing group get by e-mail, for customers and staff."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.scope import Scope
from rackbill.domain.parties.operations import mailing as operations
from rackbill.domain.parties.policy import mailing
from rackbill.domain.parties.policy.einvoices import TITLES
from rackbill.domain.parties.queries.mailing import RecipientGroup

LABELS = {"pdf": _("PDF"), "einvoice": _("E-invoice"), "csv": _("Lines as CSV")}
INSIDE = _("PDF with the e-invoice inside")
GONE = _("One of the recipients does not get these documents any more; nothing was changed.")
_FILES = "files"


def sections(groups: Sequence[RecipientGroup]) -> list[dict[str, Any]]:
    """For each billing group its recipients, each with a box for each file and what the next mail brings."""
    found = []
    for group in groups:
        # Who gets an e-invoice and, unless asked otherwise, no file beside the PDF, has it inside.
        usual = mailing.attachments_for(chosen=(), einvoice_profile=group.einvoice_profile)
        labels = LABELS | {"pdf": INSIDE} if group.einvoice_profile and "einvoice" not in usual else LABELS
        recipients = []
        for place, row in enumerate(group.recipients):
            sent = mailing.attachments_for(chosen=row.attachments, einvoice_profile=group.einvoice_profile)
            recipients.append({
                "email": row.email,
                "boxes": [
                    {"id": f"{name}-{group.group_id}-{place}", "value": f"{name} {row.email}", "label": LABELS[name],
                     "is_chosen": name in row.attachments}
                    for name in mailing.ATTACHMENTS
                ],
                "next": ", ".join(str(labels[name]) for name in sent),
            })  # fmt: skip
        title = TITLES.get(group.einvoice_profile, "")
        found.append({"group": group, "recipients": recipients, "einvoice_title": title})
    return found


def store(request: HttpRequest, *, scope: Scope, group_id: str, now: datetime, actor: Actor) -> None:
    """Stores what was ticked for the recipients that the form showed. Raises BillingGroupNotFound, RecipientNotFound."""
    ticked = set(request.POST.getlist(_FILES))
    choices: Mapping[str, list[str]] = {
        email: [name for name in mailing.ATTACHMENTS if f"{name} {email}" in ticked]
        for email in request.POST.getlist("recipient")
    }
    operations.choose_attachments(scope=scope, group_id=group_id, choices=choices, now=now, actor=actor)
