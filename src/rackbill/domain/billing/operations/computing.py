"""Computing one shard of a bill run: owed minus charged, as drafts without a number, or parked with a reason."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import msgspec
from django.db import transaction

from rackbill.core import document as frozen
from rackbill.core.charges import Charge as OwedCharge
from rackbill.core.charges import Charged, ChargeKind, ContradictoryTerms, Usage, charges_unbilled
from rackbill.core.charges.plain import PLAIN_FIELDS, charge_from_plain, discounted_cycle, whole_cycle, whole_cycles
from rackbill.core.document import texts
from rackbill.core.invoicing import BillItem, Draft, HeadText, LineTaxes, bill_item, draft_bills
from rackbill.core.measured_use import measured_text
from rackbill.core.party import DebitMandate
from rackbill.core.periods import Period
from rackbill.core.tax import NoTaxRule, TaxDecision
from rackbill.core.tax.desk import BuyerDesk
from rackbill.core.terms import ContractTerms, TermLine
from rackbill.domain.billing import policy
from rackbill.domain.billing.models import BillDraft, BillShard, Charge, ParkedBill
from rackbill.domain.billing.operations.rate_reviews import rates_to_correct
from rackbill.domain.billing.operations.run_rules import RunRules, run_rules
from rackbill.domain.billing.queries import CorrectedLine, LastRun, changes, charged_by_line, corrected_lines, last_run
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts import queries as contract_queries
from rackbill.domain.contracts.queries import BillableLine
from rackbill.domain.contracts.queries.billable import Row
from rackbill.domain.kit import bulk, locks
from rackbill.domain.parties import queries as parties
from rackbill.domain.parties.queries import Buyer
from rackbill.domain.receivables import queries as receivables
from rackbill.domain.taxes import queries as taxes
from rackbill.domain.taxes.errors import NoExchangeRate
from rackbill.domain.usage import queries as usage

NOTHING: Mapping[int, int] = {}
FAULTS = (ContradictoryTerms, NoTaxRule, NoExchangeRate, frozen.InvalidDocument, ValueError)
"""What parks a customer; anything else is a fault of ours and stops the run."""


@dataclass(slots=True)
class _Facts:
    """What was read for the customers of a shard, each in one query."""

    buyers: dict[int, Buyer]
    evidence: taxes.Evidence
    mandates: dict[tuple[int, str], DebitMandate]
    charged: dict[int, list[Charged]]
    measured: Usage
    corrected: dict[int, CorrectedLine] = field(default_factory=dict)
    desks: dict[int, BuyerDesk] = field(default_factory=dict)
    decided: dict[tuple[int, str, str, str], LineTaxes] = field(default_factory=dict)


_Cycle = tuple[tuple[str, str], Row, Row, tuple[Row, ...]]
"""A whole cycle with the price, the quantity and the discounts of all its days."""


@dataclass(slots=True)
class _Owed:
    """What a customer owes and was not charged for."""

    customer_key: int
    lines: Sequence[BillableLine]
    whole_cycles: list[tuple[BillableLine, list[_Cycle]]] = field(default_factory=list)
    unbilled: list[OwedCharge] = field(default_factory=list)


@dataclass(slots=True)
class _Bill:
    """The drafts of one customer with the billing group of each, and its lines that are settled from now on."""

    drafts: list[tuple[int, int, str, Draft]] = field(default_factory=list)
    settled: list[BillableLine] = field(default_factory=list)


@transaction.atomic
@bulk.without_collector()
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
    last = last_run(organisation_key=seller.key, before_run_key=run.pk)
    rules = run_rules(seller=seller, issued_on=run.issued_on, through=run.through, last=last)
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
    for is_arrears, through in ((False, run.through), (True, rules.ended_by)):
        settled = [line for bill in bills for line in bill.settled if line.is_arrears is is_arrears]
        counts = {line.line_key: line.amendment_count for line in settled}
        contracts.mark_settled(amendment_count_by_line=counts, through=through)
    shard.is_computed = True
    shard.save(update_fields=["is_computed"])
    return sum(len(bill.drafts) for bill in bills)


def preview_bills(
    *, organisation_id: str, customer_keys: Sequence[int], through: date, issued_on: date
) -> tuple[list[Draft], list[tuple[int, str]]]:
    """What a run on that day would bill the customers, and (customer key, reason) where it would park; nothing is stored."""
    seller = parties.seller(organisation_id=organisation_id)
    last = last_run(organisation_key=seller.key, before_run_key=None)
    rules = run_rules(seller=seller, issued_on=issued_on, through=through, last=last)
    corrected = rates_to_correct(seller=seller, on=issued_on, customer_keys=customer_keys)
    bills, faults = _bills(rules, customer_keys, corrected)
    return [draft for bill in bills for *_of, draft in bill.drafts], [(k, str(f)) for k, f in faults]


def _bills(
    rules: RunRules, customer_keys: Sequence[int], corrected: Mapping[int, int] = NOTHING
) -> tuple[list[_Bill], list[tuple[int, Exception]]]:
    """`corrected` holds charges, with their lines, that are not noted to be corrected but would be by a run."""
    lines = contract_queries.billable_lines(customer_keys=customer_keys)
    buyers = parties.buyers(customer_keys=customer_keys, on=rules.issued_on)
    by_customer: dict[int, list[BillableLine]] = defaultdict(list)
    in_full = set(corrected.values())
    for line in lines:
        by_customer[line.customer_key].append(line)
        if line.settled_until is not None and rules.last.through is not None:
            line.settled_until = _charged_through(rules.last, line, buyers[line.group_key].customer_id)
        if line.line_key in in_full:
            line.settled_until = None
    facts = _Facts(
        buyers=buyers, mandates=receivables.mandates(customer_keys=customer_keys),
        evidence=taxes.evidence(customer_ids=[b.customer_id for b in buyers.values()]),
        charged=charged_by_line(
            line_keys=[line.line_key for line in lines if line.settled_until is None], mistaxed=corrected
        ),
        measured=_measured(rules, [line for line in lines if line.kind == "metered"]),
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
    made: list[tuple[_Owed, dict[tuple[int, str], changes.GroupItems]]] = []
    for owed in waiting:
        try:
            made.append((owed, _items(rules, facts, owed)))
        except FAULTS as fault:
            faults.append((owed.customer_key, fault))
    earlier = changes.earlier_invoices(
        last=rules.last, groups={k: own for _owed, groups in made for k, own in groups.items()}
    )
    for owed, groups in made:
        try:
            bills.append(_bill(rules, facts, owed, groups, earlier))
        except FAULTS as fault:
            faults.append((owed.customer_key, fault))
    return bills, faults


def _measured(rules: RunRules, lines: Sequence[BillableLine]) -> Usage:
    """All that was measured on lines to be computed in full; on settled ones what ended since they were charged."""
    full = usage.measured(line_keys=[line.line_key for line in lines if line.settled_until is None])
    settled = [line for line in lines if line.settled_until is not None]
    since = min((line.settled_until for line in settled), default=None)
    if since is None:
        return full
    newer = usage.measured(line_keys=[line.line_key for line in settled], ended_after=date.fromisoformat(since))
    return {**full, **newer}


def _charged_through(last: LastRun, line: BillableLine, customer_id: str) -> str | None:
    """Up to where a settled line is charged: the last run's through date if that run charged its customer."""
    if last.through is None or not last.has_charged(customer_id):
        return None
    through = last.ended_by if line.is_arrears else last.through
    return max(line.settled_until, (through or last.through).isoformat())


def _owed(rules: RunRules, facts: _Facts, customer_key: int, lines: Sequence[BillableLine]) -> _Owed:
    """Whole cycles of lines to which nothing happens; owed minus charged of the others."""
    owed = _Owed(customer_key, lines)
    terms: dict[str, list[TermLine]] = {}
    # A minimum must see the lines that count to it, so they are computed beside it.
    counted = {key for line in lines if line.kind == "minimum" for key in line.counted}
    for line in lines:
        is_plain = line.settled_until is not None and line.is_plain and line.line_key not in counted
        if is_plain and (cycles := _whole_cycles(rules, line)) is not None:
            if cycles:
                owed.whole_cycles.append((line, cycles))
            continue
        settled_until = None if line.settled_until is None else date.fromisoformat(line.settled_until)
        terms.setdefault(line.currency, []).append(line.terms(zone=rules.zone, settled_until=settled_until))
    for currency, own in terms.items():
        contract = ContractTerms(contract_id=lines[0].contract_id, currency=currency, lines=tuple(own))
        owed.unbilled += charges_unbilled(
            terms=contract, charged=facts.charged, through=rules.through, usage=facts.measured, ended_by=rules.ended_by
        )  # fmt: skip
    return owed


def _whole_cycles(rules: RunRules, line: BillableLine) -> list[_Cycle] | None:
    """The whole cycles that a settled plain line owes; None where it must be computed like any other."""
    through = rules.ended_by if line.is_arrears else rules.through
    periods = whole_cycles(line.first_day, line.cycle_months, line.is_arrears, line.settled_until, through)
    if periods is None:
        return None
    cycles: list[_Cycle] = []
    for period in periods:
        rows = line.in_force(*period)
        if rows is None:
            return None
        cycles.append((period, *rows))
    return cycles


def _items(rules: RunRules, facts: _Facts, owed: _Owed) -> dict[tuple[int, str], changes.GroupItems]:
    """What each billing group of a customer is to be charged for, by currency."""
    groups: dict[tuple[int, str], changes.GroupItems] = {}
    if owed.unbilled:
        by_key = {line.line_key: line for line in owed.lines}
        for charge in owed.unbilled:
            line = by_key[charge.line_id]
            own = groups.setdefault(
                (line.group_key, line.currency), changes.GroupItems(owed.customer_key, is_settled=False)
            )
            _add_charge(rules, facts, line, charge, own.items)
    for line, cycles in owed.whole_cycles:
        own = groups.setdefault((line.group_key, line.currency), changes.GroupItems(owed.customer_key))
        own.is_settled = own.is_settled and changes.is_steady(line=line, cycles=[period for period, *_rows in cycles])
        _add_whole_cycles(rules, facts, line, cycles, own.items)
    return groups


def _bill(
    rules: RunRules, facts: _Facts, owed: _Owed, groups: dict[tuple[int, str], changes.GroupItems],
    earlier: dict[tuple[int, str], changes.Earlier],
) -> _Bill:  # fmt: skip
    bill = _Bill(settled=[line for line in owed.lines if line.settled_until is None])
    days = (rules.issued_on, rules.through)
    for (group_key, currency), own in sorted(groups.items()) if len(groups) > 1 else groups.items():
        buyer = facts.buyers[group_key]
        head = _head(rules, buyer, currency, facts.mandates.get((buyer.customer_key, currency)))
        head.compare = changes.Comparison(earlier.get((group_key, currency)), own, owed.lines, days)
        for draft in draft_bills(head=head, items=own.items):
            frozen.check_plain(msgspec.json.decode(draft.canonical), is_draft=True)
            bill.drafts.append((buyer.customer_key, group_key, texts.einvoice_profile_in(buyer.bill_to), draft))
    return bill


def _add_whole_cycles(
    rules: RunRules, facts: _Facts, line: BillableLine, cycles: list[_Cycle], items: list[BillItem]
) -> None:
    subject = line.subject
    for period, price, quantity, discounts in cycles:
        what = (line.line_key, period, line.cycle_months, price[3], quantity[3], line.currency, price[1], quantity[1])
        allowances: tuple[tuple[str, int], ...] = ()
        if discounts:
            charge, allowances = discounted_cycle(*what, tuple(row[1:] for row in discounts))
        else:
            charge = whole_cycle(*what)
        taxed = _taxes(rules, facts, line, period)
        if taxed is None:
            _add_charge(rules, facts, line, charge_from_plain(charge), items)
            continue
        order = (line.contract_id, line.service_id, period[0], "recurring", line.line_key, period[1])
        items.append(BillItem(order, charge, subject, taxed, allowances))


def _add_charge(rules: RunRules, facts: _Facts, line: BillableLine, charge: OwedCharge, items: list[BillItem]) -> None:
    """What is taken back keeps names, taxes and exchange rate of the line it corrects; what the law splits is two lines."""
    place = {"contract_id": line.contract_id, "service_id": line.service_id}
    original = facts.corrected.get(charge.corrects or 0)
    if original is not None:
        taxed = _shared(rules, original.taxes)
        items.append(
            bill_item(
                charge=charge, subject=original.subject, taxes=taxed, corrects=original.reference,
                exchange=original.exchange, **place,
            )
        )  # fmt: skip
        return
    about = {**place, "subject": line.subject}
    measured = ""
    if charge.kind is ChargeKind.USAGE:
        price = line.usage_price_on(charge.period.start.isoformat())
        measured = measured_text(charge=charge, measured=facts.measured.get(line.line_key, ()), price=price)
    for part, decisions in _desk(rules, facts, line).taxed(charge, line.tax_class):
        items.append(bill_item(charge=part, taxes=_shared(rules, decisions), measured=measured, **about))


def _taxes(rules: RunRules, facts: _Facts, line: BillableLine, period: tuple[str, str]) -> LineTaxes | None:
    """The taxes of a whole cycle, decided once for each buyer and class; None where the law splits it by days."""
    key = (line.group_key, line.tax_class, *period)
    decided = facts.decided.get(key)
    if decided is None:
        days = Period(date.fromisoformat(period[0]), date.fromisoformat(period[1]))
        decisions = _desk(rules, facts, line).taxes_of(line.tax_class, days)
        if decisions is None:
            return None
        decided = facts.decided[key] = _shared(rules, decisions)
    return decided


def _shared(rules: RunRules, decisions: tuple[TaxDecision, ...]) -> LineTaxes:
    """Most buyers of a seller are taxed alike; equal decisions share their text."""
    found = rules.taxed.get(decisions)
    if found is None:
        found = rules.taxed[decisions] = LineTaxes(decisions)
    return found


def _desk(rules: RunRules, facts: _Facts, line: BillableLine) -> BuyerDesk:
    desk = facts.desks.get(line.customer_key)
    if desk is None:
        buyer = facts.buyers[line.group_key]
        party = facts.evidence.party(
            customer_id=buyer.customer_id, country=buyer.country, state=buyer.state, postal_code=buyer.postal_code,
            is_business=buyer.is_business,
        )  # fmt: skip
        desk = facts.desks[line.customer_key] = rules.desk.of(party)
    return desk


def _head(rules: RunRules, buyer: Buyer, currency: str, mandate: DebitMandate | None) -> HeadText:
    seller = rules.seller
    debit = ("", "", "")
    if mandate is not None:
        debit = (mandate.reference, seller.creditor_ids.get(currency, ""), mandate.account)
    return HeadText(
        sales_organisation_id=seller.organisation_id, issued_on=rules.issued_on.isoformat(), currency=currency,
        due_on=(rules.issued_on + timedelta(days=buyer.payment_days)).isoformat(), language=buyer.language,
        seller=rules.seller_text, buyer=buyer.party, bill_to=buyer.bill_to,
        payment=texts.payment_text(
            rules.account(currency), buyer.payment_days, debit[0], debit[1], seller.paynow_for(currency), debit[2]
        ),
        accounting_rate=rules.accounting_rate(currency), exemption_texts=rules.exemption_texts(buyer.language),
        texts=rules.own_texts.canonical("invoice", buyer.language), details_url=seller.details_url,
        credit_texts=rules.own_texts.canonical("credit_note", buyer.language),
    )  # fmt: skip


_DRAFT_FIELDS = (
    "id", "run", "customer", "billing_group", "kind", "currency", "shard_number", "place", "line_count", "net_minor", "canonical",
    "checked_sha256", "einvoice_profile",
)  # fmt: skip


def _store(shard: BillShard, bills: Sequence[_Bill]) -> None:
    places: dict[tuple[int, str], int] = defaultdict(int)
    drafts: list[tuple[object, ...]] = []
    charges: list[tuple[object, ...]] = []
    keys = iter(bulk.reserve_keys(BillDraft, sum(len(bill.drafts) for bill in bills)))
    for bill in bills:
        for customer_key, group_key, profile, draft in bill.drafts:
            key, currency = next(keys), draft.items[0].charge[10]
            place = places[(group_key, currency)]
            places[(group_key, currency)] += 1
            drafts.append((
                key, shard.run_id, customer_key, group_key, draft.kind.value, currency, shard.shard_number, place,
                len(draft.items), draft.net_minor, draft.canonical, frozen.document_hash(draft.canonical.encode()), profile,
            ))  # fmt: skip
            charges += [(*item.charge, key, number) for number, item in enumerate(draft.items, start=1)]
    bulk.insert_plain_rows(BillDraft, _DRAFT_FIELDS, drafts)
    bulk.insert_plain_rows(Charge, (*PLAIN_FIELDS, "draft", "line_number"), charges)
