"""Charges = lines = ledger, nothing charged twice, nothing taken back twice: each comparison is one statement of SQL.

Like the completeness proof it looks at the tables of lower nouns themselves (decision 11): what it compares is what is stored.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from rackbill.domain.billing.queries.dialect import dialect, reading

Seen = Callable[[str, int], None]

_CHARGE, _DRAFT = '"rackbill_billing_charge"', '"rackbill_billing_billdraft"'
_RUN, _PARKED = '"rackbill_billing_billrun"', '"rackbill_billing_parkedbill"'
_DOCUMENT, _LINE = '"rackbill_documents_document"', '"rackbill_documents_documentline"'
_ITEM, _ENTRY = '"rackbill_receivables_openitem"', '"rackbill_receivables_ledgerentry"'
_CUSTOMER, _CONTRACT_LINE = '"rackbill_parties_customer"', '"rackbill_contracts_contractline"'
_SERVICE = '"rackbill_contracts_service"'
_OURS = "d.sales_organisation_id = %(organisation)s AND d.issued_on >= {since} AND d.kind IN ('invoice', 'credit_note')"
_SIGN = "CASE WHEN d.kind = 'credit_note' THEN -1 ELSE 1 END"
_BILLED_HERE = f"""{_CHARGE} g JOIN {_CONTRACT_LINE} l ON l.id = g.contract_line_id JOIN {_SERVICE} s ON s.id = l.service_id
    JOIN {_CUSTOMER} c ON c.id = s.customer_id AND c.sales_organisation_id = %(organisation)s"""

COMPARISONS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "charges_of_lines": (
        f"SELECT COUNT(*) FROM {_LINE} x JOIN {_DOCUMENT} d ON d.id = x.document_id WHERE {_OURS}",
        (
            (
                "document {0}, line {1}: no charge stands behind it",
                f"""SELECT d.number, x.line_number FROM {_LINE} x JOIN {_DOCUMENT} d ON d.id = x.document_id
                LEFT JOIN {_DRAFT} f ON f.document_number = d.number
                LEFT JOIN {_CHARGE} g ON g.draft_id = f.id AND g.line_number = x.line_number
                WHERE {_OURS} AND g.id IS NULL ORDER BY d.number, x.line_number""",
            ),
            (
                "document {0}, line {1}: the charge is of {2}, the line of {3} minor units, or they differ in line or days",
                f"""SELECT d.number, x.line_number, g.amount_minor, x.net_minor * {_SIGN} FROM {_LINE} x
                JOIN {_DOCUMENT} d ON d.id = x.document_id JOIN {_DRAFT} f ON f.document_number = d.number
                JOIN {_CHARGE} g ON g.draft_id = f.id AND g.line_number = x.line_number
                WHERE {_OURS} AND (g.amount_minor <> x.net_minor * {_SIGN} OR g.contract_line_id <> x.contract_line_id
                    OR g.period_start <> x.period_start OR g.period_end <> x.period_end OR g.currency <> d.currency)
                ORDER BY d.number, x.line_number""",
            ),
            (
                "document {0}: a charge of {1} minor units stands on line {2}, which it does not have",
                f"""SELECT d.number, g.amount_minor, g.line_number FROM {_DOCUMENT} d
                JOIN {_DRAFT} f ON f.document_number = d.number JOIN {_CHARGE} g ON g.draft_id = f.id
                LEFT JOIN {_LINE} x ON x.document_id = d.id AND x.line_number = g.line_number
                WHERE {_OURS} AND x.id IS NULL ORDER BY d.number""",
            ),
        ),
    ),
    "drafts": (
        f"SELECT COUNT(*) FROM {_DOCUMENT} d WHERE {_OURS}",
        (
            (
                "document {0} was never prepared by a run or a credit",
                f"""SELECT d.number FROM {_DOCUMENT} d LEFT JOIN {_DRAFT} f ON f.document_number = d.number
                WHERE {_OURS} AND f.id IS NULL ORDER BY d.number""",
            ),
            (
                "document {0} and its draft differ in kind, customer, currency or net amount",
                f"""SELECT d.number FROM {_DOCUMENT} d JOIN {_DRAFT} f ON f.document_number = d.number
                WHERE {_OURS} AND (f.kind <> d.kind OR f.customer_id <> d.customer_id OR f.currency <> d.currency
                    OR f.net_minor <> d.net_minor)
                ORDER BY d.number""",
            ),
            (
                "run {0} is issued, but a draft of customer {1} has no document",
                f"""SELECT r.run_id, c.customer_id FROM {_DRAFT} f JOIN {_RUN} r ON r.id = f.run_id
                JOIN {_CUSTOMER} c ON c.id = f.customer_id
                LEFT JOIN {_DOCUMENT} d ON d.number = f.document_number
                WHERE r.sales_organisation_id = %(organisation)s AND r.state = 'issued' AND d.id IS NULL ORDER BY 2""",
            ),
        ),
    ),
    "ledger": (
        f"SELECT COUNT(*) FROM {_DOCUMENT} d WHERE {_OURS}",
        (
            (
                "document {0} has no open item",
                f"""SELECT d.number FROM {_DOCUMENT} d LEFT JOIN {_ITEM} i
                ON i.document_number = d.number AND i.system = '' AND i.sales_organisation_id = d.sales_organisation_id
                WHERE {_OURS} AND i.id IS NULL ORDER BY d.number""",
            ),
            (
                "document {0}: its total is {1} minor units, its first ledger entry {2}",
                f"""SELECT d.number, d.gross_minor * {_SIGN}, e.amount_minor FROM {_DOCUMENT} d JOIN {_ITEM} i
                ON i.document_number = d.number AND i.system = '' AND i.sales_organisation_id = d.sales_organisation_id
                LEFT JOIN {_ENTRY} e
                ON e.open_item_id = i.id AND e.source_kind = 'document' AND e.source_id = d.number
                WHERE {_OURS} AND (e.id IS NULL OR e.amount_minor <> d.gross_minor * {_SIGN}) ORDER BY d.number""",
            ),
            (
                "document {0} and its open item differ in customer, currency or due date",
                f"""SELECT d.number FROM {_DOCUMENT} d JOIN {_ITEM} i
                ON i.document_number = d.number AND i.system = '' AND i.sales_organisation_id = d.sales_organisation_id
                WHERE {_OURS} AND (i.customer_id <> d.customer_id OR i.currency <> d.currency OR i.due_on <> d.due_on)
                ORDER BY d.number""",
            ),
            (
                "open item {0} is of a document that was never issued",
                f"""SELECT i.document_number FROM {_ITEM} i LEFT JOIN {_DOCUMENT} d ON d.number = i.document_number
                WHERE i.sales_organisation_id = %(organisation)s AND i.system = '' AND i.issued_on >= {{since}}
                    AND d.id IS NULL ORDER BY i.document_number""",
            ),
        ),
    ),
    "overlaps": (
        f"SELECT COUNT(*) FROM {_BILLED_HERE} WHERE g.kind = 'recurring' AND g.revision = 0",
        (
            (
                "service {0}: contract line {1} is charged twice from {2} on",
                f"""SELECT service_id, line_id, period_start FROM (
                    SELECT s.service_id, l.id AS line_id, g.period_start, MAX(g.period_end) OVER (
                        PARTITION BY g.contract_line_id ORDER BY g.period_start, g.id
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
                    FROM {_BILLED_HERE} WHERE g.kind = 'recurring' AND g.revision = 0) placed
                WHERE reached > period_start ORDER BY service_id, period_start""",
            ),
        ),
    ),
    "taken_back": (
        f"SELECT COUNT(*) FROM {_BILLED_HERE} WHERE g.corrects_id IS NOT NULL",
        (
            (
                "service {0}: of a charge of {1} minor units from {2} on, {3} were taken back or credited",
                f"""SELECT s.service_id, o.amount_minor, o.period_start, -t.taken FROM (
                    SELECT corrects_id, SUM(amount_minor) AS taken FROM {_CHARGE} WHERE corrects_id IS NOT NULL
                    GROUP BY corrects_id) t
                JOIN {_CHARGE} o ON o.id = t.corrects_id JOIN {_CONTRACT_LINE} l ON l.id = o.contract_line_id
                JOIN {_SERVICE} s ON s.id = l.service_id
                JOIN {_CUSTOMER} c ON c.id = s.customer_id AND c.sales_organisation_id = %(organisation)s
                WHERE o.amount_minor + t.taken < 0 ORDER BY s.service_id""",
            ),
            (
                "service {0}: a correction from {1} on is of another line, currency or time than what it corrects",
                f"""SELECT s.service_id, g.period_start FROM {_BILLED_HERE} JOIN {_CHARGE} o ON o.id = g.corrects_id
                WHERE o.contract_line_id <> g.contract_line_id OR o.currency <> g.currency OR o.corrects_id IS NOT NULL
                    OR g.period_start < o.period_start OR g.period_end > o.period_end ORDER BY s.service_id""",
            ),
        ),
    ),
    "legacy_charges": (
        f"SELECT COUNT(*) FROM {_BILLED_HERE} WHERE g.draft_id IS NULL",
        (
            (
                "service {0}: the legacy system is said to have billed up to {1}, beyond its boundary date {2}",
                f"""SELECT s.service_id, g.period_end, l.billed_from FROM {_BILLED_HERE}
                WHERE g.draft_id IS NULL AND (l.billed_from IS NULL OR g.period_end > l.billed_from)
                ORDER BY s.service_id""",
            ),
        ),
    ),
    "parked": (
        f"""SELECT COUNT(*) FROM {_PARKED} p JOIN {_RUN} r ON r.id = p.run_id
        WHERE r.sales_organisation_id = %(organisation)s""",
        (
            (
                "run {0}: customer {1} was parked and billed at once",
                f"""SELECT DISTINCT r.run_id, c.customer_id FROM {_PARKED} p JOIN {_RUN} r ON r.id = p.run_id
                JOIN {_DRAFT} f ON f.run_id = r.id AND f.customer_id = p.customer_id
                    AND (p.billing_group_id IS NULL OR p.billing_group_id = f.billing_group_id)
                JOIN {_CUSTOMER} c ON c.id = p.customer_id
                WHERE r.sales_organisation_id = %(organisation)s ORDER BY 2""",
            ),
            (
                "run {0}: customer {1} was parked without a reason",
                f"""SELECT r.run_id, c.customer_id FROM {_PARKED} p JOIN {_RUN} r ON r.id = p.run_id
                JOIN {_CUSTOMER} c ON c.id = p.customer_id
                WHERE r.sales_organisation_id = %(organisation)s AND p.reason = '' ORDER BY 2""",
            ),
        ),
    ),
}
"""By check: how much there is to compare, and (sentence, the rows that it is said of)."""


def compared(*, organisation_key: int, since: date | None, seen: Seen) -> Iterator[tuple[str, str]]:
    """(check, sentence) of each row of a sales organisation that does not agree."""
    given: dict[str, Any] = {"organisation": organisation_key}
    for check, (counting, comparisons) in COMPARISONS.items():
        # From the documents' own day on; runs, parked customers and charges have no such day and are always compared.
        given["since"] = (since or date(1, 1, 1)).isoformat()
        with reading(sql=_dated(counting), given=given) as cursor:
            seen(check, cursor.fetchone()[0])
        for sentence, sql in comparisons:
            with reading(sql=_dated(sql), given=given) as cursor:
                while rows := cursor.fetchmany(1000):
                    yield from ((check, sentence.format(*row)) for row in rows)


def _dated(sql: str) -> str:
    return sql.replace("{since}", dialect().day("%(since)s"))
