"""A customer's money as steps of a story: payments, what was allocated and taken off by hand, returns, refunds, write-offs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rackbill.core.money import decimal_from_minor
from rackbill.domain.receivables.queries import Movement
from rackbill.formats.scenario_file import steps

Told = tuple[str, Any]
"""The name of a step and its value."""


@dataclass(slots=True)
class _Share:
    """A payment of the story: what of a real payment came to one document first. `on` is what of it pays which document."""

    place: int
    on: dict[str, int]
    free_minor: int = 0
    is_returned: bool = False


@dataclass(slots=True)
class MoneyTold:
    """What of a customer's money the story says by now; `numbers` are the documents of the story in their order."""

    numbers: Sequence[str]
    payments: int = 0
    shares: dict[tuple[str, str], list[_Share]] = field(default_factory=dict)

    def steps(self, movement: Movement, currency: str) -> Iterator[Told]:
        """The steps that say a movement: mostly one, none for the other half of one."""
        place = self.numbers.index(movement.number) + 1
        amount = decimal_from_minor(abs(movement.amount_minor), currency)
        if movement.kind == "write_off":
            yield "write_off", steps.WriteOffStep(document=place, amount=amount, reason="written off")
        elif movement.kind == "refund":
            yield "refund", steps.RefundStep(document=place, amount=amount)
        elif movement.source_kind == "credit_note" and movement.source_id in self.numbers:
            yield from self._credit(movement, place, amount)
        elif movement.amount_minor < 0:
            yield from self._paid(movement, place, currency)
        elif movement.is_returned:
            yield from self._returned(movement)
        else:
            yield from self._taken_off(movement, place, currency)

    def _credit(self, movement: Movement, place: int, amount: Decimal) -> Iterator[Told]:
        if movement.number == movement.source_id:
            return
        credit = self.numbers.index(movement.source_id) + 1
        if movement.amount_minor < 0:
            yield "allocate", steps.AllocateStep(document=place, credit=credit, amount=amount)
        else:
            yield "deallocate", steps.DeallocateStep(document=place, credit=credit, amount=amount)

    def _of(self, movement: Movement) -> list[_Share]:
        return self.shares.setdefault((movement.source_kind, movement.source_id), [])

    def _paid(self, movement: Movement, place: int, currency: str) -> Iterator[Told]:
        """From what was taken off another document before; the rest is a payment of its own."""
        rest = -movement.amount_minor
        for share in self._of(movement):
            part = 0 if share.is_returned else min(share.free_minor, rest)
            if part:
                share.free_minor -= part
                share.on[movement.number] = share.on.get(movement.number, 0) + part
                rest -= part
                amount = decimal_from_minor(part, currency)
                yield "allocate", steps.AllocateStep(document=place, payment=share.place, amount=amount)
        if rest:
            self.payments += 1
            self._of(movement).append(_Share(self.payments, {movement.number: rest}))
            yield "payment", steps.PaymentStep(amount=decimal_from_minor(rest, currency), document=place)

    def _returned(self, movement: Movement) -> Iterator[Told]:
        for share in self._of(movement):
            if not share.is_returned:
                share.is_returned = True
                yield "return_payment", steps.ReturnPaymentStep(payment=share.place)

    def _taken_off(self, movement: Movement, place: int, currency: str) -> Iterator[Told]:
        rest = movement.amount_minor
        for share in reversed(self._of(movement)):
            part = 0 if share.is_returned else min(share.on.get(movement.number, 0), rest)
            if part:
                share.on[movement.number] -= part
                share.free_minor += part
                rest -= part
                amount = decimal_from_minor(part, currency)
                yield "deallocate", steps.DeallocateStep(document=place, payment=share.place, amount=amount)
