"""Making and keeping the files of documents: claim nothing, render outside any transaction, store, note."""

import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from pathlib import Path

from django.conf import settings

from rackbill.adapters import file_storage
from rackbill.core.document import Document, DocumentKind
from rackbill.domain.documents import operations as documents
from rackbill.domain.documents import queries as document_queries
from rackbill.domain.kit.scope import Scope, WholeInstallation
from rackbill.formats import document_pdf as pdf
from rackbill.formats import einvoice
from rackbill.interfaces.jobs import parent

PORTION = 256
EINVOICE = "einvoice"
log = logging.getLogger(__name__)


def files_root() -> Path:
    """Where stored files lie."""
    return Path(settings.RACKBILL_HOME) / "files"


def document_pdf(*, scope: Scope, number: str, now: datetime) -> bytes:
    """The PDF of a document: the stored one, else rendered now and kept. Raises DocumentNotFound, FileMissing."""
    digest = document_queries.stored_file_hash(scope=scope, number=number, format="pdf")
    if digest is not None:
        return file_storage.load_file(root=files_root(), digest=digest)
    return _keep(number, pdf.render_canonical(document_queries.canonical_form(scope=scope, number=number)), now)


def _keep(number: str, content: bytes, now: datetime) -> bytes:
    digest = file_storage.store_file(root=files_root(), content=content)
    documents.record_file(
        number=number,
        format="pdf",
        sha256=digest,
        byte_count=len(content),
        template_version=pdf.TEMPLATE_VERSION,
        now=now,
    )
    return content


def has_einvoice(document: Document) -> bool:
    """Whether an e-invoice goes with the document: the customer gets one, and it is of a kind that has one."""
    kinds = (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)
    return bool(document.bill_to.einvoice_profile) and document.kind in kinds


def written_einvoice(*, document: Document) -> bytes:
    """The e-invoice of an issued document: the stored one, else written now and not kept. Raises EinvoiceRefused, FileMissing."""
    digest = document_queries.stored_file_hash(scope=WholeInstallation(), number=document.number, format=EINVOICE)
    if digest is not None:
        return file_storage.load_file(root=files_root(), digest=digest)
    return einvoice.write_einvoice(document, document.bill_to.einvoice_profile)


def keep_einvoice(*, document: Document, content: bytes, checked_with: str, now: datetime) -> bytes:
    """Keeps an e-invoice that passed the rules, with their names. May run twice: the first file stays."""
    digest = file_storage.store_file(root=files_root(), content=content)
    documents.record_file(
        number=document.number, format=EINVOICE, sha256=digest, byte_count=len(content),
        template_version=checked_with[:80], now=now,
    )  # fmt: skip
    return content


def store_missing_pdfs(*, now: datetime, on_step: Callable[[int, int], None] | None = None) -> int:
    """Renders and keeps every PDF that is not there yet, in several processes; how many. May run twice, or die at any line.

    A document that cannot be rendered is passed over and logged; sending it records the reason in the outbox.
    """
    numbers = list(document_queries.numbers_without_file(format="pdf"))
    if not numbers:
        return 0
    workers = min(os.cpu_count() or 1, 8, len(numbers))
    context = multiprocessing.get_context("spawn")
    kept = 0
    with ProcessPoolExecutor(
        max_workers=workers, mp_context=context, max_tasks_per_child=2000,
        initializer=parent.end_with_parent, initargs=(os.getpid(),),
    ) as pool:  # fmt: skip
        # In portions, so that the forms of a million documents are not all in memory.
        for start in range(0, len(numbers), PORTION):
            for number, content in _rendered(pool, numbers[start : start + PORTION]):
                if content is None:
                    continue
                _keep(number, content, now)
                kept += 1
                if on_step is not None:
                    on_step(kept, len(numbers))
    return kept


def _rendered(pool: ProcessPoolExecutor, numbers: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
    everything = WholeInstallation()
    waiting = [
        (number, pool.submit(pdf.render_canonical, document_queries.canonical_form(scope=everything, number=number)))
        for number in numbers
    ]
    for number, future in waiting:
        try:
            yield number, future.result()
        except BrokenProcessPool:
            raise
        except Exception:
            log.exception("document %s cannot be rendered", number)
            yield number, None
