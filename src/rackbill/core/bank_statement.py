"""Lines of a bank statement as values, and what makes a line the same line when a file comes twice."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class LineKind(StrEnum):
    """What a line says about the money: it came, it was taken back by the bank, it left, or the bank charged a fee."""

    RECEIVED = "received"
    RETURNED = "returned"
    PAID_OUT = "paid_out"
    BANK_CHARGE = "bank_charge"


IGNORED: dict[LineKind, str] = {
    LineKind.PAID_OUT: "money that left the account pays no invoice",
    LineKind.BANK_CHARGE: "a charge of the bank is an expense of ours",
}
"""Kinds of lines that are kept and never matched, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One movement on an account of ours. `amount_minor` is positive; `kind` says which way the money went."""

    account: str
    bank_reference: str
    booked_on: date
    value_on: date
    kind: LineKind
    currency: str
    amount_minor: int
    payer_name: str = ""
    payer_account: str = ""
    text: str = ""
    end_to_end_id: str = ""
    mandate_reference: str = ""

    def __post_init__(self) -> None:
        if self.amount_minor <= 0:
            raise ValueError(f"a bank line of {self.amount_minor} {self.currency} moves no money; leave it out")


def line_ids(*, organisation_id: str, lines: Sequence[StatementLine]) -> list[str]:
    """The identity of each line, 24 hexadecimal digits: the same file gives the same ones, whatever its name.

    With a reference of the bank a line is what carries it on that day with that amount. Without one it is its whole
    content and its place among equals, so that two equal lines of one file are two; a file must hold whole days.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    ids = []
    for line in lines:
        content: tuple[str, ...] = (
            organisation_id, line.account, line.kind.value, line.booked_on.isoformat(), line.currency, str(line.amount_minor),
        )  # fmt: skip
        if line.bank_reference:
            content += ("reference", line.bank_reference)
        else:
            content += (
                "content", line.value_on.isoformat(), line.payer_name, line.payer_account, line.text,
                line.end_to_end_id, line.mandate_reference,
            )  # fmt: skip
            seen[content] += 1
            content += (str(seen[content]),)
        ids.append(hashlib.sha256("\x1f".join(content).encode()).hexdigest()[:24])
    return ids


@dataclass(frozen=True, slots=True)
class BankStatement:
    """What a bank file says: its lines in their order, and a sentence for each entry that is no line."""

    lines: tuple[StatementLine, ...]
    left_out: tuple[str, ...] = ()


class BankFileRefused(ValueError):
    """A bank file cannot be read without guessing about money; the message names the place and the fault."""
