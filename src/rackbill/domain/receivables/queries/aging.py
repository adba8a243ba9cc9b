"""Who owes how much and for how long, customer by customer, as it stood on a day: the aged list of receivables.

One statement over the ledger itself. What a customer has to its credit stands beside its debts and is not set off
against them: an unused credit note or money on account pays nothing before it is allocated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import connection

from rackbill.core.aging import AGES, AGING, AgedCustomer, AgedSums
from rackbill.domain.kit.paging import MAX_LIMIT, Page
from rackbill.domain.kit.scope import StaffScope, WholeInstallation

AGED_SORTS = {
    "customer": "customer_id", "name": "name", "open": "open_minor", "overdue": "overdue_minor", "balance": "balance_minor",
    "oldest": "oldest_due_on",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedTotal:
    """The sums of every customer of the list, on all its pages, in one currency."""

    customer_count: int
    sums: AgedSums


@dataclass(frozen=True, slots=True)
class AgedPage(Page[AgedCustomer]):
    """A page of the list with the totals of the whole."""

    totals: Sequence[AgedTotal] = field(default_factory=tuple)


def aged_customers(
    *, scope: StaffScope | WholeInstallation, on: date, organisation_id: str = "", currency: str = "", search: str = "",
    customer_id: str = "", is_overdue: bool = False, sort: str = "-overdue", limit: int = 50, offset: int = 0,
) -> AgedPage:  # fmt: skip
    """Customers with anything open, unused or on account at the end of `on`, each currency a row; two statements.

    `search` looks at the start of the customer ID, the legacy ID, and anywhere in the name. What was booked later counts
    as not there yet: the list of a day is the same whenever it is asked for.
    """
    limit, offset = max(1, min(limit, MAX_LIMIT)), max(0, offset)
    given: dict[str, Any] = {"on": on.isoformat(), "limit": limit, "offset": offset}
    own = _conditions(scope, given, organisation_id, customer_id, search)
    with_sql = f"WITH {_own(own)}{_moved(on, given, is_limited=bool(own))}, {_aged(currency, given)}"
    wanted = "overdue_minor > 0" if is_overdue else "open_minor <> 0 OR credits_minor <> 0 OR on_account_minor <> 0"
    column = AGED_SORTS.get(sort.lstrip("-"), "overdue_minor")
    # Who owes nothing has no oldest debt and stands behind the others, whichever way the list is turned.
    order = f"{column} IS NULL, {column} {'DESC' if sort.startswith('-') else 'ASC'}, customer_id, currency"
    sums = ", ".join(f"SUM({name})" for name in (*_AGE_COLUMNS, "credits_minor", "on_account_minor"))
    totals = tuple(
        _total(row)
        for row in _rows(
            f"{with_sql} SELECT currency, COUNT(*), {sums} FROM aged WHERE {wanted} GROUP BY currency ORDER BY currency", given
        )
    )  # fmt: skip
    total_count = sum(total.customer_count for total in totals)
    names = ", ".join(
        ("customer_id", "name", "organisation_id", "currency", *_AGE_COLUMNS, "credits_minor", "on_account_minor",
         "oldest_due_on")
    )  # fmt: skip
    page = f"{with_sql} SELECT {names} FROM aged WHERE {wanted} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s"
    rows = [_customer(row) for row in _rows(page, given)] if offset < total_count else []
    return AgedPage(rows, total_count, limit, offset, totals)


_AGE_COLUMNS = tuple(f"age_{place}" for place in range(len(AGES)))


def _own(conditions: Sequence[str]) -> str:
    """`own`: the customers that the list is of, so that nobody else's movements are read; nothing where it is of all."""
    if not conditions:
        return ""
    return (
        f'own AS (SELECT c.id FROM "rackbill_parties_customer" c JOIN "rackbill_parties_salesorganisation" o '
        f"ON o.id = c.sales_organisation_id WHERE {' AND '.join(conditions)}), "
    )


def _moved(on: date, given: dict[str, Any], *, is_limited: bool) -> str:
    """Every movement up to the day with the column of the list that it counts to; no other rows."""
    whens = []
    for place, (_name, last) in enumerate(AGING[:-1], start=1):
        given[f"since_{place}"] = (on - timedelta(days=last)).isoformat()
        whens.append(f"WHEN i.due_on >= {_day(f'since_{place}')} THEN '{_AGE_COLUMNS[place]}'")
    age = (
        f"CASE WHEN i.document_kind = 'credit_note' THEN 'credit' WHEN i.due_on >= {_day('on')} THEN '{_AGE_COLUMNS[0]}' "
        f"{' '.join(whens)} ELSE '{_AGE_COLUMNS[-1]}' END"
    )
    items, money = (f" AND {of}.customer_id IN (SELECT id FROM own)" if is_limited else "" for of in "ip")
    until = {name: f"{name} <= {_day('on')}" for name in ("booked_on", "received_on", "created_on", "paid_on")}
    parts = [
        f"SELECT i.customer_id, i.currency, {age} AS place, i.id AS item, i.due_on, e.amount_minor "
        f'FROM "rackbill_receivables_ledgerentry" e JOIN "rackbill_receivables_openitem" i ON i.id = e.open_item_id '
        f"WHERE e.{until['booked_on']}{items}",
        # A legacy system's payments are spent: what was left of them came over as deposits and open amounts.
        _money("payment", "p.amount_minor", f"p.system = '' AND p.{until['received_on']}{money}"),
        _money("deposit", "p.amount_minor", f"p.{until['created_on']}{money}"),
    ]
    for source in ("payment", "deposit"):
        parts.append(_money(source, "-m.amount_minor", f"m.{until['booked_on']}{money}", "allocation"))
        parts.append(_money(source, "-m.amount_minor", f"m.{until['paid_on']}{money}", "refund"))
    return f"moved AS ({' UNION ALL '.join(parts)})"


def _money(source: str, amount: str, condition: str, spent_by: str = "") -> str:
    table = f'"rackbill_receivables_{source}" p'
    if spent_by:
        table = f'"rackbill_receivables_{spent_by}" m JOIN {table} ON p.id = m.{source}_id'
    return (
        f"SELECT p.customer_id, p.currency, 'money', NULL, CAST(NULL AS date), {amount} FROM {table} WHERE {condition}"
    )


def _conditions(
    scope: StaffScope | WholeInstallation, given: dict[str, Any], organisation_id: str, customer_id: str, search: str
) -> list[str]:
    """Which customers the list is of; whatever a person typed is a parameter."""
    conditions = []
    if isinstance(scope, StaffScope):
        own = {f"own_{place}": one for place, one in enumerate(sorted(scope.organisation_ids))}
        given.update(own)
        conditions.append(f"o.organisation_id IN ({', '.join(f'%({name})s' for name in own)})" if own else "1 = 0")
    exactly = {"o.organisation_id": organisation_id, "c.customer_id": customer_id}
    for place, (column, value) in enumerate(exactly.items()):
        if value:
            given[f"is_{place}"] = value
            conditions.append(f"{column} = %(is_{place})s")
    if search:
        plain = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        given.update(search=search, begins=f"{plain}%", holds=f"%{plain}%")
        conditions.append(
            "(c.customer_id LIKE %(begins)s ESCAPE '\\' OR UPPER(c.legacy_id) = UPPER(%(search)s) "
            "OR UPPER(c.name) LIKE UPPER(%(holds)s) ESCAPE '\\')"
        )
    return conditions


def _aged(currency: str, given: dict[str, Any]) -> str:
    """`aged`: one row for each customer and currency, or those in one."""
    given["currency"] = currency
    in_currency = "AND m.currency = %(currency)s" if currency else ""
    ages = ", ".join(f"{_sum(name)} AS {name}" for name in _AGE_COLUMNS)
    overdue = " + ".join(_sum(name) for name in _AGE_COLUMNS[1:])
    is_open = " + ".join(_sum(name) for name in _AGE_COLUMNS)
    return f"""
    items AS (SELECT item FROM moved WHERE item IS NOT NULL GROUP BY item HAVING SUM(amount_minor) <> 0),
    aged AS (
      SELECT c.customer_id, c.name, o.organisation_id, m.currency, {ages}, {overdue} AS overdue_minor, {is_open} AS open_minor,
        -{_sum("credit")} AS credits_minor, {_sum("money")} AS on_account_minor,
        {is_open} + {_sum("credit")} - {_sum("money")} AS balance_minor,
        MIN(CASE WHEN m.place LIKE 'age%%' THEN m.due_on END) AS oldest_due_on
      FROM moved m JOIN "rackbill_parties_customer" c ON c.id = m.customer_id
      JOIN "rackbill_parties_salesorganisation" o ON o.id = c.sales_organisation_id
      WHERE (m.item IS NULL OR m.item IN (SELECT item FROM items)) {in_currency}
      GROUP BY c.id, c.customer_id, c.name, o.organisation_id, m.currency)"""


def _sum(place: str) -> str:
    return f"SUM(CASE WHEN m.place = '{place}' THEN m.amount_minor ELSE 0 END)"


def _day(name: str) -> str:
    return f"CAST(%({name})s AS date)" if connection.vendor == "postgresql" else f"%({name})s"


def _rows(sql: str, given: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        yield from cursor.fetchall()


def _customer(row: Sequence[Any]) -> AgedCustomer:
    customer_id, name, organisation_id, currency, *sums, oldest = row
    if isinstance(oldest, str):
        oldest = date.fromisoformat(oldest)
    return AgedCustomer(
        customer_id=customer_id, name=name, organisation_id=organisation_id, oldest_due_on=oldest,
        sums=_sums(currency, sums),
    )  # fmt: skip


def _total(row: Sequence[Any]) -> AgedTotal:
    currency, count, *sums = row
    return AgedTotal(customer_count=count, sums=_sums(currency, sums))


def _sums(currency: str, sums: Sequence[Any]) -> AgedSums:
    *ages, credits_minor, on_account_minor = (int(value) for value in sums)
    return AgedSums(
        currency=currency, ages_minor=dict(zip(AGES, ages, strict=True)), credits_minor=credits_minor,
        on_account_minor=on_account_minor,
    )  # fmt: skip
