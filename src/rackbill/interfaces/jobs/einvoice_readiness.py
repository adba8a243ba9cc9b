"""What the doors add to readiness: the rules this installation has, and the letters its document fonts have."""

from collections.abc import Iterable
from dataclasses import dataclass

from rackbill.formats import fonts, rule_packs
from rackbill.interfaces.jobs import einvoice_rules


@dataclass(frozen=True, slots=True)
class UnprintableName:
    """A name with characters that no document font has, and what stands on documents in its place."""

    text: str
    characters: str
    printed: str


def imported_profiles() -> frozenset[str]:
    """The profiles whose official rules can be run, those that come with Rackbill included."""
    return rule_packs.usable_profiles(einvoice_rules.packs())


def unprintable_names(texts: Iterable[str]) -> list[UnprintableName]:
    """Those of the texts that cannot be printed as they are, each once."""
    return [
        UnprintableName(text, missing, fonts.printable(text))
        for text in dict.fromkeys(texts)
        if (missing := fonts.uncovered_characters(text))
    ]
