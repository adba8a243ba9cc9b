"""Computing one shard of a bill run: owed minus charged, as drafts without a number, or parked with a reason."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from django.db import transaction

from rackbill.core import document as frozen
from rackbill.core.charges import Charge as OwedCharge
from rackbill.core.charges import Charged, ContradictoryTerms, Usage, charges_unbilled
from rackbill.core.document import PaymentInstructions
from rackbill.core.invoicing import BillableCharge, BillHead, Draft, ExchangeRate, draft_invoices
from rackbill.core.tax import NoTaxRule
from rackbill.core.tax.desk import BuyerDesk, TaxDesk
from rackbill.core.terms import ContractTerms, LineKind
from rackbill.domain.billing import policy
from rackbill.domain.billing.models import BillDraft, BillRun, BillShard, Charge, ParkedBill
from rackbill.domain.billing.queries import charged_by_line, corrected_lines
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


@dataclass(slots=True)
class _Rules:
    """What is the same for all customers of a run, read once for each shard."""

    seller: Seller
    desk: TaxDesk
    issued_on: date
    through: date
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    rates: dict[str, ExchangeRate] = field(default_factory=dict)

    def exemption_texts(self, language: str) -> dict[str, str]:
        if language not in self.texts:
            self.texts[language] = taxes.exemption_texts(language=language, seller_country=self.seller.country)
        return self.texts[language]

    def accounting_rate(self, currency: str) -> ExchangeRate | None:
        target = self.seller.accounting_currency
        if currency == target:
            return None
        if currency not in self.rates:
            self.rates[currency] = taxes.exchange_rate(
                source_currency=currency, target_currency=target, on=self.issued_on, country=self.seller.country
            )
        return self.rates[currency]


def _rules(seller: Seller, issued_on: date, through: date) -> _Rules:
    own = taxes.seller(organisation_id=seller.organisation_id, country=seller.country, state=seller.state)
    desk = TaxDesk(seller=own, table=taxes.tax_table(), issued_on=issued_on)
    return _Rules(seller=seller, desk=desk, issued_on=issued_on, through=through)


@dataclass(slots=True)
class _Bill:
    """The drafts of one customer with the billing group of each."""

    drafts: list[tuple[int, int, Draft]] = field(default_factory=list)
    settled: dict[int, date] = field(default_factory=dict)


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
    rules = _rules(seller, run.issued_on, run.through)
    keys = [
        key
        for customer_id, key in parties.customers_billed_by_us(organisation_id=seller.organisation_id, on=run.issued_on)
        if shard.first_customer_id <= customer_id <= shard.last_customer_id
    ]
    count = _compute(run, rules, keys)
    shard.is_computed = True
    shard.save(update_fields=["is_computed"])
    return count


def preview_bills(
    *, organisation_id: str, customer_keys: Sequence[int], through: date, issued_on: date
) -> tuple[list[Draft], list[tuple[int, str]]]:
    """What a run on that day would bill the customers, and (customer key, reason) where it would park; nothing is stored."""
    seller = parties.seller(organisation_id=organisation_id)
    rules = _rules(seller, issued_on, through)
    bills, faults = _bills(rules, customer_keys)
    return [draft for bill in bills for _customer, _group, draft in bill.drafts], [(k, str(f)) for k, f in faults]


def _compute(run: BillRun, rules: _Rules, customer_keys: Sequence[int]) -> int:
    bills, faults = _bills(rules, customer_keys)
    ParkedBill.objects.bulk_create(
        ParkedBill(run=run, customer_id=key, code=policy.park_code(fault), reason=str(fault)[:500])
        for key, fault in faults
    )
    _store(run, bills)
    contracts.mark_settled(until_by_line={key: day for bill in bills for key, day in bill.settled.items()})
    return sum(len(bill.drafts) for bill in bills)


def _bills(rules: _Rules, customer_keys: Sequence[int]) -> tuple[list[_Bill], list[tuple[int, Exception]]]:
    lines = contract_queries.billable_lines(customer_keys=customer_keys, zone=ZoneInfo(rules.seller.time_zone))
    buyers = parties.buyers(customer_keys=customer_keys)
    evidence = taxes.evidence(customer_ids=[b.customer_id for b in buyers.values()])
    mandates = receivables.mandates(customer_keys=customer_keys)
    unsettled = [line.terms.line_id for line in lines if line.terms is not None and line.terms.settled_until is None]
    charged = charged_by_line(line_keys=unsettled)
    measured = usage.measured(
        line_keys=[t.line_id for t in (x.terms for x in lines) if t and t.kind is LineKind.METERED]
    )
    by_customer: dict[int, list[BillableLine]] = defaultdict(list)
    for line in lines:
        by_customer[line.customer_key].append(line)
    bills: list[_Bill] = []
    faults: list[tuple[int, Exception]] = []
    for customer_key, own_lines in by_customer.items():
        try:
            bills.append(_bill(rules, own_lines, charged, measured, buyers, evidence, mandates))
        except (ContradictoryTerms, NoTaxRule, NoExchangeRate, frozen.InvalidDocument, ValueError) as fault:
            faults.append((customer_key, fault))
    return bills, faults


def _bill(
    rules: _Rules, lines: Sequence[BillableLine], charged: dict[int, list[Charged]], measured: Usage, buyers: dict[int, Buyer],
    evidence: taxes.Evidence, mandates: dict[tuple[int, str], str],
) -> _Bill:  # fmt: skip
    bill = _Bill()
    groups: dict[tuple[int, str], list[BillableLine]] = defaultdict(list)
    for line in lines:
        if line.terms is None:
            raise ContradictoryTerms(line.contradiction)
        groups[(line.group_key, line.currency)].append(line)
    for (group_key, currency), group_lines in sorted(groups.items()):
        buyer = buyers[group_key]
        charges = _billable_charges(rules, group_lines, charged, measured, buyer, currency, evidence)
        if not charges:
            continue
        corrected = {item.charge.line_id for item in charges if item.charge.corrects is not None}
        for item in charges:
            charge = item.charge
            if charge.line_id in corrected:
                continue
            bill.settled[charge.line_id] = max(charge.period.end, bill.settled.get(charge.line_id, charge.period.end))
        head = _head(rules, buyer, currency, mandates.get((buyer.customer_key, currency), ""))
        for draft in draft_invoices(head=head, charges=charges):
            frozen.check(draft.document, is_draft=True)
            bill.drafts.append((buyer.customer_key, group_key, draft))
    return bill


def _billable_charges(
    rules: _Rules, lines: Sequence[BillableLine], charged: dict[int, list[Charged]], measured: Usage, buyer: Buyer, currency: str,
    evidence: taxes.Evidence,
) -> list[BillableCharge]:  # fmt: skip
    by_key = {line.terms.line_id: line for line in lines if line.terms is not None}
    terms = ContractTerms(
        contract_id=lines[0].subject.contract_id, currency=currency,
        lines=tuple(line.terms for line in lines if line.terms is not None),
    )  # fmt: skip
    unbilled = charges_unbilled(terms=terms, charged=charged, through=rules.through, usage=measured)
    if not unbilled:
        return []
    corrected = corrected_lines(charge_keys=[c.corrects for c in unbilled if c.corrects is not None])
    desk = _buyer_desk(rules, buyer, evidence)
    result = []
    for charge in unbilled:
        line = by_key[charge.line_id]
        original = corrected.get(charge.corrects or 0)
        if original is not None:
            result.append(BillableCharge(charge=charge, subject=line.subject, taxes=original.taxes,
                                         corrects=original.reference, exchange=original.exchange))  # fmt: skip
            continue
        for part, decided in desk.taxed(charge, line.tax_class):
            result.append(BillableCharge(charge=part, subject=line.subject, taxes=decided))
    return result


def _buyer_desk(rules: _Rules, buyer: Buyer, evidence: taxes.Evidence) -> BuyerDesk:
    party = evidence.party(
        customer_id=buyer.customer_id, country=buyer.country, state=buyer.state, postal_code=buyer.postal_code,
        is_business=buyer.is_business,
    )  # fmt: skip
    return rules.desk.of(party)


def _head(rules: _Rules, buyer: Buyer, currency: str, mandate: str) -> BillHead:
    seller = rules.seller
    return BillHead(
        sales_organisation_id=seller.organisation_id, issued_on=rules.issued_on, currency=currency,
        language=buyer.language, seller=seller.party, buyer=buyer.party, bill_to=buyer.bill_to,
        payment=PaymentInstructions(
            account=seller.accounts.get(currency), payment_days=buyer.payment_days, mandate_reference=mandate,
            creditor_id=seller.creditor_ids.get(currency, "") if mandate else "",
        ),
        accounting_rate=rules.accounting_rate(currency), exemption_texts=rules.exemption_texts(buyer.language),
    )  # fmt: skip


_CHARGE_FIELDS = (
    "contract_line", "kind", "period_start", "period_end", "revision", "quantity", "unit", "unit_price",
    "price_base_quantity", "amount_minor", "currency", "allowances", "step", "rule", "formula", "facts", "corrects", "draft",
    "line_number",
)  # fmt: skip


def _store(run: BillRun, bills: Sequence[_Bill]) -> None:
    places: dict[tuple[int, str], int] = defaultdict(int)
    rows: list[tuple[BillDraft, Draft]] = []
    for bill in bills:
        for customer_key, group_key, draft in bill.drafts:
            value = draft.document
            place = places[(group_key, value.currency)]
            places[(group_key, value.currency)] += 1
            rows.append((
                BillDraft(
                    run=run, customer_id=customer_key, billing_group_id=group_key, kind=value.kind.value,
                    currency=value.currency, place=place, line_count=len(value.lines), net_minor=value.totals.net_minor,
                    canonical=frozen.canonical_bytes(value).decode(),
                ),
                draft,
            ))  # fmt: skip
    BillDraft.objects.bulk_create([row for row, _ in rows], batch_size=500)
    bulk.insert_rows(
        Charge, _CHARGE_FIELDS, (_charge_row(row.pk, i, c) for row, d in rows for i, c in enumerate(d.charges, 1))
    )


def _charge_row(draft_key: int, line_number: int, c: OwedCharge) -> tuple[object, ...]:
    return (
        c.line_id, c.kind.value, c.period.start, c.period.end, c.revision, c.quantity, c.unit, c.unit_price,
        c.price_base_quantity, c.amount_minor, c.currency, [[a.reason, a.amount_minor] for a in c.allowances],
        c.step, c.cause.rule, c.cause.formula, [list(fact) for fact in c.cause.facts], c.corrects, draft_key, line_number,
    )  # fmt: skip
