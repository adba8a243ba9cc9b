"""Making and keeping the files of documents: claim nothing, render outside any transaction, store, note."""

import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from functools import cache
from pathlib import Path

from django.conf import settings

from rackbill.adapters import brand_folder, file_storage
from rackbill.core.document import Document, DocumentKind
from rackbill.domain.documents import operations as documents
from rackbill.domain.documents import queries as document_queries
from rackbill.domain.kit.scope import Scope, WholeInstallation
from rackbill.formats import document_pdf as pdf
from rackbill.formats import einvoice, einvoice_hybrid
from rackbill.formats.brand import Brand, brand_from_files
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
    canonical = document_queries.canonical_form(scope=scope, number=number)
    brand = brand_of(pdf.organisation_of(canonical))
    render, arguments = _rendering(canonical, brand)
    return _keep(number, canonical, render(*arguments), brand, now)


def _rendering(canonical: bytes, brand: Brand) -> tuple[Callable[..., bytes], tuple[object, ...]]:
    """What makes the PDF of a form: a customer with a hybrid profile gets it with the e-invoice inside."""
    if any(b'"einvoice_profile":"%s"' % name.encode() in canonical for name in einvoice_hybrid.HYBRID_PROFILES):
        document = pdf.document_from_canonical(canonical)
        if has_einvoice(document):
            return einvoice_hybrid.render_canonical, (canonical, written_einvoice(document=document), brand)
    return pdf.render_canonical, (canonical, brand)


def brand_of(sales_organisation_id: str) -> Brand:
    """How the documents of a sales organisation look. Raises BrandRefused, BrandFolderRefused."""
    root = Path(settings.RACKBILL_BRANDS)
    return brand_from_files(brand_folder.brand_files(root=root, sales_organisation_id=sales_organisation_id))


def _keep(number: str, canonical: bytes, content: bytes, brand: Brand, now: datetime) -> bytes:
    for text in pdf.transliterated(canonical):
        log.warning("document %s: no font has every letter of %r; it is printed in other letters", number, text)
    digest = file_storage.store_file(root=files_root(), content=content)
    documents.record_file(
        number=number,
        format="pdf",
        sha256=digest,
        byte_count=len(content),
        template_version=pdf.template_version(brand),
        now=now,
    )
    return content


def has_einvoice(document: Document) -> bool:
    """Whether an e-invoice goes with the document: the customer gets one, and it is of a kind that has one."""
    kinds = (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)
    return bool(document.bill_to.einvoice_profile) and document.kind in kinds


def written_einvoice(*, document: Document) -> bytes:
    """The e-invoice of an issued document: the stored one, the one inside the stored hybrid PDF, else written now, not kept.

    Raises EinvoiceRefused, FileMissing.
    """
    digest = document_queries.stored_file_hash(scope=WholeInstallation(), number=document.number, format=EINVOICE)
    if digest is not None:
        return file_storage.load_file(root=files_root(), digest=digest)
    profile = document.bill_to.einvoice_profile
    if profile in einvoice_hybrid.HYBRID_PROFILES:
        # A PDF that was made before must leave with what it holds, so that is what the rules must let pass.
        stored = document_queries.stored_file_hash(scope=WholeInstallation(), number=document.number, format="pdf")
        if stored is not None:
            found = einvoice_hybrid.embedded_einvoice(file_storage.load_file(root=files_root(), digest=stored))
            if found is not None:
                return found
    return einvoice.write_einvoice(document, profile)


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
            for number, canonical, content, brand in _rendered(pool, numbers[start : start + PORTION]):
                _keep(number, canonical, content, brand, now)
                kept += 1
                if on_step is not None:
                    on_step(kept, len(numbers))
    return kept


def _rendered(pool: ProcessPoolExecutor, numbers: Sequence[str]) -> Iterator[tuple[str, bytes, bytes, Brand]]:
    """(number, canonical form, PDF, brand) of those that could be rendered."""
    everything, find_brand = WholeInstallation(), cache(brand_of)
    waiting = []
    for number in numbers:
        canonical = document_queries.canonical_form(scope=everything, number=number)
        brand = find_brand(pdf.organisation_of(canonical))
        try:
            render, arguments = _rendering(canonical, brand)
        except ValueError:
            log.exception("document %s has no e-invoice to put into its PDF", number)
            continue
        waiting.append((number, canonical, brand, pool.submit(render, *arguments)))
    for number, canonical, brand, future in waiting:
        try:
            yield number, canonical, future.result(), brand
        except BrokenProcessPool:
            raise
        except Exception:
            log.exception("document %s cannot be rendered", number)
