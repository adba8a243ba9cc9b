"""The official rules that somebody imported, run over many e-invoices by the gate's own checker: what fails and what warns."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from lxml import etree

from rackbill.adapters.rule_checker import RuleChecker
from rackbill.formats.rule_packs import RulePack, usable_profiles

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_SIDE_BY_SIDE = 2
_BATCH = 100


def imported_folder() -> Path:
    """Where this installation keeps imported packs."""
    home = Path(os.environ.get("RACKBILL_HOME", "var"))
    return Path(os.environ.get("RACKBILL_EINVOICE_RULES", home / "einvoice-rules"))


@dataclass(slots=True)
class Tally:
    """What came out of one profile's rules: files, rules that stop, rules that warn, each with where it was first seen.

    `refused` are those that had to stop the file: what they ask for is not in the document, and the gate says so.
    """

    files: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)


class OfficialRules:
    """The packs under a folder of imported ones (RACKBILL_HOME/einvoice-rules); a context that ends its checkers."""

    def __init__(self, folder: Path) -> None:
        os.environ["RACKBILL_EINVOICE_RULES"] = str(folder.resolve())
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rackbill.config.settings")
        from rackbill.interfaces.jobs import einvoice_rules as installed

        self._installed = installed
        self.packs = installed.packs()
        self.tallies: dict[str, Tally] = {}
        self._waiting: dict[tuple[str, str], list[tuple[str, bytes, frozenset[str]]]] = {}
        self._checkers = [RuleChecker() for _ in range(_SIDE_BY_SIDE)]

    def __enter__(self) -> "OfficialRules":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for checker in self._checkers:
            checker.close()

    @property
    def imported(self) -> list[RulePack]:
        """The packs that somebody imported."""
        return [pack for pack in self.packs if not pack.is_built_in]

    def has_rules_for(self, profile: str) -> bool:
        """Whether documents of the profile can be checked."""
        return profile in usable_profiles(self.packs)

    def add(self, name: str, profile: str, xml: bytes, *, must_stop: frozenset[str] = frozenset()) -> None:
        """Puts an e-invoice among those to check; they are run in portions. `must_stop` are rules that it cannot meet."""
        key = (profile, etree.QName(etree.fromstring(xml)).localname)
        waiting = self._waiting.setdefault(key, [])
        waiting.append((name, xml, must_stop))
        if len(waiting) >= _BATCH:
            self._run(key)

    def finish(self) -> dict[str, Tally]:
        """Runs what waits; what came out, by profile."""
        for key in list(self._waiting):
            self._run(key)
        return self.tallies

    def found(self, profile: str, xml: bytes) -> list[tuple[str, str, str, str]]:
        """What the rules say about one e-invoice: rule, flag, place and text of each."""
        root = etree.QName(etree.fromstring(xml)).localname
        return self._answers(profile, root, [xml], self._checkers[0])[0]

    def _run(self, key: tuple[str, str]) -> None:
        waiting, self._waiting[key] = self._waiting.get(key, []), []
        if not waiting:
            return
        profile, root = key
        parts = [waiting[start::_SIDE_BY_SIDE] for start in range(_SIDE_BY_SIDE)]
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            answers = list(pool.map(
                lambda pair: self._answers(profile, root, [xml for _name, xml, _stop in pair[0]], pair[1]),
                zip(parts, self._checkers, strict=True),
            ))  # fmt: skip
        tally = self.tallies.setdefault(profile, Tally())
        for part, rows in zip(parts, answers, strict=True):
            for (name, _xml, must_stop), found in zip(part, rows, strict=True):
                tally.files += 1
                for rule in sorted(must_stop - {row[0] for row in found}):
                    found.append((f"{rule} did not stop it", "fatal", "", ""))
                for rule, flag, place, text in found:
                    is_harmless = flag in ("warning", "warn", "information", "info")
                    kind = tally.warnings if is_harmless else tally.refused if rule in must_stop else tally.failures
                    kind[rule] += 1
                    tally.first.setdefault(rule, f"{name} {place[-120:]}: {text[:200]}")

    def _answers(
        self, profile: str, root: str, documents: list[bytes], checker: RuleChecker
    ) -> list[list[tuple[str, str, str, str]]]:
        used = self._installed.used_rules(profile=profile, root=root, among=self.packs)
        every = checker.check(style_sheets=used.style_sheets, documents=[xml.decode() for xml in documents])
        found = []
        for ran in every:
            rows: list[tuple[str, str, str, str]] = []
            for (_key, part), one in zip(used.parts, ran, strict=True):
                if one.fault or not one.rule_count:
                    rows.append((f"no rule of {part} ran", "fatal", "", one.fault))
                rows += _rows(one.report)
            found.append(rows)
        return found


def _rows(report: str) -> list[tuple[str, str, str, str]]:
    if not report:
        return []
    return [
        (
            element.get("id") or "rule without an ID",
            (element.get("flag") or element.get("role") or "fatal").lower(),
            element.get("location") or "",
            " ".join(" ".join(str(part) for part in element.itertext()).split()),
        )
        for element in etree.fromstring(report.encode()).iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report")
    ]
