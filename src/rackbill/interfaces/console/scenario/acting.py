"""What each step of a story does: the operation of real life, at the step's own moment."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from rackbill.core.charges import Charge
from rackbill.core.crediting import CreditItem
from rackbill.core.document import Document
from rackbill.core.metering import MeasuredQuantity
from rackbill.core.money import Money, exact_minor_from_decimal
from rackbill.core.periods import Period, add_months, first_of_month
from rackbill.domain.billing import operations as billing
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts import queries as contract_queries
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.actor import Actor
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.receivables import operations as receivables
from rackbill.domain.receivables.operations import MoneySource
from rackbill.domain.taxes import operations as taxes
from rackbill.domain.usage import operations as usage
from rackbill.formats import scenario_file
from rackbill.formats.scenario_file import Step
from rackbill.formats.scenario_file import steps as said
from rackbill.interfaces.console.scenario import world as worlds
from rackbill.interfaces.console.scenario.world import EVERYTHING, STORY, SellerHere, World
from rackbill.interfaces.jobs import bill_run, einvoice_check, pro_forma

SECOND_PERSON = Actor("system", "second person")


class StepRefused(ValueError):
    """A step names something the story does not have (yet)."""


@dataclass(slots=True)
class Shown:
    """A document as the story made it; `charges` are those of a pro forma, which stand nowhere else."""

    step: int
    document: Document
    charges: tuple[Charge, ...] = ()


@dataclass(slots=True)
class Story:
    """Where the play stands."""

    world: World
    signer: Signer
    shown: list[Shown] = field(default_factory=list)
    parked: list[dict[str, Any]] = field(default_factory=list)
    payments: int = 0
    currencies: list[str] = field(default_factory=list)
    refunds: int = 0
    write_offs: int = 0
    step: int = 0

    def number(self, place: int) -> str:
        """The number of the n-th document. Raises StepRefused."""
        if not 1 <= place <= len(self.shown):
            raise StepRefused(f"there is no document {place} yet; the story has {len(self.shown)} by now")
        number = self.shown[place - 1].document.number
        if not number:
            raise StepRefused(f"document {place} is a pro forma and has no number; name an invoice")
        return number

    def payment(self, place: int) -> str:
        """The ID of the n-th payment. Raises StepRefused."""
        if not 1 <= place <= self.payments:
            raise StepRefused(f"there is no payment {place} yet; the story has {self.payments} by now")
        return f"scenario-{place}"

    def collect(self) -> None:
        """Takes in what was issued since it last looked, by number."""
        known = {row.document.number for row in self.shown}
        for number in documents.numbers():
            if number not in known:
                self.shown.append(Shown(self.step, documents.document(scope=EVERYTHING, number=number)))


def act(story: Story, place: int, step: Step) -> str:
    """Does what the n-th step says; what came of it, in a few words. Raises what the operation raises."""
    ((name, value),) = step.actions
    story.step = place
    outcome = _ACTIONS[name](story, step, value)
    story.collect()
    return outcome


def _now(step: Step, seller: SellerHere) -> datetime:
    return worlds.moment(step.on, seller.zone, otherwise=worlds.WORKING_HOUR)


def _bill_run(story: Story, step: Step, value: said.BillRunStep) -> str:
    count = parked = 0
    through = value.through or add_months(first_of_month(step.day), 1)
    for seller in story.world.sellers.values():
        if value.sales_organisation in ("", seller.organisation_id):
            summary = bill_run.run_bill(
                organisation_id=seller.organisation_id, through=through, now=_now(step, seller), actor=STORY,
                signer=story.signer,
            )  # fmt: skip
            names = {buyer.customer_id: buyer.name for buyer in story.world.buyers.values()}
            for row in summary.parked:
                story.parked.append({"step": story.step, "customer": names[row["customer_id"]], **row})
            story.collect()
            count, parked = count + summary.invoices, parked + len(summary.parked)
    return f"through {through}: {count} documents, {parked} parked"


def _set_price(story: Story, step: Step, value: said.SetPriceStep) -> str:
    line = story.world.lines[value.line]
    plain = scenario_file.usage_price_plain(value.usage_price) if value.usage_price else None
    contracts.set_price(
        line_key=line.key, unit_price=value.price or Decimal(0), usage_price=plain, valid_from=value.starts,
        valid_until=value.until, now=_now(step, line.buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{value.line} from {value.starts}"


def _set_quantity(story: Story, step: Step, value: said.SetQuantityStep) -> str:
    line = story.world.lines[value.line]
    contracts.set_quantity(
        line_key=line.key, quantity=value.quantity, valid_from=value.starts, valid_until=value.until,
        now=_now(step, line.buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{value.line}: {value.quantity} from {value.starts}"


def _add_discount(story: Story, step: Step, value: said.AddDiscountStep) -> str:
    line = story.world.lines[value.line]
    kind, amount = worlds.discount_value(value.percent, value.amount)
    contracts.add_discount(
        line_key=line.key, kind=kind, value=amount, reason=value.reason, valid_from=value.starts, valid_until=value.until,
        now=_now(step, line.buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{value.line}: {value.reason} from {value.starts}"


def _end_discount(story: Story, step: Step, value: said.EndDiscountStep) -> str:
    line = story.world.lines[value.line]
    contracts.end_discount(
        line_key=line.key, reason=value.reason, valid_until=value.until, now=_now(step, line.buyer.seller), actor=STORY
    )
    return f"{value.line}: {value.reason} ends {value.until}"


def _end_line(story: Story, step: Step, value: said.EndLineStep) -> str:
    line = story.world.lines[value.line]
    contracts.end_line(line_key=line.key, ends_on=value.ends, now=_now(step, line.buyer.seller), actor=STORY)
    return f"{value.line} ends {value.ends}" if value.ends else f"{value.line} goes on"


def _end_service(story: Story, step: Step, value: said.EndServiceStep) -> str:
    service = story.world.services[value.service]
    zone = service.buyer.seller.zone
    contracts.end_service(
        service_id=service.id, ends_at=worlds.moment(value.ends, zone) if value.ends else None,
        now=_now(step, service.buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{value.service} ends {value.ends}" if value.ends else f"{value.service} goes on"


def _end_contract(story: Story, step: Step, value: said.EndContractStep) -> str:
    contract = story.world.contracts[value.contract]
    zone = contract.buyer.seller.zone
    contracts.end_contract(
        contract_id=contract.id, ends_at=worlds.moment(value.ends, zone) if value.ends else None,
        now=_now(step, contract.buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{value.contract} ends {value.ends}" if value.ends else f"{value.contract} goes on"


def _add_line(story: Story, step: Step, value: said.AddLineStep) -> str:
    service = story.world.services[value.service]
    line = worlds.new_line(value.line, value.line.starts or step.day, value.line.name)
    key = contracts.add_line(service_id=service.id, line=line, now=_now(step, service.buyer.seller), actor=STORY)
    story.world.lines[value.line.name] = worlds.ThingHere("", key, service.buyer, line.starts_on, line.kind)
    return f"{value.line.name} from {line.starts_on}"


def _swap(story: Story, step: Step, value: said.SwapStep) -> str:
    old, starts = story.world.lines[value.line], value.starts or step.day
    product, product_class = contract_queries.line_product(line_key=old.key)
    description = value.to.description or value.description
    if value.product or value.product_code:
        product = worlds.product_key(
            product=value.product or product_class, product_code=value.product_code,
            tax_class=value.tax_class, name=description or value.to.name,
        )  # fmt: skip
    key = contracts.swap_product(
        line_key=old.key, product_key=product, line=worlds.new_line(value.to, starts, description or value.to.name),
        on=starts, keeps_discounts=value.keeps_discounts, now=_now(step, old.buyer.seller), actor=STORY,
    )  # fmt: skip
    story.world.lines[value.to.name] = worlds.ThingHere("", key, old.buyer, starts, value.to.kind)
    return f"{value.to.name} in place of {value.line} from {starts}"


def _suspend(story: Story, step: Step, value: said.SuspendStep) -> str:
    service = story.world.services[value.service]
    contracts.suspend_service(
        service_id=service.id, on=value.starts, reason=value.reason, is_charged=value.charged,
        now=_now(step, service.buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{value.service} from {value.starts}"


def _reconnect(story: Story, step: Step, value: said.ReconnectStep) -> str:
    service = story.world.services[value.service]
    contracts.reconnect_service(
        service_id=service.id, on=value.starts, now=_now(step, service.buyer.seller), actor=STORY
    )
    return f"{value.service} from {value.starts}"


def _cancel(story: Story, step: Step, value: said.CancelStep) -> str:
    contract = story.world.contracts[value.contract]
    seller = contract.buyer.seller
    now = _now(step, seller)
    given_at = worlds.moment(value.given, seller.zone) if value.given else now
    end = contracts.cancel_contract(contract_id=contract.id, given_at=given_at, zone=seller.zone, now=now, actor=STORY)
    return f"{value.contract} ends {end}"


def _withdraw(story: Story, step: Step, value: said.WithdrawCancellationStep) -> str:
    contract = story.world.contracts[value.contract]
    contracts.withdraw_cancellation(contract_id=contract.id, now=_now(step, contract.buyer.seller), actor=STORY)
    return f"{value.contract} goes on"


def _index_prices(story: Story, step: Step, value: said.IndexPricesStep) -> str:
    lines = story.world.lines
    names = value.lines or [name for name, line in lines.items() if line.kind == "recurring"]
    seller = lines[names[0]].buyer.seller if names else next(iter(story.world.sellers.values()))
    count = contracts.index_prices(
        line_keys=[lines[name].key for name in names], cpi_percent=value.cpi_percent, floor_percent=value.floor_percent,
        on=value.starts, digits=value.digits, now=_now(step, seller), actor=STORY,
    )  # fmt: skip
    return f"{count} prices rise from {value.starts}"


def _usage(story: Story, step: Step, value: said.UsageStep) -> str:
    line = story.world.lines[value.line]
    month = first_of_month(value.month)
    measured = MeasuredQuantity(period=Period(month, add_months(month, 1)), quantity=value.quantity, unit=value.unit)
    usage.record_measured(line_key=line.key, measured=measured, now=_now(step, line.buyer.seller))
    return f"{value.line}: {value.quantity} {value.unit} in {month:%B %Y}"


def _credit(story: Story, step: Step, value: said.CreditStep) -> str:
    number = story.number(value.document)
    original = story.shown[value.document - 1].document
    seller = story.world.sellers[original.sales_organisation_id]
    items = [
        CreditItem(
            line_number=line.line,
            period=Period(line.starts, line.until) if line.starts and line.until else None,
            amount_minor=None if line.amount is None else exact_minor_from_decimal(line.amount, original.currency),
        )
        for line in value.lines
    ]
    credit = einvoice_check.credit_checked(
        credit=lambda checked: billing.credit_document(
            number=number, items=items or None, reason=value.reason, is_reissued=value.reissue, on=step.day,
            now=_now(step, seller), actor=STORY, checked=checked,
        )
    )  # fmt: skip
    return f"credit note {credit} on {number}"


def _payment(story: Story, step: Step, value: said.PaymentStep) -> str:
    buyer, number = story.world.buyer(value.customer), ""
    currency = value.currency or buyer.currency
    if value.document is not None:
        number = story.number(value.document)
        document = story.shown[value.document - 1].document
        buyer = next(b for b in story.world.buyers.values() if b.customer_id == document.bill_to.customer_id)
        currency = document.currency
    money = Money(exact_minor_from_decimal(value.amount, currency), currency)
    story.payments += 1
    story.currencies.append(currency)
    booked = receivables.record_payment(
        payment_id=f"scenario-{story.payments}", customer_id=buyer.customer_id, money=money, received_on=step.day,
        method="TRANSFER", text=value.text, to_number=number, now=_now(step, buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{money} of {buyer.name}, booked {Money(booked, currency)}"


def _return_payment(story: Story, step: Step, value: said.ReturnPaymentStep) -> str:
    minor = receivables.return_payment(
        payment_id=story.payment(value.payment), line_id="", reason=value.reason, on=step.day,
        now=_now(step, next(iter(story.world.sellers.values()))), actor=STORY,
    )  # fmt: skip
    return f"payment {value.payment} taken back: {Money(minor, story.currencies[value.payment - 1])}"


def _refund(story: Story, step: Step, value: said.RefundStep) -> str:
    if value.payment is not None:
        source, currency = MoneySource("payment", story.payment(value.payment)), story.currencies[value.payment - 1]
    else:
        number = story.number(value.document or 0)
        source, currency = MoneySource("credit_note", number), story.shown[(value.document or 0) - 1].document.currency
    story.refunds += 1
    minor = receivables.refund_money(
        refund_id=f"scenario-{story.refunds}", source=source, paid_on=step.day, reason=value.reason,
        amount_minor=None if value.amount is None else exact_minor_from_decimal(value.amount, currency),
        now=_now(step, next(iter(story.world.sellers.values()))), actor=STORY,
    )  # fmt: skip
    return f"{Money(minor, currency)} of {source} went back"


def _write_off(story: Story, step: Step, value: said.WriteOffStep) -> str:
    number = story.number(value.document)
    document = story.shown[value.document - 1].document
    now = _now(step, story.world.sellers[document.sales_organisation_id])
    story.write_offs += 1
    write_off_id = f"scenario-{story.write_offs}"
    is_booked = receivables.write_off_item(
        write_off_id=write_off_id, number=number, reason=value.reason, now=now, actor=STORY,
        amount_minor=None if value.amount is None else exact_minor_from_decimal(value.amount, document.currency),
    )  # fmt: skip
    if not is_booked:
        receivables.approve_write_off(write_off_id=write_off_id, now=now, actor=SECOND_PERSON)
    return f"{number}: {value.reason}" + ("" if is_booked else ", agreed by a second person")


def _remind(story: Story, step: Step, value: said.RemindStep) -> str:
    issued = [
        reminder
        for seller in story.world.sellers.values()
        if value.sales_organisation in ("", seller.organisation_id)
        for reminder in receivables.issue_reminders(
            organisation_id=seller.organisation_id, today=step.day, now=_now(step, seller), actor=STORY
        )
    ]
    return f"{sum(1 for reminder in issued if reminder.number)} reminders, {len(issued)} notices"


def _pro_forma(story: Story, step: Step, value: said.ProFormaStep) -> str:
    buyer = story.world.buyer(value.customer)
    made = pro_forma.make_pro_forma(
        scope=EVERYTHING, customer_id=buyer.customer_id, now=_now(step, buyer.seller)
    )  # fmt: skip
    story.shown += [Shown(story.step, page.document, page.charges) for page in made.pages]
    if made.parked:
        story.parked.append({
            "step": story.step, "customer": buyer.name, "customer_id": buyer.customer_id, "code": "pro_forma",
            "reason": made.parked,
        })  # fmt: skip
    return f"what {made.billed_on} will bring: {len(made.pages)} documents"


def _set_reference(story: Story, step: Step, value: said.SetReferenceStep) -> str:
    service = story.world.services[value.service]
    contracts.set_reference(
        scope=EVERYTHING, service_id=service.id, reference=value.reference, now=_now(step, service.buyer.seller),
        actor=STORY,
    )  # fmt: skip
    return f"{value.service}: {value.reference}"


def _tax_id_check(story: Story, step: Step, value: said.TaxIdCheckStep) -> str:
    buyer = story.world.buyer(value.customer)
    tax_id = value.tax_id or buyer.tax_id
    if not tax_id:
        raise StepRefused(f"customer {buyer.name!r} has no tax ID; say which was checked under `tax_id`")
    taxes.record_tax_id_check(
        customer_id=buyer.customer_id, tax_id=tax_id, is_valid=value.valid, checked_on=step.day, reference="scenario"
    )
    return f"{tax_id} is {'valid' if value.valid else 'not valid'}"


def _order(story: Story, step: Step, value: scenario_file.ContractEntry) -> str:
    buyer = story.world.buyer(value.customer)
    worlds.order(story.world, value, now=_now(step, buyer.seller))
    return f"contract {value.name} from {value.starts.date()}"


_ACTIONS: dict[str, Callable[[Story, Step, Any], str]] = {
    "bill_run": _bill_run, "set_price": _set_price, "set_quantity": _set_quantity, "add_discount": _add_discount,
    "end_discount": _end_discount, "end_line": _end_line, "end_service": _end_service,
    "end_contract": _end_contract, "add_line": _add_line, "swap": _swap,
    "suspend": _suspend, "reconnect": _reconnect, "cancel": _cancel, "withdraw_cancellation": _withdraw,
    "index_prices": _index_prices, "usage": _usage, "credit": _credit, "payment": _payment,
    "return_payment": _return_payment, "refund": _refund, "write_off": _write_off, "remind": _remind, "pro_forma": _pro_forma,
    "set_reference": _set_reference, "tax_id_check": _tax_id_check, "order": _order,
}  # fmt: skip
