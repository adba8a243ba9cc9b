"""The aged list of receivables → CSV: one row for each customer and currency, for whoever sums it up elsewhere.

UTF-8 without byte order mark, RFC 4180 with commas, a header row, lines end with CR LF. `csv_version` stands first; the
columns of a version never change. Amounts are exact decimals of the currency.
"""

import csv
import io
from collections.abc import Iterable
from datetime import date

from rackbill.core.aging import AgedCustomer
from rackbill.core.money import decimal_from_minor
from rackbill.formats.document_csv import guarded

VERSION = "1"
COLUMNS = (
    "csv_version", "on", "sales_organisation_id", "customer_id", "name", "currency", "not_due", "overdue_1_30", "overdue_31_60",
    "overdue_61_90", "overdue_over_90", "open", "overdue", "credits", "on_account", "balance", "oldest_due_on",
)  # fmt: skip


def write_receivables_csv(rows: Iterable[AgedCustomer], *, on: date) -> bytes:
    """The CSV of the rows in their order."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for row in rows:
        sums = row.sums
        amounts = (
            *sums.ages_minor.values(), sums.open_minor, sums.overdue_minor, sums.credits_minor, sums.on_account_minor,
            sums.balance_minor,
        )  # fmt: skip
        table.writerow(
            (
                VERSION, on.isoformat(), row.organisation_id, row.customer_id, guarded(row.name), sums.currency,
                *(f"{decimal_from_minor(minor, sums.currency):f}" for minor in amounts),
                row.oldest_due_on.isoformat() if row.oldest_due_on else "",
            )
        )  # fmt: skip
    return text.getvalue().encode()
