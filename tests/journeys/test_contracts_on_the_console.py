"""What was agreed, shown and mended on the console: parked customers are billed, and each act says what the next run makes of it."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rackbill.domain.billing import policy
from rackbill.domain.catalogue.errors import ProductNotFound
from rackbill.domain.contracts.errors import AmendmentRefused, LineNotFound
from rackbill.domain.contracts.models import ContractLine, LineDiscount, LinePrice, LineSuspension, Service
from rackbill.domain.documents.models import Document
from rackbill.domain.history.models import HistoryEntry, PersonalDetail
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.identifiers.operations import NewAlias
from rackbill.domain.parties.errors import EinvoiceDataRefused
from rackbill.domain.parties.models import Customer
from rackbill.interfaces.console import answers, main
from rackbill.interfaces.jobs import clock
from tests.journeys.test_run_acts import AT, ORGANISATION, Console, add_staff, rackbill
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
__all__ = ["rackbill"]


def known(service: Service) -> Service:
    """The service with all its identifiers, and those of its contract and customer, in the register."""
    world_of.register(service)
    customer = service.customer
    aliases = [
        NewAlias(kind=kind, raw_text=text, target_kind=kind, target_id=identity, customer_id=customer.customer_id, system=system)
        for kind, text, identity, system in (
            ("contract", service.contract.contract_id, service.contract.contract_id, ""),
            ("contract", f"OLD-{service.contract.contract_id}", service.contract.contract_id, "oldbill"),
            ("customer", customer.customer_id, customer.customer_id, ""),
            ("customer", customer.legacy_id, customer.customer_id, "oldbill"),
        )
    ]  # fmt: skip
    identifiers.register_aliases(aliases=aliases)
    return service


@pytest.fixture
def service() -> Service:
    """A server at 31.00 a month from September."""
    world = world_of.provider()
    return known(world_of.service(world, world_of.customer(world), price="31"))


@pytest.fixture(autouse=True)
def october() -> Iterator[None]:
    yield
    clock.move(None)


def billed(rackbill: Console, through: str = "2020-11-01") -> Any:
    return rackbill.json("bill-run", *ORGANISATION, "--through", through, *AT)


def line_of(service: Service) -> str:
    return f"line:{service.lines.get().pk}"


def one_line(text: str) -> str:
    return " ".join(text.split())


def commands_of(way_out: str, **given: str) -> list[list[str]]:
    """The commands that a way out names, their words in capitals filled in."""
    found = []
    for text in re.findall(r"rackbill ([^;,)]+)", way_out):
        for name, value in given.items():
            text = re.sub(rf"\b{name}\b", value, text)
        found.append(text.split())
    return found


def test_parked_customers_are_mended_by_the_commands_that_their_way_out_names(
    rackbill: Console, tmp_path: Path
) -> None:
    world = world_of.provider("2600", "US", "USD")
    priceless, stateless = (
        known(world_of.service(world, world_of.customer(world, country="US"), currency="USD", price="31"))
        for _ in range(2)
    )
    LinePrice.objects.filter(line__service=priceless).update(valid_until=date(2020, 10, 11))
    Customer.objects.filter(pk=priceless.customer_id).update(state="TX")
    org = ("--sales-org", "2600")
    run = rackbill.json("run", "plan", *org, "--through", "2020-11-01", *AT)["run_id"]
    parked = {row["customer_id"]: row for row in rackbill.json("run", "compute", run)["parked_customers"]}
    assert {row["code"] for row in parked.values()} == {"contradictory_data", "no_tax_rule"}
    line = parked[priceless.customer.customer_id]
    assert "has no price on 2020-10-11" in line["reason"]
    number = re.search(r"contract line (\d+)", line["reason"])
    assert number is not None
    show, set_price, retry = commands_of(line["way_out"], NUMBER=number[1], DAY="2020-10-11", PRICE="62", RUN=run)
    assert "price 31 USD, 2020-09-01 to 2020-10-10" in rackbill(*show)
    told = one_line(rackbill(*set_price))
    assert "price 62 USD from 2020-10-11 on" in told
    assert f"Run {run} has parked the customer; rackbill run retry {run} computes it again." in told
    edit, _add_rate, same_retry = commands_of(
        parked[stateless.customer.customer_id]["way_out"], CUSTOMER=stateless.customer.legacy_id, RUN=run
    )
    assert edit[-2:] == ["--state", "NY"]
    assert "what was billed keeps its tax" in one_line(rackbill(*edit))
    assert retry == same_retry == ["run", "retry", run]
    assert rackbill.json(*retry)["parked_customers"] == []
    rackbill("run", "approve", run)
    assert rackbill.json("run", "issue", run)["state"] == "issued"
    # 31 for September; of October 10 days at 31 and 21 at 62: 10 + 42.
    nets = {d.customer.customer_id: d.net_minor for d in Document.objects.select_related("customer")}
    assert nets == {priceless.customer.customer_id: 3100 + 1000 + 4200, stateless.customer.customer_id: 6200}


def test_every_command_of_a_way_out_is_there(rackbill: Console) -> None:
    for code, way_out in policy.WAYS_OUT.items():
        commands = commands_of(way_out)
        assert commands[-1][:2] == ["run", "retry"], code
        for words in commands:
            assert "Usage" in rackbill(*words[:2], "--help"), words


def test_a_contract_is_shown_by_any_identifier_it_ever_had(rackbill: Console, service: Service) -> None:
    billed(rackbill)
    contract = service.contract.contract_id
    told = rackbill.json("contract", "show", contract)
    (line,) = told["lines"]
    assert {name: line[name] for name in ("line", "kind", "starts_on", "ends_on", "cycle_months", "settled_until", "profile")} == {
        "line": service.lines.get().pk, "kind": "recurring", "starts_on": "2020-09-01", "ends_on": None, "cycle_months": 1,
        "settled_until": "2020-11-01", "profile": {},
    }  # fmt: skip
    assert line["prices"] == [
        {"unit_price": "31", "usage_price": None, "valid_from": "2020-09-01", "valid_until": None}
    ]
    assert service.equipment is not None
    for text in (
        f"OLD-{contract}", service.service_id, service.legacy_id, service.legacy_name, service.equipment.equipment_id,
        service.customer.customer_id, service.customer.legacy_id, line_of(service),
    ):  # fmt: skip
        assert rackbill.json("contract", "show", text)["lines"] == [line], text
    text = rackbill("contract", "show", contract)
    assert "settled until 2020-11-01" in text
    assert "price 31 EUR, 2020-09-01 to further notice" in text
    with pytest.raises(answers.Refused, match="'nobody' names no contract or service or customer or line"):
        rackbill("contract", "show", "nobody")
    with pytest.raises(LineNotFound, match="no contract line 999; rackbill contract show lists"):
        rackbill("contract", "show", "line:999")
    with pytest.raises(answers.Refused, match="write line:NUMBER"):
        rackbill("contract", "show", "line:x")


def test_lines_come_page_by_page(rackbill: Console, service: Service) -> None:
    for name in ("Backup", "Firewall"):
        rackbill(
            "contract", "add-line", service.service_id, "--from", "2020-10-01", "--price", "5", "--description", name
        )
    page = rackbill.json("contract", "show", service.service_id, "--limit", "2")
    assert (page["total_count"], [row["description"] for row in page["lines"]]) == (3, ["Dedicated server", "Backup"])
    assert "2 of 3 lines; the next page has --offset 2" in rackbill(
        "contract", "show", service.service_id, "--limit", "2"
    )
    rest = rackbill.json("contract", "show", service.service_id, "--limit", "2", "--offset", "2")
    assert [row["description"] for row in rest["lines"]] == ["Firewall"]
    with pytest.raises(answers.Refused, match=r"has 3 lines; name one of: line:\d+ 'Dedicated server', line:"):
        rackbill("contract", "set-price", service.service_id, "--from", "2020-10-01", "--price", "9")


def test_a_number_that_names_a_line_and_something_else_is_not_guessed(rackbill: Console, service: Service) -> None:
    number = str(service.lines.get().pk)
    identifiers.register_aliases(aliases=[
        NewAlias(kind="service", raw_text=number, target_kind="service", target_id=service.service_id, system="oldbill",
                 customer_id=service.customer.customer_id)
    ])  # fmt: skip
    with pytest.raises(
        answers.Refused, match=f"names line:{number} and service {service.service_id}; write one of them"
    ):
        rackbill("contract", "set-quantity", number, "--from", "2020-10-01", "--quantity", "2")
    rackbill("contract", "set-quantity", f"line:{number}", "--from", "2020-10-01", "--quantity", "2")


def test_prices_and_quantities_of_the_past_are_taken_back_and_charged_anew(
    rackbill: Console, service: Service, tmp_path: Path
) -> None:
    billed(rackbill)
    line, clara = line_of(service), add_staff(rackbill, tmp_path, "clara", "support")
    words = ("contract", "set-price", line, "--from", "2020-10-01", "--until", "2020-10-31", "--price", "62", *clara)
    told = rackbill.json(*words)
    assert (told["act"], told["customer_id"], told["lines"]) == (
        "set-price", service.customer.customer_id, [service.lines.get().pk],
    )  # fmt: skip
    coming = told["next_run"]
    # October anew at 62, and November at 31 as ever.
    assert (coming["billed_on"], coming["through"]) == ("2020-11-01", "2020-12-01")
    assert (coming["taken_back_minor"], coming["charged_minor"]) == ({"EUR": 3100}, {"EUR": 6200 + 3100})
    said = one_line(rackbill(*words))
    assert "price 62 EUR, 2020-10-01 to 2020-10-31" in said
    assert (
        "The run of 2020-11-01, through 2020-11-30, would take back 31.00 EUR and charge 93.00 EUR for this, before tax."
        in said
    )
    rows = LinePrice.objects.order_by("valid_from").values_list("unit_price", "valid_from", "valid_until")
    assert [(int(price), str(start), end and str(end)) for price, start, end in rows] == [
        (31, "2020-09-01", "2020-10-01"), (62, "2020-10-01", "2020-11-01"), (31, "2020-11-01", None),
    ]  # fmt: skip
    entry = HistoryEntry.objects.filter(verb="set_price").first()
    assert entry is not None
    assert (entry.actor_kind, entry.actor_identity) == ("person", "clara@meridian.example")
    told = rackbill.json("contract", "set-quantity", line, "--from", "2021-06-01", "--quantity", "3")
    assert told["next_run"]["charged_minor"] == {"EUR": 6200 + 3100}, "what comes later is not of the next run"
    second = rackbill.json("bill-run", *ORGANISATION, "--through", "2020-12-01", "--at", "2020-11-01T06:00:00+00:00")
    assert second["net_minor_by_currency"] == {"EUR": 9300 - 3100}
    with pytest.raises(answers.Refused, match="--price is missing"):
        rackbill("contract", "set-price", line, "--from", "2020-10-01")
    for bad in ("x", "NaN", "1e12", "0.0000001"):
        with pytest.raises(answers.Refused, match=r"--price takes a number such as 99\.95"):
            rackbill("contract", "set-price", line, "--from", "2020-10-01", "--price", bad)
    with pytest.raises(AmendmentRefused, match="give a discount or a credit note instead"):
        rackbill("contract", "set-price", line, "--from", "2020-10-01", "--price", "-1")
    with pytest.raises(AmendmentRefused, match="end the line instead"):
        rackbill("contract", "set-quantity", line, "--from", "2020-10-01", "--quantity", "-1")
    with pytest.raises(answers.Refused, match="--from takes a date"):
        rackbill("contract", "set-price", line, "--from", "soon", "--price", "1")
    with pytest.raises(AmendmentRefused, match="is no time"):
        rackbill("contract", "set-price", line, "--from", "2020-10-01", "--until", "2020-09-01", "--price", "1")
    with pytest.raises(answers.Refused, match="is recurring, not metered"):
        rackbill(
            "contract", "set-price", line, "--from", "2020-10-01", "--usage-price", '{"model": "flat", "price": "1"}'
        )


def test_what_use_costs_on_a_metered_line(rackbill: Console, service: Service) -> None:
    ContractLine.objects.update(kind="metered", timing="arrears")
    words = ("contract", "set-price", line_of(service), "--from", "2020-09-01")
    with pytest.raises(answers.Refused, match="say what use costs with --usage-price"):
        rackbill(*words, "--price", "3")
    with pytest.raises(answers.Refused, match="takes JSON"):
        rackbill(*words, "--usage-price", "0.05")
    with pytest.raises(ValueError, match="is no price model"):
        rackbill(*words, "--usage-price", '{"model": "free"}')
    rackbill(*words, "--usage-price", '{"model": "per_unit", "price": "0.05"}')
    (price,) = rackbill.json("contract", "show", line_of(service))["lines"][0]["prices"]
    assert (price["usage_price"]["model"], price["usage_price"]["price"]) == ("per_unit", "0.05")


def test_only_who_may_changes_what_was_agreed(rackbill: Console, service: Service, tmp_path: Path) -> None:
    auditor = add_staff(rackbill, tmp_path, "adam", "auditor")
    for words in (
        ("contract", "set-price", line_of(service), "--from", "2020-10-01", "--price", "1"),
        ("contract", "end", service.service_id, "--from", "2020-10-01"),
        ("contract", "cancel", service.contract.contract_id),
        ("customer", "edit", service.customer.customer_id, "--city", "Elsewhere"),
    ):
        with pytest.raises(answers.Refused, match=r"adam@meridian\.example may not do this for 2100; it needs one of"):
            rackbill(*words, *auditor)
    with pytest.raises(answers.Refused, match="the token is not one of"):
        rackbill("contract", "cancel", service.contract.contract_id, "--as", "x@meridian.example", *auditor[2:])
    assert not HistoryEntry.objects.filter(
        verb__in=("set_price", "end_service", "cancel_contract", "change_customer")
    ).exists()


def test_discounts_begin_once_and_end(rackbill: Console, service: Service) -> None:
    add = ("contract", "add-discount", line_of(service), "--from", "2020-10-01", "--reason", "Loyalty")
    for _ in range(2):
        rackbill(*add, "--percent", "10")
    assert LineDiscount.objects.count() == 1, "the same again changes nothing"
    rackbill(*add[:-1], "Outage", "--amount", "5", "--until", "2020-10-31")
    text = rackbill("contract", "show", line_of(service))
    assert "discount 'Loyalty': 10 %, 2020-10-01 to further notice" in text
    assert "discount 'Outage': 5 EUR each cycle, 2020-10-01 to 2020-10-31" in text
    assert billed(rackbill)["net_minor_by_currency"] == {"EUR": 3100 + 3100 - 310 - 500}
    end = ("contract", "end-discount", line_of(service), "--from", "2020-10-01", "--reason")
    told = rackbill.json(*end, "Loyalty")["next_run"]
    assert (told["taken_back_minor"], told["charged_minor"]) == ({"EUR": 2290}, {"EUR": 2600 + 3100})
    with pytest.raises(AmendmentRefused, match="has no discount 'Loyalty' that runs beyond 2020-10-01"):
        rackbill(*end, "Loyalty")
    with pytest.raises(answers.Refused, match="either --percent or --amount"):
        rackbill(*add)
    with pytest.raises(answers.Refused, match="either --percent or --amount"):
        rackbill(*add, "--percent", "1", "--amount", "1")
    with pytest.raises(AmendmentRefused, match="out of reach"):
        rackbill(*add, "--percent", "101")
    with pytest.raises(AmendmentRefused, match="is no time"):
        rackbill(*add, "--percent", "1", "--until", "2020-09-01")
    with pytest.raises(answers.Refused, match="--reason takes between 1 and 100"):
        rackbill(*add[:-1], " ", "--percent", "1")


def test_a_service_is_suspended_and_connected_again(rackbill: Console, service: Service) -> None:
    billed(rackbill)
    suspend = ("contract", "suspend", service.legacy_name, "--from", "2020-10-11", "--reason", "not paid")
    told = rackbill.json(*suspend)["next_run"]
    assert (told["taken_back_minor"], told["charged_minor"]) == ({"EUR": 2100}, {})
    with pytest.raises(AmendmentRefused, match="suspended already; reconnect it first"):
        rackbill(*suspend)
    assert "SUSPENDED" in rackbill("contract", "show", service.service_id)
    connect = ("contract", "reconnect", service.service_id, "--from", "2020-10-21")
    told = rackbill.json(*connect)["next_run"]
    assert told["taken_back_minor"]["EUR"] - told["charged_minor"]["EUR"] == 1000 - 3100
    with pytest.raises(AmendmentRefused, match="is ACTIVE, not suspended"):
        rackbill(*connect)
    for start in ("2020-10-11", "2020-10-15", "2020-09-01"):
        with pytest.raises(
            AmendmentRefused, match="suspended from 2020-10-11 until 2020-10-21; suspend it from 2020-10-21 on"
        ):
            rackbill(*suspend[:3], "--from", start, "--reason", "again")
    said = rackbill(*suspend[:3], "--from", "2020-10-21", "--reason", "again", "--charged")
    assert "still charged" in said
    assert LineSuspension.objects.count() == 1
    with pytest.raises(answers.Refused, match="names no service"):
        rackbill("contract", "suspend", service.contract.contract_id, "--from", "2020-10-11", "--reason", "x")


def test_lines_services_and_contracts_end_and_go_on(rackbill: Console, service: Service) -> None:
    billed(rackbill)
    for thing, verb in (
        (line_of(service), "end_line"), (service.legacy_id, "end_service"),
        (f"OLD-{service.contract.contract_id}", "end_contract"),
    ):  # fmt: skip
        end = ("contract", "end", thing)
        for _ in range(2):
            told = rackbill.json(*end, "--from", "2020-10-11")
            assert (told["ends_on"], told["next_run"]["taken_back_minor"]) == ("2020-10-11", {"EUR": 2100}), thing
        assert "has no end any more" in rackbill(*end, "--never")
        assert HistoryEntry.objects.filter(verb=verb).count() == 3
        assert rackbill.json(*end, "--never")["next_run"]["taken_back_minor"] == {}
        with pytest.raises(answers.Refused, match="either --from DAY or --never"):
            rackbill(*end)
    with pytest.raises(AmendmentRefused, match="starts on 2020-09-01, after 2020-08-01; end it on 2020-09-01"):
        rackbill("contract", "end", line_of(service), "--from", "2020-08-01")
    with pytest.raises(answers.Refused, match="names no contract or service"):
        rackbill("contract", "end", service.customer.customer_id, "--from", "2020-10-11")


def test_a_contract_is_cancelled_by_its_notice_rule_and_the_cancellation_withdrawn(
    rackbill: Console, service: Service
) -> None:
    contract = service.contract.contract_id
    billed(rackbill)
    with pytest.raises(AmendmentRefused, match="OTHER needs a text"):
        rackbill("contract", "cancel", contract, "--reason-code", "OTHER")
    with pytest.raises(answers.Refused, match="--given takes a day or a moment"):
        rackbill("contract", "cancel", contract, "--given", "soon")
    said = one_line(rackbill("contract", "cancel", contract, "--given", "2020-10-01", "--reason-code", "PRICE"))
    assert f"contract {contract} ends on 2021-09-01, the first day no longer charged: " in said
    assert "given 2020-10-01 00:00; it can be withdrawn until" in said
    again = rackbill.json("contract", "cancel", contract)
    assert again["ends_on"] == "2021-09-01", "a cancelled contract keeps its day"
    assert HistoryEntry.objects.filter(verb="cancel_contract").count() == 1
    with pytest.raises(
        AmendmentRefused, match=r"is cancelled to 2021-09-01; withdraw that first \(rackbill contract withdraw"
    ):
        rackbill("contract", "end", contract, "--from", "2020-11-01")
    for _ in range(2):
        assert f"contract {contract} goes on" in rackbill("contract", "withdraw", contract)
    assert HistoryEntry.objects.filter(verb="withdraw_cancellation").count() == 1
    rackbill("contract", "end", contract, "--from", "2020-10-11")
    assert "ended by agreement or import" in rackbill("contract", "cancel", contract)
    with pytest.raises(answers.Refused, match="names no contract"):
        rackbill("contract", "cancel", service.service_id)


def test_notice_rules_are_listed_and_stored(rackbill: Console, service: Service, tmp_path: Path) -> None:
    before = rackbill.json("contract", "notice")["sets"]
    store = (
        "contract",
        "notice",
        "--rule",
        "12=3m,undo=24h",
        "--rule",
        "60=6m12h,open",
        *ORGANISATION,
        "--source",
        "terms",
    )
    with pytest.raises(answers.Refused, match="needs --from DAY and --source"):
        rackbill(*store)
    with pytest.raises(answers.Refused, match="it needs one of the roles administrator"):
        rackbill(*store, "--from", "2020-09-01", *add_staff(rackbill, tmp_path, "clara", "clerk"))
    administrator = add_staff(rackbill, tmp_path, "anna", "administrator")
    sets = rackbill.json(*store, "--from", "2020-09-01", *administrator)["sets"]
    (own,) = [one for one in sets if one not in before]
    assert (own["sales_org"], [rule["words"] for rule in own["rules"]]) == (
        "2100",
        ["3 months", "6 months and 12 hours"],
    )
    assert [rule["is_renewal_binding"] for rule in own["rules"]] == [True, False]
    assert "2100, from 2020-09-01:" in rackbill("contract", "notice")
    told = rackbill.json("contract", "cancel", service.contract.contract_id, "--given", "2021-06-15")
    assert (told["notice"], told["ends_on"]) == ("3 months", "2022-09-01")
    for bad in ("12", "12=", "12=1y", "=1m"):
        with pytest.raises(answers.Refused, match="--rule is MONTHS=NOTICE"):
            rackbill("contract", "notice", "--rule", bad, "--from", "2020-09-01", "--source", "x")
    with pytest.raises(AmendmentRefused, match="reach up to terms of 36 months"):
        rackbill("contract", "notice", "--rule", "12=0", "--from", "2020-09-01", "--source", "x")
    with pytest.raises(answers.Refused, match="business or consumer"):
        rackbill(
            "contract", "notice", "--rule", "60=0", "--from", "2020-09-01", "--source", "x", "--customer-kind", "x"
        )


def test_a_product_is_swapped_within_a_cycle(rackbill: Console, service: Service) -> None:
    rackbill("contract", "set-quantity", line_of(service), "--from", "2020-09-01", "--quantity", "2")
    billed(rackbill)
    old = service.lines.get().pk
    swap = ("contract", "swap", line_of(service), "--from", "2020-10-11", "--price", "62", "--product", "DS-2")
    with pytest.raises(ProductNotFound, match="has no product 'DS-2'; it has DS-1"):
        rackbill(*swap)
    told = rackbill.json(*swap, "--product-class", "DEDICATED_SERVER", "--description", "Bigger server")
    assert (told["replaced_line"], sorted(told["lines"])) == (old, sorted([old, old + 1]))
    # Of October 21 days go back at 2 × 31 and come at 2 × 62; November is 2 × 62.
    assert told["next_run"]["taken_back_minor"] == {"EUR": 4200}
    assert told["next_run"]["charged_minor"] == {"EUR": 8400 + 12400}
    new = rackbill.json("contract", "show", f"line:{told['lines'][0]}")["lines"][0]
    assert (new["description"], new["product_code"], new["quantities"][0]["quantity"]) == ("Bigger server", "DS-2", "2")
    with pytest.raises(AmendmentRefused, match="choose a day within"):
        rackbill("contract", "swap", f"line:{old}", "--from", "2020-10-11", "--price", "62")
    with pytest.raises(answers.Refused, match="--cycle is 1, 3, 6 or 12 months"):
        rackbill(
            "contract", "swap", f"line:{told['lines'][0]}", "--from", "2020-11-01", "--price", "62", "--cycle", "2"
        )


def test_a_line_is_added(rackbill: Console, service: Service) -> None:
    add = ("contract", "add-line", service.service_id, "--from", "2020-10-05", "--description", "Hands", "--price")
    told = rackbill.json(*add, "45", "--kind", "one_off")
    assert told["next_run"]["charged_minor"] == {"EUR": 4500}
    for words, why in (
        (("x",), "takes a number"), (("-1",), "is negative"), (("1", "--kind", "metered"), "is recurring or one_off"),
        (("1", "--until", "2020-10-01"), "lies before --from"), (("1", "--quantity", "-1"), "is negative"),
    ):  # fmt: skip
        with pytest.raises(answers.Refused, match=why):
            rackbill(*add, *words)
    assert ContractLine.objects.count() == 2


def test_a_run_that_is_computed_and_not_issued_is_named(rackbill: Console, service: Service) -> None:
    run = rackbill.json("run", "plan", *ORGANISATION, "--through", "2020-11-01", *AT)["run_id"]
    rackbill("run", "compute", run)
    said = one_line(rackbill("contract", "set-price", line_of(service), "--from", "2020-09-01", "--price", "62"))
    assert f"Run {run} is not issued and holds drafts made before this change; rackbill run recompute {run}" in said
    assert rackbill.json("run", "recompute", run)["net_minor_by_currency"] == {"EUR": 12400}


def test_where_and_what_a_customer_is(rackbill: Console, service: Service) -> None:
    customer = service.customer.customer_id
    edit = ("customer", "edit", customer)
    told = rackbill.json(*edit, "--country", "ca", "--state", "qc", "--postal-code", "H2X 1Y4", "--kind", "consumer")
    assert (told["country"], told["state"], told["postal_code"], told["kind"]) == ("CA", "QC", "H2X 1Y4", "consumer")
    assert "Street 1, H2X 1Y4 Town, QC, CA" in rackbill("customer", "show", customer)
    detail = PersonalDetail.objects.get(entry__verb="change_customer")
    assert (detail.before["country"], detail.after["country"], detail.before["kind"]) == ("DE", "CA", "business")
    for words, why in (
        (("--country", "Canada"), "'Canada' is no country; write it as ISO 3166-1"),
        (("--state", "Quebec"), "is no state or province of CA; write its two letters: ON, QC"),
        (
            ("--country", "DE"),
            "moves out of CA and would keep state QC and postal code H2X 1Y4; say the new one as well",
        ),
        (("--kind", "firm"), "a customer is a business or a consumer, not 'firm'"),
        (("--kind", "consumer", "--public-body"), "cannot be a consumer and a public body"),
    ):
        with pytest.raises(EinvoiceDataRefused, match=why):
            rackbill(*edit, *words)
    told = rackbill.json(*edit, "--country", "DE", "--state", "", "--postal-code", "60308", "--kind", "business")
    assert (told["country"], told["state"], told["kind"]) == ("DE", "", "business")
    said = one_line(rackbill(*edit, "--postal-code", "60309"))
    assert "what was billed keeps its tax: rackbill credit NUMBER --reissue" in said


def test_a_refusal_is_one_line_and_exit_code_2(
    rackbill: Console, service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, why in (
        (("set-price", "line:999", "--from", "2020-10-01", "--price", "1"), "no contract line 999"),
        (("reconnect", service.service_id, "--from", "2020-10-01"), "is ACTIVE, not suspended"),
        (("end", "nobody", "--never"), "names no contract or service"),
    ):
        monkeypatch.setattr("sys.argv", ["rackbill", "contract", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main.run()
        told = capsys.readouterr().err
        assert (left.value.code, len(told.strip().splitlines())) == (2, 1)
        assert why in told
