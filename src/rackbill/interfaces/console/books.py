"""`rackbill check-books` and `rackbill verify`."""

import json
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from rackbill.core import document as frozen
from rackbill.domain.access import invariants as access
from rackbill.domain.billing import invariants as billing
from rackbill.domain.catalogue import invariants as catalogue
from rackbill.domain.contracts import invariants as contracts
from rackbill.domain.dispatch import invariants as dispatch
from rackbill.domain.documents import invariants as documents
from rackbill.domain.equipment import invariants as equipment
from rackbill.domain.history import invariants as history
from rackbill.domain.identifiers import invariants as identifiers
from rackbill.domain.kit.secrets import is_signed
from rackbill.domain.ordering import invariants as ordering
from rackbill.domain.parties import invariants as parties
from rackbill.domain.receivables import invariants as receivables
from rackbill.domain.taxes import invariants as taxes
from rackbill.domain.usage import invariants as usage
from rackbill.interfaces.console import answers

NOUNS = (
    documents, billing, receivables, dispatch, history, identifiers, taxes, parties, access, catalogue, equipment,
    contracts, usage, ordering,
)  # fmt: skip


def violations() -> list[str]:
    """Every violation in the books and under them, one sentence each."""
    return list(chain.from_iterable(noun.violations() for noun in NOUNS))


def register(app: typer.Typer) -> None:
    """Adds the commands."""

    @app.command("check-books")
    def check_books(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
        """Check numbers, dates, hashes, chain, totals, charges and ledger of everything issued."""
        found, checked = violations(), documents.checked_count()
        if as_json:
            answers.print_json({"checked": checked, "violations": found})
        else:
            for sentence in found:
                answers.out.print(f"✗ {sentence}")
            answers.out.print(f"{checked} documents checked, {len(found)} violations")
        if found:
            raise answers.CheckFailed

    @app.command("verify")
    def verify(
        file: Path,
        key: Annotated[str | None, typer.Option(help="the public key that must have signed (base64)")] = None,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Check the signature of a report, or the invariants and hash of a document's canonical form."""
        content = file.read_bytes()
        data = json.loads(content)
        if isinstance(data, dict) and {"report", "signature", "public_key"} <= set(data):
            body = json.dumps(data["report"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
            good = is_signed(body, data["signature"], key or data["public_key"])
            answer = {"kind": "report", "is_good": good, "public_key": data["public_key"]}
        else:
            document = frozen.document_from_canonical(content)
            frozen.check(document)
            good = frozen.canonical_bytes(document) == content
            answer = {"kind": "document", "is_good": good, "sha256": frozen.document_hash(content)}
        if as_json:
            answers.print_json(answer)
        else:
            answers.out.print(", ".join(f"{name}: {value}" for name, value in answer.items()))
        if not good:
            raise answers.CheckFailed
