"""The files that go with the mail of a document, as its recipient chose them."""

from datetime import datetime

from rackbill.core.document import Document
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.parties.policy import mailing
from rackbill.domain.parties.queries import mailing as mailing_queries
from rackbill.formats.document_csv import write_document_csv
from rackbill.formats.messages import Attachment, attachment_name
from rackbill.interfaces.jobs import document_files, document_forms

EVERYTHING = WholeInstallation()


def attachments(*, document: Document, recipient: str, einvoice: bytes | None, now: datetime) -> list[Attachment]:
    """What goes with the mail to a recipient; `einvoice` is the checked XML where the customer gets one. Raises FileMissing."""
    chosen = mailing_queries.chosen_attachments(group_id=document.bill_to.billing_group_id, email=recipient)
    profile = document.bill_to.einvoice_profile if einvoice is not None else ""
    names = mailing.attachments_for(chosen=chosen, einvoice_profile=profile)
    return [_attachment(document, name, einvoice or b"", now) for name in names]


def _attachment(document: Document, name: str, einvoice: bytes, now: datetime) -> Attachment:
    if name == "csv":
        return Attachment(attachment_name(document, "csv"), "text/csv", write_document_csv(document))
    if name == "einvoice":
        return Attachment(attachment_name(document, "xml"), document_forms.XML, einvoice)
    content = document_files.document_pdf(scope=EVERYTHING, number=document.number, now=now)
    return Attachment(attachment_name(document, "pdf"), "application/pdf", content)
