"""Bulk write of legacy identifiers; for the cut-over alone."""

from collections.abc import Iterable, Sequence
from typing import Any

from rackbill.domain.identifiers import operations
from rackbill.domain.identifiers.models import Alias
from rackbill.domain.identifiers.operations import NewAlias
from rackbill.domain.kit import bulk


def adopt_aliases(*, aliases: Iterable[NewAlias]) -> int:
    """How many identifiers, ours and the legacy system's, were registered."""
    return operations.register_aliases(aliases=aliases)


TABLES = {model.__name__: model for model in (Alias,)}


def adopt_table(*, table: str, fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """How many rows of one table of this noun were kept: for bases too large for objects."""
    return bulk.insert_rows(TABLES[table], fields, rows)
