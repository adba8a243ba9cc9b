"""What a story was expected to come to, against what it came to."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rackbill.formats.scenario_file import ExpectedDocument, Scenario
from rackbill.formats.scenario_file.reading import spelled_day
from rackbill.formats.scenario_file.steps import ExpectedLine

Difference = dict[str, Any]


def has_expectations(scenario: Scenario) -> bool:
    """Whether the file says what must come out."""
    said = (scenario.expect, scenario.expect_open, scenario.expect_parked)
    return any(part is not None for part in said) or any(step.refused for step in scenario.story)


def differences(scenario: Scenario, told: dict[str, Any]) -> list[Difference]:
    """Every disagreement: `place`, `expected`, `got`. Empty where the story came to what was expected."""
    return list(_all(scenario, told))


def _all(scenario: Scenario, told: dict[str, Any]) -> Iterator[Difference]:
    if scenario.expect is not None:
        documents = told["documents"]
        if len(documents) != len(scenario.expect):
            yield _said("expect", f"{len(scenario.expect)} documents", f"{len(documents)} documents")
        for n, (expected, got) in enumerate(zip(scenario.expect, documents, strict=False), start=1):
            yield from _document(f"document {n}", expected, got)
    if scenario.expect_open is not None:
        yield from _open(scenario.expect_open, told["open"])
    if scenario.expect_parked is not None and scenario.expect_parked != len(told["parked"]):
        yield _said("expect_parked", scenario.expect_parked, len(told["parked"]))


def _said(place: str, expected: object, got: object) -> Difference:
    return {"place": place, "expected": str(expected), "got": str(got)}


def _open(expected: dict[str, Decimal] | Decimal, rows: list[dict[str, Any]]) -> Iterator[Difference]:
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + Decimal(row["open"])
    if not isinstance(expected, dict):
        if len(sums) > 1:
            yield _said("expect_open", f"{expected} in one currency", ", ".join(sums))
            return
        expected = {next(iter(sums), "EUR"): expected}
    for currency in sorted({*expected, *sums}):
        want, got = expected.get(currency, Decimal(0)), sums.get(currency, Decimal(0))
        if want != got:
            yield _said("expect_open", f"{want} {currency}", f"{got} {currency}")


def _document(place: str, expected: ExpectedDocument, got: dict[str, Any]) -> Iterator[Difference]:
    for name, key in (("kind", "kind"), ("customer", "customer"), ("issued", "issued_on"), ("due", "due_on"),
                      ("currency", "currency"), ("billing_group", "billing_group")):  # fmt: skip
        want = getattr(expected, name)
        if want is not None and str(want) != got[key]:
            yield _said(f"{place}, {name}", want, got[key])
    for name in ("net", "tax", "gross"):
        want = getattr(expected, name)
        if want is not None and want != Decimal(got[name]):
            yield _said(f"{place}, {name}", want, got[name])
    if expected.tax_rates is not None:
        rates = [Decimal(tax["rate"]) for tax in got["taxes"]]
        if sorted(expected.tax_rates) != sorted(rates):
            yield _said(f"{place}, tax_rates", _list(expected.tax_rates), _list(rates))
    if expected.tax_codes is not None:
        codes = sorted({tax["code"] for tax in got["taxes"]})
        if sorted(set(expected.tax_codes)) != codes:
            yield _said(f"{place}, tax_codes", _list(expected.tax_codes), _list(codes))
    if expected.accounting_tax is not None:
        own = got["accounting"]["tax"] if got["accounting"] else None
        if own is None or expected.accounting_tax != Decimal(own):
            yield _said(f"{place}, accounting_tax", expected.accounting_tax, own or "none")
    if expected.corrects is not None:
        corrected = [row["document"] for row in got["corrects"]]
        if expected.corrects != corrected:
            yield _said(f"{place}, corrects", _list(expected.corrects), _list(corrected))
    if expected.lines is not None:
        lines = got["lines"]
        wanted = [row if isinstance(row, ExpectedLine) else ExpectedLine(net=row) for row in expected.lines]
        if len(wanted) != len(lines):
            yield _said(f"{place}, lines", _list([w.net for w in wanted]), _list([line["net"] for line in lines]))
        for want_line, line in zip(wanted, lines, strict=False):
            yield from _line(f"{place}, line {line['line_number']}", want_line, line)


def _line(place: str, want: ExpectedLine, got: dict[str, Any]) -> Iterator[Difference]:
    for name, key in (("net", "net"), ("quantity", "quantity"), ("price", "unit_price")):
        value = getattr(want, name)
        if value is not None and value != Decimal(got[key]):
            yield _said(f"{place}, {name}", value, got[key])
    if want.line is not None and want.line != got["line"]:
        yield _said(f"{place}, line", want.line, got["line"])
    if want.period is not None and _days(want.period) != _days(got["period"]):
        yield _said(f"{place}, period", want.period, got["period"])
    rates = {Decimal(tax["rate"]) for tax in got["taxes"]}
    if want.tax_rate is not None and rates != {want.tax_rate}:
        yield _said(f"{place}, tax_rate", want.tax_rate, _list(sorted(rates)))
    corrected = got["corrects"]["document"] if got["corrects"] else None
    if want.corrects is not None and want.corrects != corrected:
        yield _said(f"{place}, corrects", f"document {want.corrects}", f"document {corrected}" if corrected else "none")
    if want.why is not None and want.why not in got["why"]:
        yield _said(f"{place}, why", want.why, got["why"])


def _days(period: str) -> tuple[Any, ...]:
    """First and last day of a period in words; the text itself where it is none, which then differs."""
    first, _to, last = period.partition(" to ")
    return spelled_day(first.strip()) or first, spelled_day(last.strip()) or last


def _list(values: list[Any]) -> str:
    return ", ".join(str(value) for value in values) or "none"
