"""The gate: e-invoices are held against schema and official rules before they get a number, and again before they leave.

Nothing is ever let pass unchecked: while the rule checker is down, a run stays computed and says why, and a dispatch waits.
"""

import hashlib
import logging
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime

from rackbill.adapters.rule_checker import Ran, RuleChecker, RuleCheckerDown, RulesRefused
from rackbill.adapters.rule_packs import PackDamaged
from rackbill.core.document import Document, document_from_canonical, numbered
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import policy
from rackbill.domain.billing import queries as billing_queries
from rackbill.domain.billing.errors import CreditUnchecked
from rackbill.domain.billing.operations import CheckedDraft, FailedDraft
from rackbill.domain.billing.queries import checking
from rackbill.domain.billing.queries.checking import UncheckedDraft
from rackbill.formats import einvoice, einvoice_rules
from rackbill.formats.einvoice_rules import Failure
from rackbill.formats.rule_packs import PROFILES, PackMissing, RulePack, RulesUnknown, pack_of
from rackbill.interfaces.jobs import einvoice_rules as installed
from rackbill.interfaces.jobs.einvoice_rules import UsedRules

PROVISIONAL_NUMBER = "00000000"
PROVISIONAL_UUID = str(uuid.UUID(int=0x50008000000000000000))
CHECKERS = int(os.environ.get("RACKBILL_CHECKERS", str(min(os.cpu_count() or 1, 4))))
"""How many children at most check side by side, each with 250 MB."""
DRAFTS_A_CHECKER = 100
"""A further child pays from so many drafts on: it compiles the rules anew."""
HOLDS = (RuleCheckerDown, RulesRefused, RulesUnknown, PackDamaged)
"""What keeps everybody's e-invoices waiting; anything else is about one document."""
OnStep = Callable[[str, int, int], None]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An e-invoice with what it failed; none means that it passed, and `checked_with` says what."""

    xml: bytes = b""
    failures: tuple[Failure, ...] = ()
    checked_with: str = ""


@dataclass(slots=True)
class _Waiting:
    """A document whose XML is well formed, with the rules it must pass."""

    place: int
    xml: bytes
    used: UsedRules


@dataclass(slots=True)
class Gate:
    """One rule checker with the packs of this moment. Not for several threads at once."""

    checker: RuleChecker = field(default_factory=RuleChecker)
    _packs: list[RulePack] = field(default_factory=list)

    def check(self, documents: Sequence[tuple[Document, str]]) -> list[Verdict]:
        """What each document (with its profile) fails once it is written. Raises one of HOLDS where that cannot be told."""
        self._read_packs()
        return self._judged([self._written(place, *pair) for place, pair in enumerate(documents)])

    def check_again(self, xml: bytes, profile: str) -> Verdict:
        """What a written e-invoice fails, byte for byte as it will leave. Raises one of HOLDS."""
        self._read_packs()
        (verdict,) = self._judged([self._held_against(0, xml, profile)])
        return verdict

    def close(self) -> None:
        """Ends the child."""
        self.checker.close()

    def _read_packs(self) -> None:
        if not self._packs:
            self._packs = installed.packs()

    def _judged(self, all_found: Sequence["_Waiting | Verdict"]) -> list[Verdict]:
        verdicts: dict[int, Verdict] = {}
        waiting: dict[str, list[_Waiting]] = {}
        for place, found in enumerate(all_found):
            if isinstance(found, Verdict):
                verdicts[place] = found
            else:
                waiting.setdefault(found.used.label, []).append(found)
        for group in waiting.values():
            sheets = group[0].used.style_sheets
            answers = self.checker.check(style_sheets=sheets, documents=[one.xml.decode() for one in group])
            for one, ran in zip(group, answers, strict=True):
                failures = _failures(one.used, ran)
                label = "" if failures else one.used.label
                verdicts[one.place] = Verdict(xml=one.xml, failures=tuple(failures), checked_with=label)
        return [verdicts[place] for place in range(len(all_found))]

    def _written(self, place: int, document: Document, profile: str) -> _Waiting | Verdict:
        if missing := self._missing(profile):
            return Verdict(failures=(missing,))
        failures = einvoice_rules.document_failures(document, profile=profile)
        try:
            xml = einvoice.write_einvoice(document, profile)
        except ValueError as refusal:
            return Verdict(failures=(*failures, _unwritten(refusal)))
        if failures:
            return Verdict(xml=xml, failures=(*failures, *self._off_schema(xml, profile)))
        return self._held_against(place, xml, profile)

    def _held_against(self, place: int, xml: bytes, profile: str) -> _Waiting | Verdict:
        if failures := self._off_schema(xml, profile):
            return Verdict(xml=xml, failures=tuple(failures))
        try:
            used = installed.used_rules(profile=profile, root=einvoice_rules.xml_root(xml), among=self._packs)
        except PackMissing as refusal:
            return Verdict(xml=xml, failures=(Failure(rule="RB-PACK", text=str(refusal), is_told=True),))
        return _Waiting(place, xml, used)

    def _off_schema(self, xml: bytes, profile: str) -> list[Failure]:
        """Where the XML breaks the schema that was imported with the profile's rules, else the one that comes with Rackbill."""
        return einvoice_rules.schema_failures(
            xml, imported=lambda root: installed.imported_schema(profile=profile, root=root, among=self._packs)
        )

    def _missing(self, profile: str) -> Failure | None:
        try:
            if profile in PROFILES:
                pack_of(profile, self._packs)
        except PackMissing as refusal:
            return Failure(rule="RB-PACK", text=str(refusal), is_told=True)
        return None


def _unwritten(refusal: ValueError) -> Failure:
    rule, term = getattr(refusal, "rule", ""), getattr(refusal, "term", "")
    text = str(refusal).replace(PROVISIONAL_NUMBER, "the document")
    return Failure(rule=rule or "RB-UNWRITTEN", text=text, terms=tuple(filter(None, [term])), is_told=True)


def _failures(used: UsedRules, ran: Sequence[Ran]) -> list[Failure]:
    found: list[Failure] = []
    looked = {part: 0 for _key, part in used.parts}
    for (_key, part), one in zip(used.parts, ran, strict=True):
        looked[part] += one.rule_count
        if one.fault:
            found.append(Failure(rule="RB-FAULT", text=one.fault))
        found += einvoice_rules.report_failures(one.report)
    # Rules that looked at nothing have let nothing pass.
    found += [
        Failure(rule="RB-FAULT", text=f"no rule of {part} looks at this document")
        for part, count in looked.items()
        if not count and not found
    ]
    return found


def hold_words(fault: Exception) -> str:
    """Why everything waits, with the way out."""
    way_out = "" if isinstance(fault, RuleCheckerDown) else "; see rackbill einvoice-rules list"
    return f"{fault}{way_out}"[:300]


def check_run(*, run_id: str, now: datetime, on_step: OnStep | None = None) -> bool:
    """Checks what a computed run holds of unchecked e-invoices; whether none is left. May run twice, or die at any line.

    A draft that passed is noted, one that failed takes its billing group out of the run. While the checker is down the
    run keeps its state and says why. Raises RunNotFound.
    """
    summary = billing_queries.run_summary(run_id=run_id)
    if summary.state != "computed":
        return True
    checked, total = checking.einvoice_counts(run_id=run_id)
    if checked == total:
        billing.hold_run(run_id=run_id, reason="")
        return True
    gates = [Gate() for _ in range(max(1, min(CHECKERS, (total - checked) // DRAFTS_A_CHECKER)))]
    try:
        for drafts in _portions(run_id, policy.CHECK_BLOCK * len(gates)):
            _settle(run_id, drafts, _side_by_side(gates, drafts), now)
            checked += len(drafts)
            if on_step is not None:
                on_step("e-invoices", min(checked, total), total)
    except HOLDS as fault:
        log.warning("run %s is held: %s", run_id, fault)
        billing.hold_run(run_id=run_id, reason=hold_words(fault))
        return False
    finally:
        for gate in gates:
            gate.close()
    billing.hold_run(run_id=run_id, reason="")
    return True


def check_waiting_runs(*, now: datetime) -> int:
    """Goes on with the runs that were held, as after the checker was down; how many are done."""
    return sum(check_run(run_id=run_id, now=now) for run_id in checking.held_runs())


def _portions(run_id: str, at_most: int) -> Iterator[list[UncheckedDraft]]:
    after = 0
    while drafts := checking.unchecked_drafts(run_id=run_id, after_key=after, at_most=at_most):
        yield drafts
        after = drafts[-1].key


def _side_by_side(gates: Sequence[Gate], drafts: Sequence[UncheckedDraft]) -> list[Verdict]:
    """The verdicts in order. Each thread has a gate, so a child, of its own; none of them touches the database."""
    documents = [(_provisional(draft.canonical), draft.profile) for draft in drafts]
    if len(gates) == 1:
        return gates[0].check(documents)
    size = -(-len(documents) // len(gates))
    parts = [documents[start : start + size] for start in range(0, len(documents), size)]
    with ThreadPoolExecutor(max_workers=len(gates)) as pool:
        answers = list(pool.map(lambda pair: pair[0].check(pair[1]), zip(gates, parts, strict=False)))
    return [verdict for answer in answers for verdict in answer]


def _provisional(canonical: str) -> Document:
    """The draft as it will be, but for its number: none is spent on what may fail."""
    draft = document_from_canonical(canonical.encode())
    return numbered(draft, number=PROVISIONAL_NUMBER, document_uuid=PROVISIONAL_UUID)


def _settle(run_id: str, drafts: Sequence[UncheckedDraft], verdicts: Sequence[Verdict], now: datetime) -> None:
    pairs = list(zip(drafts, verdicts, strict=True))
    passed = {draft.key: verdict.checked_with for draft, verdict in pairs if not verdict.failures}
    failed = [
        FailedDraft(
            key=draft.key, failures=tuple(asdict(failure) for failure in verdict.failures),
            reason=f"e-invoice ({draft.profile}) of billing group {draft.group_id}: {einvoice_rules.in_words(verdict.failures)}",
        )
        for draft, verdict in pairs
        if verdict.failures
    ]  # fmt: skip
    if passed:
        billing.record_checks(run_id=run_id, checked_with=passed, now=now)
    if failed:
        billing.park_failed_groups(run_id=run_id, failed=failed, now=now)


class CreditStopped(ValueError):
    """A credit note that does not meet the e-invoice rules; no number was spent. The message says what to mend."""


def credit_checked(*, credit: Callable[[CheckedDraft | None], str]) -> str:
    """The number that `credit` gives, called again with the check where the credit note will be an e-invoice.

    Raises CreditStopped, one of HOLDS, and what `credit` raises.
    """
    try:
        return credit(None)
    except CreditUnchecked as asked:
        gate = Gate()
        try:
            (verdict,) = gate.check([(_provisional(asked.canonical.decode()), asked.profile)])
        finally:
            gate.close()
        if verdict.failures:
            words = einvoice_rules.in_words(verdict.failures)
            raise CreditStopped(
                f"the credit note cannot be issued as an e-invoice ({asked.profile}): {words}"
            ) from None
        digest = hashlib.sha256(asked.canonical).hexdigest()
    return credit(CheckedDraft(sha256=digest, checked_with=verdict.checked_with[:300]))
