"""Golden and generated documents as e-invoices of every profile, through XSD, the official rules and back.

python -m tests.campaigns.einvoice_campaign [--documents 2000] [--seed 4] [--packs DIR]

Prints what failed, how many files stood by profile, why others have none, and the counts by tax category, kind and currency.
Where official rules are imported (`rackbill einvoice-rules import`; RACKBILL_HOME/einvoice-rules, or DIR), every file is run
against them too, and printed is for each pack its name, version and SHA-256, the files, what stopped and what warned.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import facturx

from rackbill.core.document import Document
from rackbill.formats.einvoice import PROFILES, EinvoiceRefused, write_einvoice
from rackbill.formats.einvoice_reading import read_einvoice
from rackbill.formats.einvoice_terms import profile_of, terms_of
from rackbill.formats.rule_packs import pack_of
from tests.campaigns.official_rules import OfficialRules, imported_folder
from tests.formats.broken_einvoices import BROKEN
from tests.formats.einvoice_rules_run import RulesRun, schema_errors
from tests.formats.network_rules import network_problems
from tests.world.documents import golden
from tests.world.generated_documents import generated_documents
from tests.world.reachable import reachable


def main() -> int:
    """Runs the campaign; 1 where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--packs", type=Path, default=None, help="a folder of imported packs")
    options = parser.parse_args()
    cells: Counter[str] = Counter()
    files: Counter[str] = Counter()
    refused: Counter[tuple[str, str]] = Counter()
    failures: list[str] = []
    writing = 0.0
    started = time.monotonic()
    with RulesRun() as rules, OfficialRules(options.packs or imported_folder()) as official:
        for name, document in _documents(options.documents, options.seed):
            before_files = sum(files.values())
            for profile in PROFILES:
                before = time.process_time()
                try:
                    xml = write_einvoice(document, profile)
                except EinvoiceRefused as refusal:
                    refused[profile, refusal.rule or type(refusal).__name__] += 1
                    continue
                writing += time.process_time() - before
                files[profile] += 1
                failures += [f"{name} {profile}: {found}" for found in _found(document, profile, xml, rules)]
                if official.imported and official.has_rules_for(profile):
                    official.add(name, profile, xml, must_stop=_must_stop(document, profile, official))
            if sum(files.values()) > before_files:
                for cell in sorted({f"{row.regime} {row.code}" for row in document.tax_subtotals}):
                    cells[f"{cell} {document.kind.value} {document.currency}"] += 1
        failures += _official(official)
    print("\n".join(failures[:50]) or "nothing failed")
    print(f"\nfiles by profile: {dict(files)}; {sum(files.values())} in all, written in {writing:.2f} s of CPU")
    print("no file, by profile and rule:", {" ".join(key): count for key, count in sorted(refused.items())})
    print("\ndocuments by regime, category, kind and currency:")
    print("\n".join(f"  {cell:36} {count:5}" for cell, count in sorted(cells.items())))
    print(f"least: {min(cells.values())}; {len(failures)} failures; {time.monotonic() - started:.0f} s")
    return 1 if failures else 0


def _must_stop(document: Document, profile: str, official: OfficialRules) -> frozenset[str]:
    """Rules that the document cannot meet: Singapore's IRAS wants a company number of every buyer."""
    is_asked = any(rules.part == "iras-c5" for pack in official.packs for rules in pack.files if profile == "pint-sg")
    return frozenset({"IRASC5-034"} if is_asked and not document.buyer.company_number else ())


def _official(official: OfficialRules) -> list[str]:
    """Prints what the imported rules said; the failures, one for each rule and profile."""
    if not official.imported:
        print("no official rules are imported: Peppol, XRechnung and PINT-SG were not asked\n")
        return []
    for pack in official.imported:
        print(f"{pack.profile}: {pack.name} {pack.version}, SHA-256 {pack.checksum}")
    print()
    failures = []
    for profile, tally in official.finish().items():
        pack = pack_of(profile, official.packs)
        print(
            f"{profile}, by {pack.label}: {tally.files} files, {sum(tally.failures.values())} failures, "
            f"{sum(tally.warnings.values())} warnings {dict(tally.warnings) or ''}, "
            f"{sum(tally.refused.values())} rightly refused {dict(tally.refused) or ''}"
        )
        failures += [
            f"{profile} {rule} {count} times, first {tally.first[rule]}" for rule, count in tally.failures.items()
        ]
    return [*failures, *_broken(official)]


def _broken(official: OfficialRules) -> list[str]:
    """Files broken on purpose: the imported rules must name the rule that each breaks, as our own checks do."""
    failures, count = [], 0
    parts = {rules.part for pack in official.imported for rules in pack.files}
    for broken in BROKEN:
        if not official.has_rules_for(broken.profile) or (broken.rule.startswith("IRAS") and "iras-c5" not in parts):
            continue
        count += 1
        theirs = {rule for rule, _flag, _place, _text in official.found(broken.profile, broken.xml)}
        ours = {problem.partition(":")[0] for problem in network_problems(broken.xml, broken.profile)}
        if broken.rule not in theirs or broken.rule not in ours:
            failures.append(f"broken {broken.profile} {broken.rule}: official {sorted(theirs)}, ours {sorted(ours)}")
        if only := {rule for rule in ours - theirs if not rule.startswith("IRAS")}:
            failures.append(f"broken {broken.profile} {broken.rule}: only ours {sorted(only)}")
    print(
        f"\n{count} files broken on purpose, {len(failures)} of them judged otherwise by the official rules than by ours\n"
    )
    return failures


def _documents(count: int, seed: int) -> Iterator[tuple[str, Document]]:
    yield from ((name, reachable(document)) for name, document in golden().items())
    for cell, document in generated_documents(count, seed=seed):
        yield f"{document.number} ({cell})", document


def _found(document: Document, profile: str, xml: bytes, rules: RulesRun) -> Iterator[str]:
    yield from schema_errors(xml)
    if profile == "factur-x":
        facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")
    if profile == "zugferd":
        # Factur-X's form of the rules allows no specification but its own; the network's rules are asked of the UBL twin.
        bare = PROFILES["factur-x"].specification.encode()
        yield from rules.failed(xml.replace(PROFILES[profile].specification.encode(), bare))
        if read_einvoice(xml) != terms_of(document, profile_of("xrechnung")):
            yield "it says something else than XRechnung in UBL"
    elif profile != "pint-sg":
        yield from rules.failed(xml)
    if PROFILES[profile].is_sent and profile != "zugferd":
        yield from network_problems(xml, profile)
    if read_einvoice(xml) != terms_of(document, profile_of(profile)):
        yield "what is read back is not what was written"


if __name__ == "__main__":
    sys.exit(main())
