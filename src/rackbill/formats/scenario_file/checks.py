"""What a well-spelled scenario can still have wrong: names that are not there, two prices, steps out of order."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rackbill.core.money import UnknownCurrency, minor_digits
from rackbill.core.pricing import UsagePriceRefused, usage_price_from_plain
from rackbill.formats.scenario_file.entries import (
    HOME,
    ContractEntry,
    LineEntry,
    OrganisationEntry,
    Part,
    ServiceEntry,
    UsagePriceEntry,
)
from rackbill.formats.scenario_file.reading import Place, ScenarioRefused
from rackbill.formats.scenario_file.steps import Scenario, Step
from rackbill.formats.wording import LANGUAGES

LONGEST_TERM = 36
"""The longest contract term in months (B26); every set of notice rules must reach it."""


def usage_price_plain(entry: UsagePriceEntry) -> dict[str, Any]:
    """The usage price as core reads it."""
    names = ("price", "size", "included", "overage_price", "cap", "minimum")
    plain: dict[str, Any] = {n: str(getattr(entry, n)) for n in names if getattr(entry, n) is not None}
    if entry.tiers:
        plain["tiers"] = [[None if t.up_to is None else str(t.up_to), str(t.price)] for t in entry.tiers]
    return {"model": entry.model, **plain}


def check_scenario(scenario: Scenario, place: Place) -> None:
    """Raises ScenarioRefused with the place of the first contradiction."""
    _Checks(scenario, place).run()


class _Checks:
    def __init__(self, scenario: Scenario, place: Place) -> None:
        self._scenario, self._place = scenario, place
        self._names: dict[str, list[str]] = {
            "sales_organisation": [s.id for s in scenario.sellers], "customer": [c.name for c in scenario.buyers],
            "contract": [], "service": [], "line": [],
        }  # fmt: skip
        self._groups = {group.name for customer in scenario.buyers for group in customer.billing_groups}

    def run(self) -> None:
        head = [name for name in self._scenario.__struct_fields__ if not name.startswith("expect")]
        for name in head:
            self._walk(name, name, getattr(self._scenario, name))
        self._head()
        for n, contract in enumerate(self._scenario.contracts):
            self._contract(f"contracts[{n}]", contract)
        last: date | None = None
        for n, step in enumerate(self._scenario.story):
            path = f"story[{n}]"
            if last is not None and step.day < last:
                raise self._refused(path, f"{step.day} stands after {last}; write the story in the order of days")
            last = step.day
            self._step(path, step)

    def _walk(self, path: str, name: str, value: Any) -> None:
        """What holds for every amount, day, country, language and time zone, wherever it stands."""
        if isinstance(value, list):
            for n, item in enumerate(value):
                self._walk(f"{path}[{n}]", name, item)
        elif isinstance(value, Part):
            starts, until = getattr(value, "starts", None), getattr(value, "until", None)
            if starts is not None and until is not None and until <= starts:
                raise self._refused(
                    f"{path}.until", f"{until} is not after {starts}; `until` is the first day without it"
                )
            for field in value.__struct_fields__:
                self._walk(f"{path}.{field}", field, getattr(value, field))
        elif isinstance(value, Decimal):
            if value != round(value, 6):
                raise self._refused(path, f"{value} has more than six decimals; that is as fine as prices are kept")
            if value < 0:
                raise self._refused(path, f"{value} is negative; give a discount, an end or a credit instead")
        elif value and name in _SHAPES:
            fits, belongs = _SHAPES[name]
            if not fits(value):
                raise self._refused(path, f"{value!r} is not understood; {belongs} belongs there")

    def _head(self) -> None:
        scenario = self._scenario
        if not scenario.buyers:
            raise self._refused("", "the scenario has no customer; write one under `customer:`")
        for kind in ("sales_organisation", "customer"):
            if twice := _twice(self._names[kind]):
                raise self._refused("", f"two are called {twice!r} ({kind}); give each a name of its own")
        for n, seller in enumerate(scenario.sellers):
            path = "sales_organisation" if scenario.sales_organisation and not n else f"sales_organisations[{n}]"
            if not (seller.id.isdigit() and len(seller.id) == 4 and seller.id[0] != "0"):
                raise self._refused(f"{path}.id", f"{seller.id!r} is no ID of a sales organisation; write four digits")
            if seller.country not in HOME and not (seller.accounting_currency and seller.time_zone):
                raise self._refused(path, f"say `accounting_currency` and `time_zone` of a seller in {seller.country}")
            self._currency(f"{path}.accounting_currency", seller.accounting_currency)
            self._rules(path, seller)
        for n, buyer in enumerate(scenario.buyers):
            path = "customer" if scenario.customer and not n else f"customers[{n}]"
            if len(scenario.sellers) > 1 or buyer.sales_organisation:
                self._known(f"{path}.sales_organisation", "sales_organisation", buyer.sales_organisation)
        for n, rate in enumerate(scenario.exchange_rates):
            self._currency(f"exchange_rates[{n}].source", rate.source)
            self._currency(f"exchange_rates[{n}].target", rate.target)

    def _rules(self, path: str, seller: OrganisationEntry) -> None:
        for n, notice in enumerate(seller.notice):
            if max((rule.up_to_months for rule in notice.rules), default=0) < LONGEST_TERM:
                raise self._refused(
                    f"{path}.notice[{n}]",
                    f"the rules leave terms of {LONGEST_TERM} months without one; let the last reach there",
                )
        for n, table in enumerate(seller.price_list):
            for m, row in enumerate(table.discounts):
                if row.percent > 100:
                    raise self._refused(
                        f"{path}.price_list[{n}].discounts[{m}]", f"{row.percent} % is more than all of it"
                    )

    def _contract(self, path: str, contract: ContractEntry) -> None:
        self._new(f"{path}.name", "contract", contract.name)
        if len(self._scenario.buyers) > 1 or contract.customer:
            self._known(f"{path}.customer", "customer", contract.customer)
        self._currency(f"{path}.currency", contract.currency)
        if not contract.services:
            raise self._refused(path, f"contract {contract.name!r} has no service; write one under `services:`")
        for n, service in enumerate(contract.services):
            self._service(f"{path}.services[{n}]", service)

    def _service(self, path: str, service: ServiceEntry) -> None:
        self._new(f"{path}.name", "service", service.name)
        if service.billing_group and service.billing_group not in self._groups:
            raise self._refused(f"{path}.billing_group", _missing("billing group", service.billing_group, self._groups))
        for n, line in enumerate(service.lines):
            self._line(f"{path}.lines[{n}]", line)

    def _line(self, path: str, line: LineEntry) -> None:
        self._new(f"{path}.name", "line", line.name)
        if line.counts != "service" and line.kind != "minimum":
            raise self._refused(
                f"{path}.counts", f"line {line.name!r} is {line.kind}; only a minimum counts other lines"
            )
        if line.kind == "metered":
            prices = [line.usage_price, *(p.usage_price for p in line.prices)]
            if all(p is None for p in prices):
                raise self._refused(path, f"the metered line {line.name!r} has no `usage_price`")
        elif (line.price is None) == (not line.prices):
            raise self._refused(path, f"line {line.name!r} needs either `price` or `prices`")
        elif any(p.price is None for p in line.prices):
            raise self._refused(f"{path}.prices", f"each of the prices of line {line.name!r} needs a `price`")
        if line.quantity is not None and line.quantities:
            raise self._refused(path, f"line {line.name!r} has `quantity` and `quantities`; keep one of the two")
        for name, rows in (("prices", line.prices), ("quantities", line.quantities)):
            self._in_turn(f"{path}.{name}", rows)
        for entry in filter(None, [line.usage_price, *(p.usage_price for p in line.prices)]):
            self._usage_price(path, entry)
        for n, discount in enumerate(line.discounts):
            self._discount(f"{path}.discounts[{n}]", discount)

    def _in_turn(self, path: str, rows: Iterable[Any]) -> None:
        """No two prices or quantities on one day."""
        ordered = sorted(rows, key=lambda row: row.starts)
        for before, after in zip(ordered, ordered[1:], strict=False):
            if before.starts == after.starts or (before.until is not None and before.until > after.starts):
                raise self._refused(
                    path, f"two are valid on {after.starts}; end the first one or leave its `until` out"
                )

    def _usage_price(self, path: str, entry: UsagePriceEntry) -> None:
        try:
            usage_price_from_plain(usage_price_plain(entry))
        except UsagePriceRefused as fault:
            raise self._refused(path, str(fault)) from None

    def _discount(self, path: str, discount: Any) -> None:
        if (discount.percent is None) == (discount.amount is None):
            raise self._refused(path, f"discount {discount.reason!r} needs either `percent` or `amount`")

    def _step(self, path: str, step: Step) -> None:
        actions = step.actions
        if len(actions) != 1:
            names = " and ".join(name for name, _value in actions) or "nothing"
            raise self._refused(path, f"a step does exactly one thing; this one does {names}")
        ((name, value),) = actions
        path = f"{path}.{name}"
        if name == "order":
            self._contract(path, value)
            return
        for kind in ("sales_organisation", "customer", "contract", "service"):
            if text := getattr(value, kind, ""):
                self._known(f"{path}.{kind}", kind, text)
        if name == "add_line":
            self._line(f"{path}.line", value.line)
        elif name == "swap":
            self._known(f"{path}.line", "line", value.line)
            self._line(f"{path}.to", value.to)
        elif name not in ("credit", "index_prices") and getattr(value, "line", None):
            self._known(f"{path}.line", "line", value.line)
        if name == "index_prices":
            for n, line in enumerate(value.lines):
                self._known(f"{path}.lines[{n}]", "line", line)
        if name == "add_discount":
            self._discount(path, value)
        if name == "set_price" and (value.price is None) == (value.usage_price is None):
            raise self._refused(path, "a new price needs either `price` or `usage_price`")
        if getattr(value, "usage_price", None) is not None:
            self._usage_price(f"{path}.usage_price", value.usage_price)
        if name in ("payment", "tax_id_check", "pro_forma") and len(self._scenario.buyers) > 1:
            if not value.customer and getattr(value, "document", None) is None and not getattr(value, "text", ""):
                raise self._refused(path, "the story has several customers; say which under `customer`")
        if name == "refund" and (value.payment is None) == (value.document is None):
            raise self._refused(
                path, "say which money goes back: the n-th `payment`, or a credit note, the n-th `document`"
            )
        if name in ("allocate", "deallocate") and (value.payment is None) == (value.credit is None):
            raise self._refused(
                path, "say whose money: the n-th `payment`, or a credit note, the n-th document, under `credit`"
            )
        if name == "credit":
            for n, line in enumerate(value.lines):
                if isinstance(line.line, str):
                    self._known(f"{path}.lines[{n}].line", "line", line.line)
                if (line.starts is None) != (line.until is None) or (line.starts and line.amount is not None):
                    raise self._refused(f"{path}.lines[{n}]", "give an `amount`, or the days from `starts` to `until`")

    def _new(self, path: str, kind: str, name: str) -> None:
        if name in self._names[kind]:
            raise self._refused(path, f"another {kind} is called {name!r}; give each a name of its own")
        self._names[kind].append(name)

    def _known(self, path: str, kind: str, name: str) -> None:
        if name not in self._names[kind]:
            raise self._refused(path, _missing(kind.replace("_", " "), name, self._names[kind]))

    def _currency(self, path: str, currency: str) -> None:
        try:
            if currency:
                minor_digits(currency)
        except UnknownCurrency as fault:
            raise self._refused(path, str(fault)) from None

    def _refused(self, path: str, text: str) -> ScenarioRefused:
        return ScenarioRefused(f"{self._place.of(path)}: {text}")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


_SHAPES: dict[str, tuple[Callable[[str], object], str]] = {
    "country": (re.compile(r"[A-Z]{2}").fullmatch, "a country's two capital letters such as NL"),
    "language": (LANGUAGES.__contains__, f"one of {', '.join(LANGUAGES)}"),
    "time_zone": (_is_zone, "a time zone such as Europe/Amsterdam"),
}


def _twice(names: Iterable[str]) -> str:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return ""


def _missing(kind: str, name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    said = f"there is no {kind} {name!r} here" if name else f"several are there; say which {kind}"
    return f"{said}; {hint}known are: {', '.join(names) or 'none'}"


def first_day(scenario: Scenario) -> date:
    """The day before which nothing happens: the earliest of all contracts' and steps' days."""
    return min(_days(scenario))


def _days(scenario: Scenario) -> Iterator[date]:
    yield from (step.day for step in scenario.story)
    for contract in scenario.contracts:
        yield contract.starts.date()
        if contract.ordered:
            yield contract.ordered
    if not scenario.story and not scenario.contracts:
        yield date(2020, 1, 1)
