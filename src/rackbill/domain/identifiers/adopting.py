"""Bulk write of legacy identifiers; for the cut-over alone."""

from collections.abc import Iterable

from rackbill.domain.identifiers import operations
from rackbill.domain.identifiers.operations import NewAlias


def adopt_aliases(*, aliases: Iterable[NewAlias]) -> int:
    """How many identifiers, ours and the legacy system's, were registered."""
    return operations.register_aliases(aliases=aliases)
