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
from rackbill.core.money import exact_minor_from_decimal
from rackbill.core.periods import Period, add_months, first_of_month
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts import queries as contract_queries
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.operations import einvoices as parties
from rackbill.domain.taxes import operations as taxes
from rackbill.domain.usage import operations as usage
from rackbill.formats import scenario_file
from rackbill.formats.scenario_file import Step
from rackbill.formats.scenario_file import steps as said
from rackbill.interfaces.console.scenario import acting_money
from rackbill.interfaces.console.scenario import world as worlds
from rackbill.interfaces.console.scenario.world import EVERYTHING, STORY, World
from rackbill.interfaces.jobs import bill_run, einvoice_check, pro_forma


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
    allocations: int = 0
    step: int = 0

    def number(self, place: int) -> str:
        """The number of the n-th document. Raises StepRefused."""
        if not 1 <= place <= len(self.shown):
            raise StepRefused(f"there is no document {place} yet; the story has {len(self.shown)} by now")
        number = self.shown[place - 1].document.number
        if not number:
            raise StepRefused(f"document {place} is a pro forma and has no number; name an invoice")
        return number

    def allocation_id(self) -> str:
        """A fresh one."""
        self.allocations += 1
        return f"scenario-by-hand-{self.allocations}"

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


def _bill_run(story: Story, step: Step, value: said.BillRunStep) -> str:
    count = parked = 0
    through = value.through or add_months(first_of_month(step.day), 1)
    for seller in story.world.sellers.values():
        if value.sales_organisation in ("", seller.organisation_id):
            summary = bill_run.run_bill(
                organisation_id=seller.organisation_id, through=through, now=worlds.now_of(step, seller), actor=STORY,
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
        valid_until=value.until, now=worlds.now_of(step, line.buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{value.line} from {value.starts}"


def _set_quantity(story: Story, step: Step, value: said.SetQuantityStep) -> str:
    line = story.world.lines[value.line]
    contracts.set_quantity(
        line_key=line.key, quantity=value.quantity, valid_from=value.starts, valid_until=value.until,
        now=worlds.now_of(step, line.buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{value.line}: {value.quantity} from {value.starts}"


def _add_discount(story: Story, step: Step, value: said.AddDiscountStep) -> str:
    line = story.world.lines[value.line]
    kind, amount = worlds.discount_value(value.percent, value.amount)
    contracts.add_discount(
        line_key=line.key, kind=kind, value=amount, reason=value.reason, valid_from=value.starts, valid_until=value.until,
        now=worlds.now_of(step, line.buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{value.line}: {value.reason} from {value.starts}"


def _end_discount(story: Story, step: Step, value: said.EndDiscountStep) -> str:
    line = story.world.lines[value.line]
    contracts.end_discount(
        line_key=line.key,
        reason=value.reason,
        valid_until=value.until,
        now=worlds.now_of(step, line.buyer.seller),
        actor=STORY,
    )
    return f"{value.line}: {value.reason} ends {value.until}"


def _end_line(story: Story, step: Step, value: said.EndLineStep) -> str:
    line = story.world.lines[value.line]
    contracts.end_line(line_key=line.key, ends_on=value.ends, now=worlds.now_of(step, line.buyer.seller), actor=STORY)
    return f"{value.line} ends {value.ends}" if value.ends else f"{value.line} goes on"


def _end_service(story: Story, step: Step, value: said.EndServiceStep) -> str:
    service = story.world.services[value.service]
    zone = service.buyer.seller.zone
    contracts.end_service(
        service_id=service.id, ends_at=worlds.moment(value.ends, zone) if value.ends else None,
        now=worlds.now_of(step, service.buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{value.service} ends {value.ends}" if value.ends else f"{value.service} goes on"


def _end_contract(story: Story, step: Step, value: said.EndContractStep) -> str:
    contract = story.world.contracts[value.contract]
    zone = contract.buyer.seller.zone
    contracts.end_contract(
        contract_id=contract.id, ends_at=worlds.moment(value.ends, zone) if value.ends else None,
        now=worlds.now_of(step, contract.buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{value.contract} ends {value.ends}" if value.ends else f"{value.contract} goes on"


def _add_line(story: Story, step: Step, value: said.AddLineStep) -> str:
    service = story.world.services[value.service]
    line = worlds.new_line(value.line, value.line.starts or step.day, value.line.name)
    key = contracts.add_line(
        service_id=service.id, line=line, now=worlds.now_of(step, service.buyer.seller), actor=STORY
    )
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
        on=starts, keeps_discounts=value.keeps_discounts, now=worlds.now_of(step, old.buyer.seller), actor=STORY,
    )  # fmt: skip
    story.world.lines[value.to.name] = worlds.ThingHere("", key, old.buyer, starts, value.to.kind)
    return f"{value.to.name} in place of {value.line} from {starts}"


def _suspend(story: Story, step: Step, value: said.SuspendStep) -> str:
    service = story.world.services[value.service]
    contracts.suspend_service(
        service_id=service.id, on=value.starts, reason=value.reason, is_charged=value.charged,
        now=worlds.now_of(step, service.buyer.seller), actor=STORY,
    )  # fmt: skip
    return f"{value.service} from {value.starts}"


def _reconnect(story: Story, step: Step, value: said.ReconnectStep) -> str:
    service = story.world.services[value.service]
    contracts.reconnect_service(
        service_id=service.id, on=value.starts, now=worlds.now_of(step, service.buyer.seller), actor=STORY
    )
    return f"{value.service} from {value.starts}"


def _cancel(story: Story, step: Step, value: said.CancelStep) -> str:
    contract = story.world.contracts[value.contract]
    seller = contract.buyer.seller
    now = worlds.now_of(step, seller)
    given_at = worlds.moment(value.given, seller.zone) if value.given else now
    end = contracts.cancel_contract(contract_id=contract.id, given_at=given_at, zone=seller.zone, now=now, actor=STORY)
    return f"{value.contract} ends {end}"


def _withdraw(story: Story, step: Step, value: said.WithdrawCancellationStep) -> str:
    contract = story.world.contracts[value.contract]
    contracts.withdraw_cancellation(
        contract_id=contract.id, now=worlds.now_of(step, contract.buyer.seller), actor=STORY
    )
    return f"{value.contract} goes on"


def _index_prices(story: Story, step: Step, value: said.IndexPricesStep) -> str:
    lines = story.world.lines
    names = value.lines or [name for name, line in lines.items() if line.kind == "recurring"]
    seller = lines[names[0]].buyer.seller if names else next(iter(story.world.sellers.values()))
    count = contracts.index_prices(
        line_keys=[lines[name].key for name in names], cpi_percent=value.cpi_percent, floor_percent=value.floor_percent,
        on=value.starts, digits=value.digits, now=worlds.now_of(step, seller), actor=STORY,
    )  # fmt: skip
    return f"{count} prices rise from {value.starts}"


def _usage(story: Story, step: Step, value: said.UsageStep) -> str:
    line = story.world.lines[value.line]
    month = first_of_month(value.month)
    measured = MeasuredQuantity(period=Period(month, add_months(month, 1)), quantity=value.quantity, unit=value.unit)
    usage.record_measured(line_key=line.key, measured=measured, now=worlds.now_of(step, line.buyer.seller))
    return f"{value.line}: {value.quantity} {value.unit} in {month:%B %Y}"


def _credit(story: Story, step: Step, value: said.CreditStep) -> str:
    number = story.number(value.document)
    original = story.shown[value.document - 1].document
    seller = story.world.sellers[original.sales_organisation_id]
    items = [
        CreditItem(
            line_number=_line_number(story, number, line.line),
            period=Period(line.starts, line.until) if line.starts and line.until else None,
            amount_minor=None if line.amount is None else exact_minor_from_decimal(line.amount, original.currency),
        )
        for line in value.lines
    ]
    credit = einvoice_check.credit_checked(
        credit=lambda checked: billing.credit_document(
            number=number, items=items or None, reason=value.reason, is_reissued=value.reissue, on=step.day,
            now=worlds.now_of(step, seller), actor=STORY, checked=checked,
        )
    )  # fmt: skip
    return f"credit note {credit} on {number}"


def _line_number(story: Story, number: str, line: int | str) -> int:
    if isinstance(line, int):
        return line
    billed = billing_queries.billed_lines(scope=EVERYTHING, number=number)
    found = [place for place, row in sorted(billed.items()) if row.line_key == story.world.lines[line].key]
    if len(found) != 1:
        where = f"lines {', '.join(map(str, found))}" if found else "no line"
        raise StepRefused(f"{line!r} stands on {where} of document {number}; say which line by its number")
    return found[0]


def _pro_forma(story: Story, step: Step, value: said.ProFormaStep) -> str:
    buyer = story.world.buyer(value.customer)
    made = pro_forma.make_pro_forma(
        scope=EVERYTHING, customer_id=buyer.customer_id, now=worlds.now_of(step, buyer.seller)
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
        scope=EVERYTHING, service_id=service.id, reference=value.reference, now=worlds.now_of(step, service.buyer.seller),
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
    if value.valid and tax_id != buyer.tax_id:
        parties.change_customer(
            scope=EVERYTHING, customer_id=buyer.customer_id, fields={"tax_id": tax_id},
            now=worlds.now_of(step, buyer.seller), actor=STORY,
        )  # fmt: skip
        buyer.tax_id = tax_id
    return f"{tax_id} is {'valid' if value.valid else 'not valid'}"


def _order(story: Story, step: Step, value: scenario_file.ContractEntry) -> str:
    buyer = story.world.buyer(value.customer)
    worlds.order(story.world, value, now=worlds.now_of(step, buyer.seller))
    return f"contract {value.name} from {value.starts.date()}"


def _by_hand(act: Callable[[Story, Step, Any, datetime], str]) -> Callable[[Story, Step, Any], str]:
    return lambda story, step, value: act(
        story, step, value, worlds.now_of(step, next(iter(story.world.sellers.values())))
    )


_ACTIONS: dict[str, Callable[[Story, Step, Any], str]] = {
    "bill_run": _bill_run, "set_price": _set_price, "set_quantity": _set_quantity, "add_discount": _add_discount,
    "end_discount": _end_discount, "end_line": _end_line, "end_service": _end_service,
    "end_contract": _end_contract, "add_line": _add_line, "swap": _swap,
    "suspend": _suspend, "reconnect": _reconnect, "cancel": _cancel, "withdraw_cancellation": _withdraw,
    "index_prices": _index_prices, "usage": _usage, "credit": _credit, "payment": acting_money.payment,
    "allocate": _by_hand(acting_money.allocate), "deallocate": _by_hand(acting_money.deallocate),
    "return_payment": acting_money.return_payment, "refund": acting_money.refund, "write_off": acting_money.write_off,
    "remind": acting_money.remind, "pro_forma": _pro_forma,
    "set_reference": _set_reference, "tax_id_check": _tax_id_check, "order": _order,
}  # fmt: skip
