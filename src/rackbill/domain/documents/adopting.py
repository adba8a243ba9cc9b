"""Bulk writes of legacy documents; for the cut-over alone. They are archived as they were, never as ours."""

from collections.abc import Iterable, Mapping
from typing import Any

from rackbill.domain.documents.models import ArchivedDocument, ArchivedLine


def adopt_documents(*, rows: Iterable[Mapping[str, Any]], lines: Iterable[Mapping[str, Any]]) -> int:
    """How many documents were archived; lines name their document by number under `number`."""
    made = ArchivedDocument.objects.bulk_create([ArchivedDocument(**row) for row in rows], batch_size=500)
    keys = {row.number: row.pk for row in made}
    ArchivedLine.objects.bulk_create(
        [
            ArchivedLine(**{k: v for k, v in row.items() if k != "number"}, document_id=keys[row["number"]])
            for row in lines
        ],
        batch_size=1000,
    )
    return len(made)
