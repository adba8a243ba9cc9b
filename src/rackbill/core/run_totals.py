"""What the documents of a run come to: sums by currency, product family and tax, and how they differ from last month.

Both sums are folded document by document and customer by customer, so that a run of any size needs little memory.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rackbill.core.bill_comparison import ComparedBill, Difference, Mover, Reason, line_taxes
from rackbill.core.document import Document, DocumentKind, DocumentLine
from rackbill.core.tax import tax_breakdown

MOVERS = 10
"""How many of the largest differences a report names in each currency."""


@dataclass(slots=True)
class _Sum:
    invoices: int = 0
    credit_notes: int = 0
    lines: int = 0
    net_minor: int = 0
    tax_minor: int = 0


@dataclass(slots=True)
class RunTotals:
    """Sums over documents; credit notes count negative. With `lines` given, only those of a document count."""

    by_currency: dict[str, _Sum] = field(default_factory=lambda: defaultdict(_Sum))
    by_family: dict[tuple[str, str], _Sum] = field(default_factory=lambda: defaultdict(_Sum))
    by_tax: dict[tuple[str, ...], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def add(self, document: Document, lines: Sequence[DocumentLine] | None = None) -> None:
        """Takes one document in."""
        is_whole = lines is None or len(lines) == len(document.lines)
        wanted = document.lines if lines is None else lines
        is_credit = document.kind is DocumentKind.CREDIT_NOTE
        sign = -1 if is_credit else 1
        breakdown = (
            document.tax_subtotals if is_whole else tax_breakdown([(line.net_minor, line.taxes) for line in wanted])
        )
        total = self.by_currency[document.currency]
        total.credit_notes += is_credit
        total.invoices += not is_credit
        total.lines += len(wanted)
        total.net_minor += sign * sum(line.net_minor for line in wanted)
        total.tax_minor += sign * sum(row.tax_minor for row in breakdown)
        taxes = dict(zip((line.line_number for line in document.lines), line_taxes(document), strict=True))
        for line in wanted:
            family = self.by_family[(document.currency, line.subject.product_id)]
            family.lines += 1
            family.net_minor += sign * line.net_minor
            family.tax_minor += sign * taxes[line.line_number]
        for row in breakdown:
            rate = f"{row.rate.normalize():f}"
            sums = self.by_tax[(document.currency, row.jurisdiction, row.regime, row.code, rate, row.exemption_code)]
            sums[0] += sign * row.base_minor
            sums[1] += sign * row.tax_minor

    def plain(self) -> dict[str, Any]:
        """The sums as texts and whole numbers, in a fixed order."""
        tax_names = ("currency", "jurisdiction", "regime", "code", "rate", "exemption_code")
        return {
            "totals": [
                {
                    "currency": currency, "invoices": s.invoices, "credit_notes": s.credit_notes, "lines": s.lines,
                    "net_minor": s.net_minor, "tax_minor": s.tax_minor, "gross_minor": s.net_minor + s.tax_minor,
                }
                for currency, s in sorted(self.by_currency.items())
            ],
            "families": [
                {"currency": currency, "product_id": product, "lines": s.lines, "net_minor": s.net_minor}
                for (currency, product), s in sorted(
                    self.by_family.items(), key=lambda item: (item[0][0], -item[1].net_minor, item[0][1])
                )
            ],
            "taxes": [
                {**dict(zip(tax_names, key, strict=True)), "base_minor": base, "tax_minor": tax}
                for key, (base, tax) in sorted(self.by_tax.items())
            ],
        }  # fmt: skip


@dataclass(slots=True)
class _Change:
    customers: int = 0
    net_minor: int = 0
    tax_minor: int = 0


@dataclass(slots=True)
class RunDifferences:
    """Differences by reason and currency over customers, with the largest movers."""

    before: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    after: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    by_reason: dict[tuple[str, Reason], _Change] = field(default_factory=lambda: defaultdict(_Change))
    _movers: dict[str, list[tuple[int, str, Mover]]] = field(default_factory=lambda: defaultdict(list))

    def add(
        self, *, customer_id: str, name: str, before: ComparedBill, after: ComparedBill, found: Iterable[Difference]
    ) -> None:
        """Takes in one customer's differences in one currency."""
        currency, reasons = after.currency, dict[Reason, int]()
        self.before[currency] += before.total_minor
        self.after[currency] += after.total_minor
        for row in found:
            change = self.by_reason[(currency, row.reason)]
            change.net_minor += row.net_minor
            change.tax_minor += row.tax_minor
            change.customers += row.reason not in reasons
            reasons[row.reason] = reasons.get(row.reason, 0) + row.total_minor
        mover = Mover(
            customer_id=customer_id, name=name, currency=currency, before_minor=before.total_minor,
            after_minor=after.total_minor,
            by_reason=tuple(sorted(reasons.items(), key=lambda item: (-abs(item[1]), item[0]))),
        )  # fmt: skip
        if mover.difference_minor:
            # Of equal ones the lower customer ID stays, whatever the order in which they come.
            rank = (abs(mover.difference_minor), _turned(customer_id), mover)
            if len(self._movers[currency]) < MOVERS:
                heapq.heappush(self._movers[currency], rank)
            else:
                heapq.heappushpop(self._movers[currency], rank)

    def movers(self, currency: str) -> list[Mover]:
        """The customers whose bill changed most, largest first."""
        return [mover for _size, _id, mover in sorted(self._movers[currency], key=lambda row: row[:2], reverse=True)]

    def plain(self) -> list[dict[str, Any]]:
        """By currency: before, after, the reasons in their order, the movers."""
        order = list(Reason)
        return [
            {
                "currency": currency, "before_minor": self.before[currency], "after_minor": self.after[currency],
                "difference_minor": self.after[currency] - self.before[currency],
                "reasons": [
                    {
                        "reason": reason.value, "customers": change.customers, "net_minor": change.net_minor,
                        "tax_minor": change.tax_minor, "total_minor": change.net_minor + change.tax_minor,
                    }
                    for (c, reason), change in sorted(self.by_reason.items(), key=lambda item: order.index(item[0][1]))
                    if c == currency
                ],
                "movers": [
                    {
                        "customer_id": m.customer_id, "name": m.name, "before_minor": m.before_minor,
                        "after_minor": m.after_minor, "difference_minor": m.difference_minor,
                        "reasons": [{"reason": r.value, "total_minor": minor} for r, minor in m.by_reason],
                    }
                    for m in self.movers(currency)
                ],
            }
            for currency in sorted(self.after)
        ]  # fmt: skip


def _turned(customer_id: str) -> str:
    """A text that sorts the other way round."""
    return "".join(chr(0x10FFFF - ord(character)) for character in customer_id)
