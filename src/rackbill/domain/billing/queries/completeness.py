"""The completeness proof: every contract line of a sales organisation is billed to a day exactly once, or listed with why not.

It reads the contract lines and what stands charged, in SQL of its own. It uses nothing of the sums that made the charges: a
fault there cannot hide here. So it alone reaches across the tables of lower nouns (decision 11).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from rackbill.domain.billing.models import BillRun
from rackbill.domain.billing.queries.dialect import NEVER, Dialect, dialect, reading
from rackbill.domain.contracts import policy as contract_policy
from rackbill.domain.parties import queries as parties

REASONS = {
    "billed": "billed up to the day exactly once",
    "billed_at_zero": "billed exactly once, at an amount of 0",
    "not_delivered": "the service is not delivered yet",
    "authority_not_ours": "another system bills this customer",
    "before_boundary": "lies before the boundary date; the other system billed it",
    "ended_before": "ended before its first day that is ours to bill",
    "not_begun": "begins on the day or later",
    "suspended": "suspended without charge for all of the time",
    "arrears_not_over": "billed in arrears, and its first period is not over",
    "metered_without_usage": "metered, and nothing was measured in a month that is over",
    "usage_costs_nothing": "what was measured is nothing, or included in the price",
    "minimum": "a minimum, charged for periods that stay below it; check-books computes the others anew",
    "parked": "the run parked this customer",
    "amended_since": "amended after it was billed; the next run corrects it",
    "unbilled": "days that are owed are not billed",
    "billed_twice": "days are billed twice",
    "billed_outside": "days outside the line's own time are billed",
}
"""What may be said of a line. The last three are exceptions: they must not occur."""
EXCEPTIONS = ("unbilled", "billed_twice", "billed_outside")
BILLED = ("billed", "billed_at_zero")
LISTED_EXCEPTIONS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStanding:
    """What is said of one contract line: its service, customer, reason, and the days that are owed and stand billed."""

    service_id: str
    customer_id: str
    description: str
    reason: str
    begins_on: date
    owed_until: date
    owed_days: int
    billed_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """The proof for one sales organisation and through date: lines_total = billed + all of by_reason + all exceptions.

    `exceptions` holds the first of them, `exception_count` says how many there are; none means that nothing was missed.
    """

    organisation_id: str
    through: date
    lines_total: int
    billed: int
    by_reason: dict[str, int]
    exception_count: int
    exceptions: tuple[LineStanding, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every line is billed exactly once or listed with its reason."""
        return self.exception_count == 0


def completeness(*, organisation_id: str, through: date, on: date | None = None) -> Completeness:
    """The proof, in one statement and a second one where there are exceptions. Raises SalesOrganisationNotFound.

    `on` is the day whose billing authority counts; without it, that of the newest run up to the through date.
    """
    given = _parameters(organisation_id, through, on)
    with reading(sql=f"{_sql(dialect())} SELECT reason, COUNT(*) FROM standing GROUP BY reason", given=given) as cursor:
        counts = dict(cursor.fetchall())
    exceptions = tuple(_rows(given, EXCEPTIONS, LISTED_EXCEPTIONS)) if set(counts) & set(EXCEPTIONS) else ()
    return Completeness(
        organisation_id=organisation_id, through=through, lines_total=sum(counts.values()),
        billed=sum(counts.get(reason, 0) for reason in BILLED),
        by_reason={r: counts[r] for r in REASONS if r in counts and r not in (*EXCEPTIONS, *BILLED)},
        exception_count=sum(counts.get(reason, 0) for reason in EXCEPTIONS), exceptions=exceptions,
    )  # fmt: skip


def line_standings(
    *, organisation_id: str, through: date, on: date | None = None, reasons: tuple[str, ...] = ()
) -> Iterator[LineStanding]:
    """Every line that is not billed, or those of some reasons, by service, in a stream. Raises SalesOrganisationNotFound."""
    given = _parameters(organisation_id, through, on)
    yield from _rows(given, reasons or tuple(reason for reason in REASONS if reason not in BILLED), None)


def _parameters(organisation_id: str, through: date, on: date | None) -> dict[str, Any]:
    seller = parties.seller(organisation_id=organisation_id)
    run = BillRun.objects.filter(sales_organisation_id=seller.key, through=through).order_by("pk").last()
    on = on or (run.issued_on if run is not None else through - timedelta(days=1))
    # What is charged in arrears must have ended by the day of the run, however far ahead the through date lies (B6).
    reach = min(through, on)
    month_end = (reach.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return {
        "organisation": seller.key, "zone": seller.time_zone, "through": through.isoformat(), "on": on.isoformat(),
        "reach": reach.isoformat(),
        "run": run.pk if run is not None else -1, "month": reach.year * 12 + reach.month - 1, "day": reach.day,
        "month_days": month_end.day, "statuses": "".join(f"/{s}/" for s in contract_policy.BILLED_STATUSES),
    }  # fmt: skip


def _rows(given: dict[str, Any], reasons: tuple[str, ...], limit: int | None) -> Iterator[LineStanding]:
    marks = ", ".join(f"'{reason}'" for reason in reasons)
    sql = f"""{_sql(dialect())}
    SELECT s.service_id, s.customer_id, l.description, s.reason, s.begins, s.owed_until, s.owed_days, s.billed_days
    FROM standing s JOIN "rackbill_contracts_contractline" l ON l.id = s.id WHERE s.reason IN ({marks})
    ORDER BY s.service_id, s.id {"" if limit is None else f"LIMIT {limit}"}"""
    with reading(sql=sql, given=given) as cursor:
        while rows := cursor.fetchmany(2000):
            for service_id, customer_id, description, reason, begins, owed_until, owed_days, billed_days in rows:
                yield LineStanding(
                    service_id=service_id, customer_id=customer_id, description=description, reason=reason,
                    begins_on=_day(begins), owed_until=_day(owed_until), owed_days=owed_days, billed_days=billed_days,
                )  # fmt: skip


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _sql(d: Dialect) -> str:
    """The common table expressions that end in `standing`: one row for each line, with its reason."""
    return "WITH " + ",\n".join((_lines(d), _owed(d), _live(d), _suspended(d), _billed(d), _used(d), _standing(d)))


def _lines(d: Dialect) -> str:
    """Every line with the first day that is ours and the first that is no longer charged (ends are instants in a zone).

    Profiles of other engines leave the first day out, or charge the day of the end.
    """
    never = d.day(f"'{NEVER}'")

    def last(instant: str) -> str:
        # Hours are charged up to the instant, so the day it lies in still counts; else it is the day of the end.
        day = d.local_day(instant)
        whole = f"l.proration = 'hours' AND NOT {d.is_midnight(instant)}"
        return f"COALESCE(CASE WHEN {whole} THEN {d.next_day(day)} ELSE {day} END, {never})"

    agreed = d.least(f"COALESCE(l.ends_on, {never})", last("s.ends_at"), last("k.ends_at"))
    is_counted = "l.kind IN ('recurring', 'minimum') AND l.day_count IN"
    ends = f"CASE WHEN {is_counted} ('end', 'both') AND {agreed} < {never} THEN {d.next_day(agreed)} ELSE {agreed} END"
    starts = f"CASE WHEN {is_counted} ('end', 'neither') THEN {d.next_day('l.starts_on')} ELSE l.starts_on END"
    return f"""line AS (
    SELECT l.id, l.kind, l.timing, l.cycle_months, l.anchor_on, {starts} AS starts_on, l.billed_from, l.settled_until,
        s.service_id, c.customer_id, {d.greatest(starts, f"COALESCE(l.billed_from, {starts})")} AS begins, {ends} AS ends,
        CASE WHEN %(statuses)s LIKE '%%/' || s.status || '/%%' THEN 1 ELSE 0 END AS is_delivered,
        CASE WHEN EXISTS (SELECT 1 FROM "rackbill_parties_billingauthority" a WHERE a.customer_id = c.id
            AND a.authority = 'ours' AND (a.valid_from IS NULL OR a.valid_from <= {d.day("%(on)s")})
            AND (a.valid_until IS NULL OR a.valid_until > {d.day("%(on)s")})) THEN 1 ELSE 0 END AS is_ours,
        CASE WHEN EXISTS (SELECT 1 FROM "rackbill_billing_parkedbill" p WHERE p.customer_id = c.id AND p.run_id = %(run)s)
            THEN 1 ELSE 0 END AS is_parked
    FROM "rackbill_contracts_contractline" l
    JOIN "rackbill_contracts_service" s ON s.id = l.service_id
    JOIN "rackbill_contracts_contract" k ON k.id = s.contract_id
    JOIN "rackbill_parties_customer" c ON c.id = s.customer_id
    WHERE c.sales_organisation_id = %(organisation)s)"""


def _owed(d: Dialect) -> str:
    """Up to which day each line is owed by the through date: in arrears up to the last end of a cycle, else up to the date."""
    through, reach = d.day("%(through)s"), d.day("%(reach)s")
    first = d.day_in(f"{d.month('begins')} + CASE WHEN {d.day_of_month('begins')} = 1 THEN 0 ELSE 1 END", "1")
    passed = (
        f"%(month)s - {d.month('anchor')} - "
        f"CASE WHEN %(day)s < {d.least(d.day_of_month('anchor'), '%(month_days)s')} THEN 1 ELSE 0 END"
    )
    # Integer division cuts towards 0; two thousand cycles more keep it above 0.
    cycles = f"((({passed}) + 2000 * cycle_months) / cycle_months - 2000)"
    boundary = d.day_in(f"{d.month('anchor')} + {cycles} * cycle_months", d.day_of_month("anchor"))
    return f"""anchored AS (SELECT line.*, COALESCE(anchor_on, {first}) AS anchor FROM line),
owed AS (
    SELECT anchored.*, CASE
        WHEN kind = 'one_off' THEN {d.next_day("starts_on")}
        WHEN kind = 'metered' THEN {d.least("ends", reach)}
        WHEN timing = 'advance' AND kind <> 'minimum' THEN {d.least("ends", through)}
        WHEN ends <= {reach} THEN ends
        ELSE {d.greatest("begins", boundary)} END AS owed_until
    FROM anchored)"""


def _live(d: Dialect) -> str:
    """Charges of ours without what was taken back of them, each with how far the ones before it reach."""
    end = d.least("g.period_end", "COALESCE(b.back_from, g.period_end)")
    return f"""back AS (
    SELECT corrects_id, MIN(period_start) AS back_from FROM "rackbill_billing_charge" WHERE kind = 'reversal'
    GROUP BY corrects_id),
live AS (
    SELECT g.contract_line_id AS line_id, g.kind, g.step, g.period_start, {end} AS period_end, g.amount_minor, g.id
    FROM "rackbill_billing_charge" g JOIN owed o ON o.id = g.contract_line_id LEFT JOIN back b ON b.corrects_id = g.id
    WHERE g.draft_id IS NOT NULL AND g.kind IN ('recurring', 'one_off', 'usage')
        AND (b.back_from IS NULL OR b.back_from > g.period_start)),
placed AS (
    SELECT live.*, MAX(period_end) OVER (PARTITION BY line_id, kind, step ORDER BY period_start, id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
    FROM live)"""


def _suspended(d: Dialect) -> str:
    """Days on which a line is not charged, and days of them that are charged all the same."""
    never = d.day(f"'{NEVER}'")
    until = f"COALESCE(u.valid_until, {never})"
    return f"""suspended AS (
    SELECT o.id, SUM({d.days(d.greatest("u.valid_from", "o.begins"), d.least(until, "o.owed_until"))}) AS days
    FROM owed o JOIN "rackbill_contracts_linesuspension" u ON u.line_id = o.id WHERE o.kind = 'recurring' GROUP BY o.id),
wrong AS (
    SELECT p.line_id AS id, SUM({d.days(d.greatest("u.valid_from", "p.period_start"), d.least(until, "p.period_end"))}) AS days
    FROM live p JOIN "rackbill_contracts_linesuspension" u ON u.line_id = p.line_id WHERE p.kind = 'recurring'
    GROUP BY p.line_id)"""


def _billed(d: Dialect) -> str:
    """By line: days billed within what is owed, days outside the line's own time, overlaps, and whether it cost anything."""
    inside = d.days(d.greatest("p.period_start", "o.begins"), d.least("p.period_end", "o.owed_until"))
    outside = f"{d.days('p.period_start', d.least('p.period_end', 'o.begins'))} + " + d.days(
        d.greatest("p.period_start", "o.ends"), "p.period_end"
    )
    return f"""billed AS (
    SELECT p.line_id AS id, SUM({inside}) AS days, SUM({outside}) AS outside,
        SUM(CASE WHEN p.reached > p.period_start THEN 1 ELSE 0 END) AS twice,
        MAX(ABS(p.amount_minor)) AS largest
    FROM placed p JOIN owed o ON o.id = p.line_id GROUP BY p.line_id),
ever AS (
    SELECT DISTINCT contract_line_id AS id FROM "rackbill_billing_charge" WHERE draft_id IS NOT NULL)"""


def _used(d: Dialect) -> str:
    """By metered line: months measured, those that cost something, and those of them that no charge is for."""
    included = d.json_number("q.usage_price", "included")
    return f"""measured AS (
    SELECT m.line_id, m.period_start, m.period_end, m.quantity, ROW_NUMBER() OVER (
        PARTITION BY m.line_id, m.period_start ORDER BY m.revision DESC) AS place
    FROM "rackbill_usage_measuredquantity" m),
due AS (
    SELECT m.line_id, m.period_start, m.period_end, CASE WHEN m.quantity = 0 OR EXISTS (
        SELECT 1 FROM "rackbill_contracts_lineprice" q WHERE q.line_id = m.line_id AND q.valid_from <= {
        d.greatest("m.period_start", "o.begins")
    }
            AND (q.valid_until IS NULL OR q.valid_until > {d.greatest("m.period_start", "o.begins")})
            AND m.quantity <= {included} * 1000000) THEN 0 ELSE 1 END AS costs
    FROM measured m JOIN owed o ON o.id = m.line_id
    WHERE m.place = 1 AND o.kind = 'metered' AND m.period_end <= {d.day("%(reach)s")} AND m.period_end > o.begins
        AND m.period_start < o.ends),
used AS (
    SELECT due.line_id AS id, COUNT(*) AS months, SUM(costs) AS costing, SUM(CASE WHEN costs = 1 AND NOT EXISTS (
        SELECT 1 FROM live v WHERE v.line_id = due.line_id AND v.kind = 'usage' AND v.period_start < due.period_end
            AND due.period_start < v.period_end) THEN 1 ELSE 0 END) AS missing
    FROM due GROUP BY due.line_id)"""


def _standing(d: Dialect) -> str:
    through = d.day("%(through)s")
    pending = "WHEN is_parked = 1 THEN 'parked' WHEN settled_until IS NULL AND was_billed = 1 THEN 'amended_since'"
    return f"""counted AS (
    SELECT o.*, {d.days("o.begins", "o.owed_until")} - COALESCE(u.days, 0) AS owed_days, COALESCE(u.days, 0) AS suspended_days,
        COALESCE(b.days, 0) AS billed_days, COALESCE(b.outside, 0) + COALESCE(w.days, 0) AS outside,
        COALESCE(b.twice, 0) AS twice, COALESCE(b.largest, 0) AS largest,
        CASE WHEN e.id IS NULL THEN 0 ELSE 1 END AS was_billed, COALESCE(x.months, 0) AS months,
        COALESCE(x.costing, 0) AS costing, COALESCE(x.missing, 0) AS missing
    FROM owed o LEFT JOIN suspended u ON u.id = o.id LEFT JOIN billed b ON b.id = o.id LEFT JOIN wrong w ON w.id = o.id
    LEFT JOIN ever e ON e.id = o.id LEFT JOIN used x ON x.id = o.id),
standing AS (
    SELECT counted.*, CASE
        WHEN twice > 0 THEN 'billed_twice'
        WHEN is_delivered = 0 THEN 'not_delivered'
        WHEN is_ours = 0 THEN 'authority_not_ours'
        WHEN outside > 0 THEN CASE {pending} ELSE 'billed_outside' END
        WHEN kind = 'one_off' AND begins > starts_on THEN 'before_boundary'
        WHEN ends <= begins THEN 'ended_before'
        WHEN begins >= {through} THEN CASE WHEN starts_on < {through} THEN 'before_boundary' ELSE 'not_begun' END
        WHEN kind = 'metered' THEN CASE
            WHEN months = 0 THEN 'metered_without_usage' WHEN costing = 0 THEN 'usage_costs_nothing'
            WHEN missing = 0 THEN 'billed' {pending} ELSE 'unbilled' END
        WHEN owed_days <= 0 THEN CASE WHEN suspended_days > 0 THEN 'suspended' ELSE 'arrears_not_over' END
        WHEN kind = 'minimum' AND billed_days < owed_days THEN 'minimum'
        WHEN billed_days = owed_days THEN CASE WHEN largest = 0 THEN 'billed_at_zero' ELSE 'billed' END
        {pending}
        ELSE 'unbilled' END AS reason
    FROM counted)"""
