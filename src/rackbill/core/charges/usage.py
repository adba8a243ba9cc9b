from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from rackbill.core.charges.charge import Charge
from rackbill.core.terms import TermLine


def usage_charges(line: TermLine, currency: str, through: date, measured: Sequence[Any]) -> Iterator[Charge]:
    yield from ()
