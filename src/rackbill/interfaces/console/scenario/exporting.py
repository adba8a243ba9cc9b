"""A real case as a story: agreed terms, what happened since, and what it came to; names replaced, amounts and dates kept."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rackbill.core.document import Document
from rackbill.core.money import decimal_from_minor
from rackbill.domain.billing import queries as billing
from rackbill.domain.contracts import queries as contracts
from rackbill.domain.documents import queries as documents
from rackbill.domain.history import queries as history
from rackbill.domain.history.queries import Change
from rackbill.domain.kit.scope import CustomerScope
from rackbill.domain.parties import queries as parties
from rackbill.domain.receivables import queries as receivables
from rackbill.domain.taxes import queries as taxes
from rackbill.domain.usage import queries as usage
from rackbill.formats.scenario_file import ExpectedDocument, Scenario, Step, entries, steps
from rackbill.interfaces.console.scenario import exporting_money, stand_ins
from rackbill.interfaces.console.scenario.agreed import Agreed, agreed_at_first, count, local, short, usage_price
from rackbill.interfaces.console.scenario.world import EVERYTHING, last_day

Event = tuple[datetime, int, Step]


@dataclass(slots=True)
class _Case:
    """What is read of a customer, and the story as far as it is told."""

    customer: parties.CustomerRow
    seller: parties.Seller
    zone: ZoneInfo
    changes: list[Change]
    runs: list[billing.CustomerRun]
    agreed: Agreed
    events: list[Event] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    given: list[entries.ContractEntry] = field(default_factory=list)
    reminded: list[tuple[datetime, str]] = field(default_factory=list)

    def remind_until(self, at: datetime | None) -> None:
        """Tells the reminders that were issued up to an instant and are not told yet; without one all that are left."""
        told = set(self.numbers)
        for issued_at, number in self.reminded:
            if number not in told and (at is None or issued_at <= at):
                if not (self.events and self.events[-1][0] == issued_at and self.events[-1][2].remind):
                    self.add(issued_at, remind=steps.RemindStep())
                self.numbers.append(number)

    def add(self, at: datetime, **action: Any) -> None:
        """A step at an instant; those of one instant stay in the order they were told."""
        self.events.append((at, len(self.events), Step(on=local(at, self.zone).replace(microsecond=0), **action)))


def export_case(*, customer_id: str) -> Scenario:
    """The story of a customer. Raises CustomerNotFound, ExportRefused."""
    customer = parties.customer(scope=EVERYTHING, customer_id=customer_id)
    seller = parties.seller(organisation_id=customer.organisation_id)
    zone = ZoneInfo(seller.time_zone)
    runs = billing.customer_runs(customer_key=customer.key)
    changes = history.changes(customer_id=customer_id, run_ids=[run.run_id for run in runs])
    rows = parties.billing_groups(scope=EVERYTHING, customer_id=customer_id)
    groups = {row.key: f"group {n}" if n else "" for n, row in enumerate(rows)}
    agreed = agreed_at_first(customer_key=customer.key, changes=changes, zone=zone, groups=groups)
    case = _Case(customer, seller, zone, changes, runs, agreed)
    _tell_usage(case)
    _tell_changes(case)
    case.events.sort(key=lambda event: event[:2])
    _tell_money(case)
    checks = _tell_checks(case)
    currencies = sorted({contract.currency for contract in agreed.contracts.values()} - {seller.accounting_currency})
    return Scenario(
        title=f"A case of {customer.organisation_id}, exported; names are stand-ins",
        sales_organisation=entries.OrganisationEntry(
            id=customer.organisation_id, country=seller.country, state=seller.state, time_zone=seller.time_zone,
            accounting_currency=seller.accounting_currency, notice=_notice(customer.organisation_id),
            reminders=_reminder_ladder(case),
        ),
        customer=_buyer(customer, rows, groups, checks), contracts=case.given,
        exchange_rates=[
            entries.ExchangeRateEntry(
                source=currency, target=rate.currency, rate=count(rate.rate), on=rate.rate_on, rate_source=rate.rate_source
            )
            for currency in currencies
            for rate in taxes.exchange_rates(source_currency=currency, target_currency=seller.accounting_currency)
        ],
        story=[step for _at, _place, step in case.events],
        expect=[_expected(documents.document(scope=EVERYTHING, number=number), case) for number in case.numbers],
    )  # fmt: skip


def _notice(organisation_id: str) -> list[entries.NoticeEntry]:
    return [
        entries.NoticeEntry(
            starts=rule_set.valid_from, customer_kind=rule_set.customer_kind, product=rule_set.product_class,  # type: ignore[arg-type]
            rules=[
                entries.NoticeRuleEntry(
                    up_to_months=rule.longest_term_months, months=rule.notice_months, hours=rule.notice_hours,
                    binding=rule.is_renewal_binding, undo_hours=rule.undo_hours,
                )
                for rule in rule_set.rules
            ],
        )
        for rule_set in contracts.own_notice_rules(organisation_id=organisation_id)
    ]  # fmt: skip


def _buyer(
    row: parties.CustomerRow, rows: list[parties.GroupRow], groups: dict[int, str], checks: list[tuple[Any, str, bool]]
) -> entries.CustomerEntry:
    own = row.tax_id or (checks[0][1] if checks else "")
    return entries.CustomerEntry(
        name=stand_ins.party_name(country=row.country, is_business=row.is_business), country=row.country,
        state=row.state, kind="business" if row.is_business else "consumer", city=stand_ins.city(row.country),
        tax_id=stand_ins.tax_id(own), language=rows[0].language, payment_days=rows[0].payment_days,
        tax_id_checked=checks[0][0] if checks else None,
        tax_id_valid=(checks[0][2] if checks else False) if own else None,
        billing_groups=[
            entries.BillingGroupEntry(name=groups[group.key], language=group.language, payment_days=group.payment_days)
            for group in rows[1:]
        ],
    )  # fmt: skip


def _tell_usage(case: _Case) -> None:
    metered = [key for key, name in case.agreed.lines.items() if name]
    for key, at, measured in usage.measured_revisions(line_keys=metered):
        step = steps.UsageStep(
            line=case.agreed.lines[key], month=measured.period.start, quantity=count(measured.quantity),
            unit=measured.unit,
        )  # type: ignore[arg-type]  # fmt: skip
        case.add(at, usage=step)


def _tell_changes(case: _Case) -> None:
    runs = {run.run_id: run for run in case.runs}
    opened = {change.object_id for change in case.changes if change.verb == "open_contract"}
    scope = CustomerScope(case.customer.key, case.customer.customer_id)
    case.reminded = documents.issued_moments(scope=scope, kinds=("reminder",))
    case.given = [entry for contract_id, entry in case.agreed.contracts.items() if contract_id not in opened]
    has_run = False
    for change in case.changes:
        detail, at = change.detail, change.at
        case.remind_until(at)
        if change.verb == "plan_run":
            run = runs[change.object_id]
            case.add(at, bill_run=steps.BillRunStep(through=run.through))
            case.numbers += run.numbers
            has_run = True
        elif change.verb == "open_contract":
            entry = case.agreed.contracts[change.object_id]
            if has_run:
                case.add(at, order=entry)
            else:
                case.given.append(entry)
        elif change.verb == "credit_document":
            case.add(at, credit=_credit(case, change.object_id, detail))
            case.numbers.append(detail["credit_note"])
        elif change.verb in _CHANGES:
            name, value = _CHANGES[change.verb](case, change)
            if value is not None:
                case.add(at, **{name: value})
    case.remind_until(None)


def _credit(case: _Case, number: str, detail: dict[str, Any]) -> steps.CreditStep:
    original = documents.document(scope=EVERYTHING, number=number)
    credit = documents.document(scope=EVERYTHING, number=detail["credit_note"])
    rows = []
    for line in credit.lines:
        place = line.corrects.line_number if line.corrects and line.corrects.line_number else 0
        whole = original.lines[place - 1]
        row = steps.CreditLineEntry(line=place)
        if line.period != whole.period:
            row.starts, row.until = line.period.start, line.period.end
        elif line.net_minor != whole.net_minor and not detail["reissued"]:
            row.amount = decimal_from_minor(line.net_minor, credit.currency)
        rows.append(row)
    return steps.CreditStep(
        document=case.numbers.index(number) + 1, reason=f"credit {len(case.numbers) + 1}", lines=rows,
        reissue=detail["reissued"],
    )  # fmt: skip


def _set_price(case: _Case, change: Change) -> tuple[str, Any]:
    detail = change.detail
    usage_entry = usage_price(detail["usage_price"])
    return "set_price", steps.SetPriceStep(
        line=case.agreed.lines[detail["line_key"]], starts=_date(detail["from"]), until=_date(detail["until"]),
        price=None if usage_entry else short(Decimal(detail["unit_price"])), usage_price=usage_entry,
    )  # fmt: skip


def _set_quantity(case: _Case, change: Change) -> tuple[str, Any]:
    detail = change.detail
    return "set_quantity", steps.SetQuantityStep(
        line=case.agreed.lines[detail["line_key"]], quantity=count(Decimal(detail["quantity"])),
        starts=_date(detail["from"]), until=_date(detail["until"]),
    )  # fmt: skip


def _add_discount(case: _Case, change: Change) -> tuple[str, Any]:
    detail = change.detail
    return "add_discount", steps.AddDiscountStep(
        line=case.agreed.lines[detail["line_key"]], reason=case.agreed.reasons(detail["reason"]),
        starts=_date(detail["from"]), until=_date(detail["until"]), **{detail["kind"]: count(Decimal(detail["value"]))},
    )  # fmt: skip


def _end_discount(case: _Case, change: Change) -> tuple[str, Any]:
    detail = change.detail
    return "end_discount", steps.EndDiscountStep(
        line=case.agreed.lines[detail["line_key"]], reason=case.agreed.reasons(detail["reason"]),
        until=_date(detail["until"]),
    )  # fmt: skip


def _end_line(case: _Case, change: Change) -> tuple[str, Any]:
    line = case.agreed.lines[change.detail["line_key"]]
    return "end_line", steps.EndLineStep(line=line, ends=_date(change.detail["ends_on"]))


def _add_line(case: _Case, change: Change) -> tuple[str, Any]:
    line = case.agreed.added[change.detail["line_key"]]
    return "add_line", steps.AddLineStep(service=case.agreed.services[change.object_id], line=line)


def _swap(case: _Case, change: Change) -> tuple[str, Any]:
    """The line that came in takes the discounts that went on by itself; those of its own stand in its entry."""
    detail, product = change.detail, change.detail["new_product"]
    line = case.agreed.added[detail["new_line_key"]]
    kept = case.agreed.lines[detail["line_key"]]
    return "swap", steps.SwapStep(
        line=kept, to=line, starts=_date(detail["from"]), product=product["product_kind"], tax_class=product["tax_class"],
        product_code=f"{product['product_kind']} {len(case.events)}", keeps_discounts=False,
    )  # fmt: skip


def _end_service(case: _Case, change: Change) -> tuple[str, Any]:
    ends = change.detail["ends_at"]
    at = local(datetime.fromisoformat(ends), case.zone) if ends else None
    return "end_service", steps.EndServiceStep(service=case.agreed.services[change.object_id], ends=at)


def _end_contract(case: _Case, change: Change) -> tuple[str, Any]:
    ends = change.detail["ends_at"]
    at = local(datetime.fromisoformat(ends), case.zone) if ends else None
    return "end_contract", steps.EndContractStep(contract=case.agreed.contract_names[change.object_id], ends=at)


def _suspend(case: _Case, change: Change) -> tuple[str, Any]:
    return "suspend", steps.SuspendStep(
        service=case.agreed.services[change.object_id], starts=_date(change.detail["from"]),
        charged=change.detail["charged"],
    )  # fmt: skip


def _reconnect(case: _Case, change: Change) -> tuple[str, Any]:
    name = case.agreed.services[change.object_id]
    # What was suspended when it was taken over from another system was charged all the same.
    suspended = any(s.suspend is not None and s.suspend.service == name for _at, _n, s in case.events)
    return "reconnect", steps.ReconnectStep(service=name, starts=_date(change.detail["from"])) if suspended else None


def _cancel(case: _Case, change: Change) -> tuple[str, Any]:
    given = datetime.fromisoformat(change.detail["given_at"])
    return "cancel", steps.CancelStep(
        contract=case.agreed.contract_names[change.object_id],
        given=local(given, case.zone) if given != change.at else None,
    )


def _withdraw(case: _Case, change: Change) -> tuple[str, Any]:
    return "withdraw_cancellation", steps.WithdrawCancellationStep(
        contract=case.agreed.contract_names[change.object_id]
    )


_CHANGES = {
    "set_price": _set_price, "index_price": _set_price, "set_quantity": _set_quantity, "add_discount": _add_discount,
    "end_discount": _end_discount, "end_line": _end_line, "add_line": _add_line, "swap_product": _swap,
    "end_service": _end_service, "end_contract": _end_contract,
    "suspend_service": _suspend, "reconnect_service": _reconnect, "cancel_contract": _cancel,
    "withdraw_cancellation": _withdraw,
}  # fmt: skip


def _date(text: str | None) -> Any:
    return datetime.fromisoformat(text).date() if text else None


def _tell_money(case: _Case) -> None:
    """What was booked on documents of ours, at the end of its day."""
    told = exporting_money.MoneyTold(case.numbers)
    for movement in receivables.movements(customer_key=case.customer.key):
        if movement.number not in case.numbers:
            continue
        currency = documents.document(scope=EVERYTHING, number=movement.number).currency
        at = datetime.combine(movement.on, time(23, 59), case.zone).astimezone(UTC)
        for name, step in told.steps(movement, currency):
            case.add(at, **{name: step})
    case.events.sort(key=lambda event: event[:2])


def _reminder_ladder(case: _Case) -> list[entries.ReminderStepEntry]:
    """The ladder of the first reminder that the customer got; nothing where there was none."""
    if not case.reminded:
        return []
    day = case.reminded[0][0].astimezone(case.zone).date()
    return [
        entries.ReminderStepEntry(
            days_after_due=step.days_after_due, action=step.action,  # type: ignore[arg-type]
            fee=decimal_from_minor(step.fee_minor, step.fee_currency) if step.fee_minor else Decimal(0),
        )
        for step in receivables.reminder_ladder(organisation_id=case.customer.organisation_id, on=day)
    ]  # fmt: skip


def _tell_checks(case: _Case) -> list[tuple[Any, str, bool]]:
    """Checks of the tax ID after the first one, before anything else of their day; all of them come back."""
    checks = taxes.tax_id_checks(customer_id=case.customer.customer_id)
    for day, text, is_valid in checks[1:]:
        at = datetime.combine(day, time(0, 1), case.zone).astimezone(UTC)
        case.add(at, tax_id_check=steps.TaxIdCheckStep(valid=is_valid, tax_id=stand_ins.tax_id(text)))
    case.events.sort(key=lambda event: event[:2])
    return checks


def _expected(document: Document, case: _Case) -> ExpectedDocument:
    totals, currency = document.totals, document.currency
    billed = billing.billed_lines(scope=EVERYTHING, number=document.number)
    return ExpectedDocument(
        kind=document.kind.value,  # type: ignore[arg-type]
        issued=document.issued_on, currency=currency, net=decimal_from_minor(totals.net_minor, currency),
        tax=decimal_from_minor(totals.tax_minor, currency),
        tax_codes=sorted({tax.code for tax in document.tax_subtotals}),
        lines=[
            steps.ExpectedLine(
                net=decimal_from_minor(line.net_minor, currency), line=case.agreed.lines[billed[line.line_number].line_key],
                period=f"{line.period.start} to {last_day(line.period.end)}", quantity=count(line.quantity),
                corrects=case.numbers.index(line.corrects.number) + 1 if line.corrects else None,
            )
            for line in document.lines
        ],
    )  # fmt: skip
