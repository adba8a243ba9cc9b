"""Which part of a document's tax each line bears: parts that sum to the breakdown, for those who book line by line."""

from decimal import Decimal

from rackbill.core.document.values import Document
from rackbill.core.money import round_half_up
from rackbill.core.tax import TaxDecision, TaxSubtotal

_ZERO = Decimal(0)
_Key = tuple[str, str, str, Decimal, str]


def taxes_of_lines(document: Document) -> tuple[tuple[int, ...], ...]:
    """For each line: the tax of each of its decisions, in minor units; over all lines they sum to the document's tax.

    Tax is rounded once for each row of the breakdown (BR-CO-17), so a line's part is what it adds to the rounded running sum:
    at most one unit off its own tax.
    """
    due = {_key(row): row.tax_minor for row in document.tax_subtotals}
    running: dict[_Key, Decimal] = {}
    given: dict[_Key, int] = {}
    parts: list[list[int]] = []
    last: dict[_Key, tuple[int, int]] = {}
    for place, line in enumerate(document.lines):
        parts.append([])
        for tax in line.taxes:
            key = _key(tax)
            running[key] = running.get(key, _ZERO) + line.net_minor * tax.base_rate * tax.rate / 100
            part = round_half_up(running[key]) - given.get(key, 0)
            given[key] = given.get(key, 0) + part
            last[key] = (place, len(parts[place]))
            parts[place].append(part)
    # A credit note may differ by a unit from its own base times rate: what is left of an invoice's tax is credited.
    for key, (place, position) in last.items():
        parts[place][position] += due.get(key, 0) - given[key]
    return tuple(map(tuple, parts))


def _key(row: TaxDecision | TaxSubtotal) -> _Key:
    return (row.regime, row.jurisdiction, row.code, row.rate, row.exemption_code)
