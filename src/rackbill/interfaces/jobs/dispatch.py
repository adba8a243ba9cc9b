"""Sending what waits in the outbox: claim (transaction), render and send (none), record the outcome (transaction)."""

import hashlib
import os
import socket
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError

from rackbill.adapters.smtp import MailRefused, MailServer
from rackbill.domain.dispatch import operations as dispatch
from rackbill.domain.dispatch.operations import Claimed
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.formats import messages
from rackbill.interfaces.jobs import clock, mail_files

EVERYTHING = WholeInstallation()


def send_waiting(
    *, server: MailServer, now: datetime, on_step: Callable[[int], None] | None = None, at_most: int | None = None
) -> int:
    """Sends until nothing waits; how many were handed over. Several workers may run at once, each may die at any line."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    sent = 0
    while at_most is None or sent < at_most:
        claimed = dispatch.claim_next(worker=worker, now=clock.wall())
        if claimed is None:
            return sent
        if _send(claimed, server, now):
            sent += 1
            if on_step is not None:
                on_step(sent)
    return sent


def _send(claimed: Claimed, server: MailServer, now: datetime) -> bool:
    try:
        document = documents.document(scope=EVERYTHING, number=claimed.document_number)
        files = mail_files.attachments(document=document, recipient=claimed.recipient, einvoice=None, now=now)
        sender = document.seller.email
        domain = sender.rpartition("@")[2]
        message = messages.invoice_message(
            document,
            sender=sender,
            recipient=claimed.recipient,
            # From the dispatch, so that a second sending is recognisable as the same message.
            message_id=f"<{claimed.dispatch_id}@{domain}>",
            date=now,
            attachments=files,
        )
        server.send(message=message, sender=sender, recipient=claimed.recipient)
    except DatabaseError:
        raise
    except Exception as fault:
        # One document that cannot be rendered or found stops itself and no other; its reason stands in the outbox.
        reason = str(fault) if isinstance(fault, MailRefused) else f"{type(fault).__name__}: {fault}"
        dispatch.record_failure(key=claimed.key, attempt_count=claimed.attempt_count, reason=reason, now=clock.wall())
        return False
    dispatch.record_sent(key=claimed.key, message_sha256=hashlib.sha256(message.as_bytes()).hexdigest(), now=now)
    return True
