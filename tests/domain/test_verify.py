"""`rackbill verify` on a bare machine: what was signed or issued is good, an altered byte is seen, other files are refused."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rackbill.domain.documents import queries as documents
from rackbill.domain.documents.errors import DocumentNotFound
from rackbill.domain.documents.models import Document
from rackbill.domain.kit.scope import CustomerScope, WholeInstallation
from rackbill.domain.kit.secrets import Signer, signed_report
from rackbill.interfaces.console import explain
from tests.world import provider as world_of

SOURCES = Path(__file__).parents[2] / "src"
RECIPE = Path(__file__).parents[2] / "docs" / "recipes" / "verify.py"
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
REPORT = {"run_id": "x", "invoices": 3, "net_minor_by_currency": {"EUR": 12995}, "name": "Müller"}


def verify(folder: Path, content: bytes | None, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, the JSON answer and stderr of the command in an empty folder, without any setting of an installation."""
    path = folder / "given.json"
    if content is not None:
        path.write_bytes(content)
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCES)}
    code = "from rackbill.interfaces.console.main import run; run()"
    command = [sys.executable, "-c", code, "verify", str(path), "--json", *arguments]
    done = subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True, check=False)
    assert sorted(p.name for p in folder.iterdir()) in ([], ["given.json"]), "a bare machine stays bare"
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def recipe(folder: Path, content: bytes, *arguments: str) -> int:
    (folder / "given.json").write_bytes(content)
    command = [sys.executable, "-I", str(RECIPE), str(folder / "given.json"), *arguments]
    return subprocess.run(command, capture_output=True, check=False).returncode


def report() -> dict[str, Any]:
    return signed_report(report=REPORT, signer=SIGNER)


def test_a_signed_report_is_good(tmp_path: Path) -> None:
    content = json.dumps(report(), ensure_ascii=False, indent=1).encode()
    code, answer, _ = verify(tmp_path, content, "--key", SIGNER.public_key_text)
    assert (code, answer["is_good"], answer["kind"], answer["signed_by"]) == (0, True, "report", "the key you gave")
    assert recipe(tmp_path, content, SIGNER.public_key_text) == 0


OTHER = Signer(Ed25519PrivateKey.from_private_bytes(b"8" * 32))
ALTERED = {
    "an amount": (lambda t: t.replace("12995", "12994"), "signature does not belong"),
    "the signature": (lambda t: t.replace(report()["signature"], OTHER.sign(b"x")), "signature does not belong"),
    "no signature at all": (lambda t: t.replace(report()["signature"], "?"), "signature does not belong"),
    "another signer": (lambda t: json.dumps(signed_report(report=REPORT, signer=OTHER)), "was signed with key"),
    "an unsigned note": (lambda t: t.replace('{"report"', '{"note": "paid", "report"'), "note, which nobody signed"),
    "a name that stands twice": (lambda t: t.replace('"invoices": 3', '"invoices": 9, "invoices": 3'), "stands twice"),
    "a cut end": (lambda t: t[:-9], "can no longer be read"),
}


@pytest.mark.parametrize("name", sorted(ALTERED))
def test_an_altered_report_is_seen(tmp_path: Path, name: str) -> None:
    change, reason = ALTERED[name]
    content = change(json.dumps(report(), ensure_ascii=False)).encode()
    code, answer, _ = verify(tmp_path, content, "--key", SIGNER.public_key_text)
    assert (code, answer["is_good"], reason in answer["reason"]) == (1, False, True), answer
    assert recipe(tmp_path, content, SIGNER.public_key_text) == 1 or name == "an unsigned note"


@pytest.mark.parametrize("content", [b"", b"root:x:0:0", b"[1]", b'{"a": 1}', b"%PDF-1.7", None])
def test_what_is_no_file_of_ours_is_refused_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    code, answer, stderr = verify(tmp_path, content)
    assert (code, answer, len(stderr.strip().splitlines())) == (2, {}, 1)
    assert "no file of Rackbill" in stderr or "cannot be read" in stderr


@pytest.fixture
def number() -> str:
    world = world_of.provider()
    for _ in range(3):
        world_of.service(world, world_of.customer(world))
    world_of.bill_october()
    return "21000001"


@pytest.mark.django_db
def test_a_document_is_checked_against_itself_and_its_hash(tmp_path: Path, number: str) -> None:
    row = Document.objects.get(number=number)
    content = row.canonical.encode()
    code, answer, _ = verify(tmp_path, content, "--sha256", row.sha256)
    assert (code, answer["kind"], answer["number"], answer["sha256"]) == (0, "document", number, row.sha256)
    for altered, reason in (
        (content.replace(b"25990", b"25991"), "contradict each other"),
        (content.replace(b'"schema":2', b'"schema": 2'), "not in canonical form"),
        (content.replace(b"Buyer", b"Other"), "its SHA-256 is"),
    ):
        code, answer, _ = verify(tmp_path, altered, "--sha256", row.sha256)
        assert (code, reason in answer["reason"]) == (1, True), answer


@pytest.mark.django_db
def test_a_proof_leads_from_the_document_to_the_seal(
    tmp_path: Path, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    explain.print_proof(number)
    printed = capsys.readouterr().out
    code, answer, _ = verify(tmp_path, printed.encode())
    assert (code, answer["kind"], answer["number"], answer["sealed_up_to"]) == (0, "proof", number, "21000002")
    assert recipe(tmp_path, printed.encode()) == 0
    proof = json.loads(printed)
    for name, value in (
        ("canonical", proof["canonical"].replace("Buyer", "Other")),
        ("previous_chain_hash", "1" * 64),
        ("later_sha256", []),
        ("last_number", "21000009"),
        ("signature", OTHER.sign(b"x")),
        ("more", "x"),
    ):
        altered = json.dumps({**proof, name: value}).encode()
        code, answer, _ = verify(tmp_path, altered)
        assert (code, answer["is_good"]) == (1, False), name
        assert recipe(tmp_path, altered) == 1 or name == "more"
    with pytest.raises(DocumentNotFound):
        documents.chain_proof(scope=CustomerScope(-1, "x"), number=number)
    with pytest.raises(DocumentNotFound, match="no document 21000009"):
        documents.chain_proof(scope=WholeInstallation(), number="21000009")
