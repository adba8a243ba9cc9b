"""A bundle in memory while it is being damaged, and which of its rows are still far from every fault."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rackbill.cutover.simulator.columns import COLUMNS
from rackbill.cutover.simulator.dice import Dice


class NoRoom(LookupError):
    """No row that is far from all other faults suits this one."""


@dataclass(slots=True)
class Damage:
    """A bundle in memory while it is being damaged. Rows are lists of cells below `COLUMNS`."""

    bundle: Path
    draw: Dice
    rows: dict[str, list[list[str]]]
    headers: dict[str, list[str]]
    families: dict[str, list[frozenset[str]]]
    touched: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    reserved: set[str] = field(default_factory=set)

    def cell(self, file: str, index: int, column: str) -> str:
        """The text of one cell."""
        return self.rows[file][index][COLUMNS[file].index(column)]

    def put(self, file: str, index: int, column: str, value: str) -> None:
        """Writes one cell."""
        self.rows[file][index][COLUMNS[file].index(column)] = value
        self.changed.add(file)

    def take(self, file: str, suits: Callable[[Callable[[str], str]], bool]) -> int:
        """Index of a random row that suits and whose customers have no fault yet; they count as touched from now on.

        `suits` is given a function from column to text. Raises NoRoom.
        """
        if file in self.reserved:
            raise NoRoom(f"{file} has a fault in its header already")
        families = self.families[file]
        start = self.draw.randrange(len(families)) if families else 0
        for index in [*range(start, len(families)), *range(start)]:
            family = families[index]
            if family and not family & self.touched and suits(lambda column, i=index: self.cell(file, i, column)):
                self.touched |= family
                return index
        raise NoRoom(f"{file} has no suitable row of an untouched customer left")

    def append(self, file: str, row: list[str]) -> int:
        """Adds a row at the end and gives its index."""
        self.rows[file].append(row)
        self.changed.add(file)
        return len(self.rows[file]) - 1
