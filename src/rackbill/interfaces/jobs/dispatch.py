"""Sending what waits in the outbox: claim (transaction), render, check and send (none), record the outcome (transaction)."""

import hashlib
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError

from rackbill.adapters.rule_checker import RuleCheckerDown
from rackbill.adapters.smtp import MailHeld, MailRefused, MailServer
from rackbill.core.document import Document
from rackbill.domain.dispatch import operations as dispatch
from rackbill.domain.dispatch import policy
from rackbill.domain.dispatch.operations import Claimed
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.formats import einvoice_rules, messages
from rackbill.formats.einvoice import EinvoiceRefused
from rackbill.formats.rule_packs import PackMissing
from rackbill.interfaces.jobs import clock, document_files, einvoice_check, mail_files
from rackbill.interfaces.jobs.einvoice_check import Gate

EVERYTHING = WholeInstallation()


class NotLetPass(ValueError):
    """An e-invoice that does not meet the rules in use today; it stays here until a person has looked at it."""


@dataclass(slots=True)
class _Sender:
    """One pass over the outbox, with the connections that it opens on first use."""

    server: MailServer
    now: datetime
    gate: Gate = field(default_factory=Gate)
    held: str = ""
    """Why no e-invoice can be checked in this pass, once that is known: the others need not find out again."""
    no_way: str = ""
    """Why nothing can leave in this pass, once that is known: a wrong password is not tried for every mail."""


def mail_server() -> MailServer:
    """The mail server of the settings; nothing is opened yet."""
    return MailServer(host=settings.SMTP_HOST, port=settings.SMTP_PORT, access=settings.SMTP_ACCESS)


def send_waiting(
    *, server: MailServer, now: datetime, on_step: Callable[[int], None] | None = None, at_most: int | None = None
) -> int:
    """Sends until nothing waits; how many were handed over. Several workers may run at once, each may die at any line.

    E-invoices are checked again before they leave. While the rule checker is down they wait with the reason; all else goes.
    Where the mail server cannot be used as the settings ask (TLS, log-in), everything waits with the reason.
    """
    worker = f"{socket.gethostname()}:{os.getpid()}"
    sender, sent = _Sender(server, now), 0
    try:
        while at_most is None or sent < at_most:
            claimed = dispatch.claim_next(worker=worker, now=clock.wall())
            if claimed is None:
                return sent
            if _send(claimed, sender):
                sent += 1
                if on_step is not None:
                    on_step(sent)
    finally:
        sender.gate.close()
    return sent


def _send(claimed: Claimed, by: _Sender) -> bool:
    own = {"key": claimed.key, "attempt_count": claimed.attempt_count}
    if by.no_way:
        dispatch.record_hold(**own, reason=by.no_way, now=clock.wall(), wait=policy.NO_WAY)
        return False
    try:
        document = documents.document(scope=EVERYTHING, number=claimed.document_number)
        attachments = mail_files.attachments(
            document=document, recipient=claimed.recipient, einvoice=_checked_einvoice(document, by), now=by.now
        )
        sender = document.seller.email
        domain = sender.rpartition("@")[2]
        message = messages.invoice_message(
            document,
            sender=sender,
            recipient=claimed.recipient,
            # From the dispatch, so that a second sending is recognisable as the same message.
            message_id=f"<{claimed.dispatch_id}@{domain}>",
            date=by.now,
            attachments=attachments,
        )
        by.server.send(message=message, sender=sender, recipient=claimed.recipient)
    except DatabaseError:
        raise
    except MailHeld as fault:
        by.no_way = str(fault)
        dispatch.record_hold(**own, reason=by.no_way, now=clock.wall(), wait=policy.NO_WAY)
        return False
    except einvoice_check.HOLDS as fault:
        by.held = by.held or einvoice_check.hold_words(fault)
        dispatch.record_hold(**own, reason=by.held, now=clock.wall())
        return False
    except PackMissing as fault:
        dispatch.record_hold(**own, reason=str(fault), now=clock.wall())
        return False
    except (NotLetPass, EinvoiceRefused) as refusal:
        dispatch.park_dispatch(**own, reason=str(refusal))
        return False
    except Exception as fault:
        # One document that cannot be rendered or found stops itself and no other; its reason stands in the outbox.
        reason = str(fault) if isinstance(fault, MailRefused) else f"{type(fault).__name__}: {fault}"
        dispatch.record_failure(**own, reason=reason, now=clock.wall())
        return False
    dispatch.record_sent(key=claimed.key, message_sha256=hashlib.sha256(message.as_bytes()).hexdigest(), now=by.now)
    return True


def _checked_einvoice(document: Document, by: _Sender) -> bytes | None:
    """The stored e-invoice, checked again as it is; None where the customer gets none. Raises HOLDS, NotLetPass."""
    if not document_files.has_einvoice(document):
        return None
    if by.held:
        raise RuleCheckerDown(by.held)
    xml = document_files.written_einvoice(document=document)
    verdict = by.gate.check_again(xml, document.bill_to.einvoice_profile)
    missing = [failure.text for failure in verdict.failures if failure.rule == "RB-PACK"]
    if missing:
        raise PackMissing(missing[0])
    if verdict.failures:
        raise NotLetPass(f"the e-invoice may not leave: {einvoice_rules.in_words(verdict.failures)}")
    return document_files.keep_einvoice(document=document, content=xml, checked_with=verdict.checked_with, now=by.now)
