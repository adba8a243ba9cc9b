"""Seeded draws. The same seed and name give the same draws on every machine; odds are whole numbers per mille."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MARKS = {
    "#": "0123456789",
    "N": "123456789",
    "@": _LETTERS,
    "^": "ABDEFGHJLNPQRSTUWXYZ",  # inward half of a British postcode
    "&": "ABCEGHJKLMNPRSTVWXYZ",  # Canadian postcode
    "%": "ACDEFHKNPRTVWXY",  # Eircode
}


class Dice(random.Random):
    """A stream of draws of its own."""

    def chance(self, per_mille: int) -> bool:
        """True in so many of a thousand draws."""
        return self.randrange(1000) < per_mille

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, all alike."""
        return items[self.randrange(len(items))]

    def weighted(self, items: Sequence[tuple[T, int]]) -> T:
        """One item of (item, weight) pairs."""
        ends = list(accumulate(weight for _, weight in items))
        spot = self.randrange(ends[-1])
        return next(item for (item, _), end in zip(items, ends, strict=True) if spot < end)

    def fill(self, pattern: str, marks: str = "#N@^&%") -> str:
        """The pattern with each mark drawn: # digit, N digit but 0, @ letter, ^ & % letters of some postcodes."""
        return "".join(self.pick(_MARKS[c]) if c in marks and c in _MARKS else c for c in pattern)

    def day(self, first: date, last: date) -> date:
        """A day from `first` to `last`, both possible."""
        return first + timedelta(days=self.randrange(max(0, (last - first).days) + 1))

    def unused(self, taken: set[str], pattern: str, prefix: str = "") -> str:
        """A filled pattern after a prefix that is not in `taken` yet; it is put there."""
        while (text := prefix + self.fill(pattern, "#N@")) in taken:
            pass
        taken.add(text)
        return text


def dice(seed: int, *names: object) -> Dice:
    """The stream of that seed and name."""
    return Dice("/".join(["oldbill", str(seed), *map(str, names)]))
