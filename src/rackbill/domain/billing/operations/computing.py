"""Computing one shard of a bill run: owed minus charged, as drafts without a number, or parked with a reason."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from rackbill.core import document as frozen
from rackbill.core.charges import Charge as OwedCharge
from rackbill.core.charges import Charged, ContradictoryTerms, Usage, charges_unbilled
from rackbill.core.charges.plain import PLAIN_FIELDS, whole_cycle, whole_cycles
from rackbill.core.document import texts
from rackbill.core.invoicing import BillItem, Draft, ExchangeRate, HeadText, LineTaxes, bill_item, draft_bills
from rackbill.core.tax import NoTaxRule, TaxDecision, TaxParty, TaxTable, decide_taxes, tax_point
from rackbill.core.terms import ContractTerms, TermLine
from rackbill.domain.billing import policy
from rackbill.domain.billing.models import BillDraft, BillShard, Charge, ParkedBill
from rackbill.domain.billing.queries import Corrected, LastRun, charged_by_line, corrected_lines, last_run
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts import queries as contract_queries
from rackbill.domain.contracts.queries import BillableLine
from rackbill.domain.kit import bulk, locks
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.queries import Buyer, Seller
from rackbill.domain.receivables import queries as receivables
from rackbill.domain.taxes import queries as taxes
from rackbill.domain.taxes.errors import NoExchangeRate
from rackbill.domain.usage import queries as usage

FAULTS = (ContradictoryTerms, NoTaxRule, NoExchangeRate, frozen.InvalidDocument, ValueError)
"""What parks a customer; anything else is a fault of ours and stops the run."""


@dataclass(slots=True)
class _Rules:
    """What is the same for all customers of a shard, read once."""

    seller: Seller
    table: TaxTable
    issued_on: date
    through: date
    last: LastRun
    seller_text: str = field(init=False)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    rates: dict[str, ExchangeRate] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    taxed: dict[tuple[TaxDecision, ...], LineTaxes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.seller_text = frozen.canonical_text(self.seller.party)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.seller.time_zone)

    def exemption_texts(self, language: str) -> dict[str, str]:
        if language not in self.texts:
            self.texts[language] = taxes.exemption_texts(language=language)
        return self.texts[language]

    def accounting_rate(self, currency: str) -> ExchangeRate | None:
        target = self.seller.accounting_currency
        if currency == target:
            return None
        if currency not in self.rates:
            self.rates[currency] = taxes.exchange_rate(
                source_currency=currency, target_currency=target, on=self.issued_on
            )
        return self.rates[currency]

    def account(self, currency: str) -> str:
        if currency not in self.accounts:
            self.accounts[currency] = frozen.canonical_text(self.seller.accounts.get(currency))
        return self.accounts[currency]


@dataclass(slots=True)
class _Facts:
    """What was read for the customers of a shard, each in one query."""

    buyers: dict[int, Buyer]
    evidence: dict[str, tuple[str, bool, str]]
    mandates: dict[tuple[int, str], str]
    charged: dict[int, list[Charged]]
    measured: Usage
    corrected: Corrected = field(default_factory=dict)
    decided: dict[tuple[int, str, str], LineTaxes] = field(default_factory=dict)


@dataclass(slots=True)
class _Owed:
    """What a customer owes and was not charged for."""

    customer_key: int
    lines: Sequence[BillableLine]
    whole_cycles: list[tuple[BillableLine, tuple[tuple[str, str], ...]]] = field(default_factory=list)
    unbilled: list[OwedCharge] = field(default_factory=list)


@dataclass(slots=True)
class _Bill:
    """The drafts of one customer with the billing group of each, and its lines that are settled from now on."""

    drafts: list[tuple[int, int, Draft]] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)


@transaction.atomic
def compute_shard(*, run_id: str, shard_number: int) -> int:
    """Stores the drafts, charges and parked bills of the shard's customers; how many drafts. May run twice."""
    shard = locks.locked(
        BillShard.objects.filter(run__run_id=run_id, shard_number=shard_number).select_related(
            "run__sales_organisation"
        )
    ).get()
    run = shard.run
    if shard.is_computed or run.state != "planned":
        return 0
    seller = parties.seller(organisation_id=run.sales_organisation.organisation_id)
    rules = _Rules(
        seller=seller, table=taxes.tax_table(), issued_on=run.issued_on, through=run.through,
        last=last_run(organisation_key=seller.key, before_run_key=run.pk),
    )  # fmt: skip
    customers = parties.customers_billed_by_us(
        organisation_id=seller.organisation_id, on=run.issued_on, first_id=shard.first_customer_id,
        last_id=shard.last_customer_id,
    )  # fmt: skip
    bills, faults = _bills(rules, [key for _customer_id, key in customers])
    ParkedBill.objects.bulk_create(
        ParkedBill(run=run, customer_id=key, code=policy.park_code(fault), reason=str(fault)[:500])
        for key, fault in faults
    )
    _store(shard, bills)
    contracts.mark_settled(line_keys=[key for bill in bills for key in bill.settled], through=run.through)
    shard.is_computed = True
    shard.save(update_fields=["is_computed"])
    return sum(len(bill.drafts) for bill in bills)


def preview_bills(
    *, organisation_id: str, customer_keys: Sequence[int], through: date, issued_on: date
) -> tuple[list[Draft], list[tuple[int, str]]]:
    """What a run on that day would bill the customers, and (customer key, reason) where it would park; nothing is stored."""
    seller = parties.seller(organisation_id=organisation_id)
    last = last_run(organisation_key=seller.key, before_run_key=None)
    rules = _Rules(seller=seller, table=taxes.tax_table(), issued_on=issued_on, through=through, last=last)
    bills, faults = _bills(rules, customer_keys)
    return [draft for bill in bills for _customer, _group, draft in bill.drafts], [(k, str(f)) for k, f in faults]


def _bills(rules: _Rules, customer_keys: Sequence[int]) -> tuple[list[_Bill], list[tuple[int, Exception]]]:
    lines = contract_queries.billable_lines(customer_keys=customer_keys)
    buyers = parties.buyers(customer_keys=customer_keys)
    by_customer: dict[int, list[BillableLine]] = defaultdict(list)
    for line in lines:
        by_customer[line.customer_key].append(line)
        if line.settled_until is not None and rules.last.through is not None:
            line.settled_until = _charged_through(rules.last, line, buyers[line.group_key].customer_id)
    facts = _Facts(
        buyers=buyers, mandates=receivables.mandates(customer_keys=customer_keys),
        evidence=taxes.tax_id_evidence(customer_ids=[b.customer_id for b in buyers.values()], on=rules.issued_on),
        charged=charged_by_line(line_keys=[line.line_key for line in lines if line.settled_until is None]),
        measured=usage.measured(line_keys=[line.line_key for line in lines if line.kind == "metered"]),
    )  # fmt: skip
    bills: list[_Bill] = []
    faults: list[tuple[int, Exception]] = []
    waiting: list[_Owed] = []
    for customer_key, own_lines in by_customer.items():
        try:
            waiting.append(_owed(rules, facts, customer_key, own_lines))
        except FAULTS as fault:
            faults.append((customer_key, fault))
    corrects = [c.corrects for owed in waiting for c in owed.unbilled if c.corrects is not None]
    facts.corrected = corrected_lines(charge_keys=corrects)
    for owed in waiting:
        try:
            bills.append(_bill(rules, facts, owed))
        except FAULTS as fault:
            faults.append((owed.customer_key, fault))
    return bills, faults


def _charged_through(last: LastRun, line: BillableLine, customer_id: str) -> str | None:
    """Up to where a settled line is charged: the last run's through date if that run charged its customer."""
    if last.through is None or not last.has_charged(customer_id):
        return None
    return max(line.settled_until, last.through.isoformat())


def _owed(rules: _Rules, facts: _Facts, customer_key: int, lines: Sequence[BillableLine]) -> _Owed:
    """Whole cycles of lines to which nothing happens; owed minus charged of the others."""
    owed = _Owed(customer_key, lines)
    terms: dict[str, list[TermLine]] = {}
    for line in lines:
        if line.settled_until is not None and line.is_plain and (periods := _whole_cycles(rules, line)) is not None:
            if periods:
                owed.whole_cycles.append((line, periods))
            continue
        settled_until = None if line.settled_until is None else date.fromisoformat(line.settled_until)
        terms.setdefault(line.currency, []).append(line.terms(zone=rules.zone, settled_until=settled_until))
    for currency, own in terms.items():
        contract = ContractTerms(contract_id=lines[0].contract_id, currency=currency, lines=tuple(own))
        owed.unbilled += charges_unbilled(
            terms=contract, charged=facts.charged, through=rules.through, usage=facts.measured
        )
    return owed


def _whole_cycles(rules: _Rules, line: BillableLine) -> tuple[tuple[str, str], ...] | None:
    """The whole cycles that a settled plain line owes; None where it must be computed like any other."""
    periods = whole_cycles(
        line.first_day, line.cycle_months, line.timing == "arrears", line.settled_until, rules.through
    )
    if periods and max(line.prices[0][1], line.quantities[0][1]) > periods[0][0]:
        return None
    return periods


def _bill(rules: _Rules, facts: _Facts, owed: _Owed) -> _Bill:
    bill = _Bill(settled=[line.line_key for line in owed.lines if line.settled_until is None])
    groups: dict[tuple[int, str], list[BillItem]] = {}
    if owed.unbilled:
        by_key = {line.line_key: line for line in owed.lines}
        for charge in owed.unbilled:
            line = by_key[charge.line_id]
            groups.setdefault((line.group_key, line.currency), []).append(_item(rules, facts, line, charge))
    for line, periods in owed.whole_cycles:
        items = groups.setdefault((line.group_key, line.currency), [])
        _add_whole_cycles(rules, facts, line, periods, items)
    for (group_key, currency), items in sorted(groups.items()) if len(groups) > 1 else groups.items():
        buyer = facts.buyers[group_key]
        head = _head(rules, buyer, currency, facts.mandates.get((buyer.customer_key, currency), ""))
        for draft in draft_bills(head=head, items=items):
            frozen.check_canonical(draft.canonical, is_draft=True)
            bill.drafts.append((buyer.customer_key, group_key, draft))
    return bill


def _add_whole_cycles(
    rules: _Rules, facts: _Facts, line: BillableLine, periods: tuple[tuple[str, str], ...], items: list[BillItem]
) -> None:
    subject, unit_price, quantity = line.subject, line.prices[0][3], line.quantities[0][3]
    for period in periods:
        charge = whole_cycle(
            line.line_key, period, line.cycle_months, unit_price, quantity, line.currency, line.prices[0][1]
        )
        order = (line.contract_id, line.service_id, period[0], "recurring", line.line_key, period[1])
        items.append(BillItem(order, charge, subject, _taxes(rules, facts, line, period[1])))


def _item(rules: _Rules, facts: _Facts, line: BillableLine, charge: OwedCharge) -> BillItem:
    """What is taken back keeps the taxes of the line that it corrects."""
    reference, original = facts.corrected.get(charge.corrects or 0, (None, ()))
    taxed = LineTaxes(original) if original else _taxes(rules, facts, line, charge.period.end.isoformat())
    return bill_item(
        charge=charge, contract_id=line.contract_id, service_id=line.service_id, subject=line.subject, taxes=taxed,
        corrects=reference,
    )  # fmt: skip


def _taxes(rules: _Rules, facts: _Facts, line: BillableLine, period_end: str) -> LineTaxes:
    """The taxes of a charge of days before `period_end`, decided once for each buyer, class and last day."""
    key = (line.group_key, line.tax_class, period_end)
    decided = facts.decided.get(key)
    if decided is None:
        last_day = date.fromisoformat(period_end) - timedelta(days=1)
        decisions = _decide(rules, facts, facts.buyers[line.group_key], line.tax_class, last_day)
        # Most buyers of a seller are taxed alike; equal decisions share their text.
        decided = rules.taxed.get(decisions)
        if decided is None:
            decided = rules.taxed[decisions] = LineTaxes(decisions)
        facts.decided[key] = decided
    return decided


def _decide(
    rules: _Rules, facts: _Facts, buyer: Buyer, tax_class: str, last_day: date
) -> tuple[TaxDecision, ...]:  # fmt: skip
    _tax_id, is_valid, proof = facts.evidence.get(buyer.customer_id, ("", False, ""))
    seller = TaxParty(country=rules.seller.country, state=rules.seller.state, is_business=True, has_valid_tax_id=True)
    party = TaxParty(
        country=buyer.country, state=buyer.state, is_business=buyer.is_business, has_valid_tax_id=is_valid, evidence=proof
    )  # fmt: skip
    consumer = not (buyer.is_business and is_valid)
    country = (
        buyer.country if consumer and rules.table.is_union_member(buyer.country, rules.issued_on) else seller.country
    )
    point = tax_point(country=country, last_day=last_day, issued_on=rules.issued_on)
    return decide_taxes(seller=seller, buyer=party, tax_class=tax_class, tax_point=point, table=rules.table)


def _head(rules: _Rules, buyer: Buyer, currency: str, mandate: str) -> HeadText:
    seller = rules.seller
    creditor_id = seller.creditor_ids.get(currency, "") if mandate else ""
    return HeadText(
        sales_organisation_id=seller.organisation_id, issued_on=rules.issued_on.isoformat(), currency=currency,
        due_on=(rules.issued_on + timedelta(days=buyer.payment_days)).isoformat(), language=buyer.language,
        seller=rules.seller_text, buyer=buyer.party, bill_to=buyer.bill_to,
        payment=texts.payment_text(rules.account(currency), buyer.payment_days, mandate, creditor_id),
        accounting_rate=rules.accounting_rate(currency), exemption_texts=rules.exemption_texts(buyer.language),
    )  # fmt: skip


_DRAFT_FIELDS = (
    "id", "run", "customer", "billing_group", "kind", "currency", "shard_number", "place", "line_count", "net_minor", "canonical",
)  # fmt: skip


def _store(shard: BillShard, bills: Sequence[_Bill]) -> None:
    places: dict[tuple[int, str], int] = defaultdict(int)
    drafts: list[tuple[object, ...]] = []
    charges: list[tuple[object, ...]] = []
    keys = iter(bulk.reserve_keys(BillDraft, sum(len(bill.drafts) for bill in bills)))
    for bill in bills:
        for customer_key, group_key, draft in bill.drafts:
            key, currency = next(keys), draft.items[0].charge[10]
            place = places[(group_key, currency)]
            places[(group_key, currency)] += 1
            drafts.append((
                key, shard.run_id, customer_key, group_key, draft.kind.value, currency, shard.shard_number, place,
                len(draft.items), draft.net_minor, draft.canonical,
            ))  # fmt: skip
            charges += [(*item.charge, key, number) for number, item in enumerate(draft.items, start=1)]
    bulk.insert_plain_rows(BillDraft, _DRAFT_FIELDS, drafts)
    bulk.insert_plain_rows(Charge, (*PLAIN_FIELDS, "draft", "line_number"), charges)
