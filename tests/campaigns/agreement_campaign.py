"""Golden and generated documents in every form: the same identifiers, periods and amounts; and plantings that must be found.

python -m tests.campaigns.agreement_campaign [--documents 2000] [--plantings 100] [--seed 7] [--processes 2]
"""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from rackbill.core.document import Document, canonical_bytes, document_from_canonical
from tests.formats.agreement import disagreements, made_forms, pdf_texts, stated
from tests.formats.agreement_terms import terms_stated
from tests.formats.plantings import plantings
from tests.golden.make import FOLDER
from tests.world.generated_documents import generated_documents

Compared = tuple[str, dict[str, int], list[str]]
"""The document's name, how many facts were looked for in each form, what differs."""


def main() -> int:
    """Runs the campaign; 1 where a form differs or a planting is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--plantings", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    started = time.monotonic()
    forms: Counter[str] = Counter()
    facts: Counter[str] = Counter()
    differing: list[str] = []
    # A worker that has typeset long documents keeps their memory, so none lives for ever.
    with multiprocessing.get_context("spawn").Pool(options.processes, maxtasksperchild=20) as pool:
        for name, counted, found in pool.imap(_compared, _documents(options.documents, options.seed), chunksize=10):
            forms.update(counted.keys())
            facts.update(counted)
            differing += [f"{name} {sentence}" for sentence in found]
    print("\n".join(differing[:50]) or "no form differs from its document")
    golden = len(list(FOLDER.glob("*.json")))
    print(
        f"\ndocuments: {golden} golden, {options.documents} generated (seed {options.seed}); {len(differing)} differences"
    )
    print("form    files    facts compared (PDF: texts of several facts each; page: at most so many)")
    print("\n".join(f"{form:6} {count:6} {facts[form]:10}" for form, count in sorted(forms.items())))
    missed = _planted(options.plantings, options.seed)
    print(f"{time.monotonic() - started:.0f} s")
    return 1 if differing or missed else 0


def _documents(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    for path in sorted(FOLDER.glob("*.json")):
        yield path.stem, path.read_bytes()
    for cell, document in generated_documents(count, seed=seed):
        yield f"{document.number} ({cell})", canonical_bytes(document)


def _compared(task: tuple[str, bytes]) -> Compared:
    name, canonical = task
    document = document_from_canonical(canonical)
    forms = made_forms(document)
    return name, {form: _count(document, form) for form in forms}, disagreements(document, forms)


def _count(document: Document, form: str) -> int:
    if form == "pdf":
        return len(pdf_texts(document))
    facts = terms_stated(document) if form in ("ubl", "cii") else stated(document)
    return sum(bool(text) for text in facts.values())


def _planted(count: int, seed: int) -> int:
    """How many plantings were missed; all of them by form."""
    documents = [document for _cell, document in islice(generated_documents(count, seed=seed), count)]
    tried: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for planting in plantings(documents, count=count, seed=seed):
        tried[planting.form] += 1
        found[planting.form] += bool(planting.found_by)
        if not planting.found_by:
            print(f"MISSED {planting.form} of {planting.number}: {planting.what}")
    print("plantings found:", ", ".join(f"{form} {found[form]} of {total}" for form, total in sorted(tried.items())))
    return sum(tried.values()) - sum(found.values())


if __name__ == "__main__":
    sys.exit(main())
