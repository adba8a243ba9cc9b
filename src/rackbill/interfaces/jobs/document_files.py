"""Making and keeping the files of documents: claim nothing, render outside any transaction, store, note."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from pathlib import Path

from django.conf import settings

from rackbill.adapters import file_storage
from rackbill.domain.documents import operations as documents
from rackbill.domain.documents import queries as document_queries
from rackbill.domain.kit.scope import Scope, WholeInstallation
from rackbill.formats import document_pdf as pdf


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


def store_missing_pdfs(*, now: datetime, on_step: Callable[[int, int], None] | None = None) -> int:
    """Renders and keeps every PDF that is not there yet, in several processes; how many. May run twice, or die at any line."""
    numbers = list(document_queries.numbers_without_file(format="pdf"))
    if not numbers:
        return 0
    everything = WholeInstallation()
    workers = min(os.cpu_count() or 1, 8, len(numbers))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=workers, mp_context=context, max_tasks_per_child=2000) as pool:
        canonical = (document_queries.canonical_form(scope=everything, number=number) for number in numbers)
        for done, (number, content) in enumerate(
            zip(numbers, pool.map(pdf.render_canonical, canonical, chunksize=8), strict=True), 1
        ):
            _keep(number, content, now)
            if on_step is not None:
                on_step(done, len(numbers))
    return len(numbers)
