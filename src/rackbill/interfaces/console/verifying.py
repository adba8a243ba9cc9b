"""`rackbill verify`: is a file what Rackbill signed or issued? Needs no installation: no settings, no database, no clock."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from rackbill.core import document as frozen
from rackbill.core.document_chain import chain_hash_after, chain_seal_message
from rackbill.domain.kit.secrets import is_signed
from rackbill.interfaces.console import answers

REPORT_KEYS = {"report", "signature", "public_key"}
PROOF_KEYS = {
    "canonical", "previous_chain_hash", "later_sha256", "last_number", "chain_hash", "signature", "public_key", "sealed_at",
}  # fmt: skip
MARKS = (b'"public_key"', b'"document_uuid"')
"""Texts that every file of ours holds one of, also where it can no longer be read as JSON."""


class Altered(ValueError):
    """The file is of a kind of ours, but not as it was signed or issued; the message says what differs."""


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("verify")
    def verify(
        file: Annotated[Path, typer.Argument(help="a signed report, a document's canonical form, or a proof")],
        key: Annotated[str | None, typer.Option(help="the public key that must have signed (base64)")] = None,
        sha256: Annotated[str | None, typer.Option(help="the hash that the document must have")] = None,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Check a file on a bare machine: exit code 0 as it was, 1 altered, 2 not a file of Rackbill."""
        try:
            content = file.read_bytes()
        except OSError as fault:
            raise answers.Refused(f"{file} cannot be read: {fault.strerror}") from None
        try:
            answer: dict[str, Any] = {"file": str(file), "is_good": True, **_verified(file, content, key, sha256)}
        except Altered as fault:
            answer = {"file": str(file), "is_good": False, "reason": str(fault)}
        if as_json:
            answers.print_json(answer)
        else:
            for name, value in answer.items():
                answers.out.print(f"{name.replace('_', ' ')}: {value}", markup=False, soft_wrap=True)
        if not answer["is_good"]:
            raise answers.CheckFailed


def _verified(file: Path, content: bytes, key: str | None, sha256: str | None) -> dict[str, Any]:
    data = _parsed(file, content)
    if set(data) >= REPORT_KEYS:
        return _report(data, key)
    if set(data) >= PROOF_KEYS:
        return _proof(data, key, sha256)
    if {"schema", "kind", "lines", "document_uuid"} <= set(data):
        return _document(content, sha256)
    raise answers.Refused(
        f"{file} is no file of Rackbill: neither a signed report, a proof nor a document's canonical form"
    )


def _parsed(file: Path, content: bytes) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise Altered("a name stands twice in one JSON object, so that readers could see different values")
        return dict(pairs)

    try:
        data = json.loads(content, object_pairs_hook=once)
    except Altered:
        raise
    except ValueError as fault:
        if any(mark in content for mark in MARKS):
            raise Altered(f"it can no longer be read: {fault}") from None
        raise answers.Refused(f"{file} is no file of Rackbill: it is not JSON") from None
    if not isinstance(data, dict):
        raise answers.Refused(f"{file} is no file of Rackbill: its JSON is no object")
    return data


def _report(data: dict[str, Any], key: str | None) -> dict[str, Any]:
    if extra := sorted(set(data) - REPORT_KEYS):
        raise Altered(f"beside the signed report it holds {', '.join(extra)}, which nobody signed")
    body = json.dumps(data["report"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    _check_signature(body, data, key, "report")
    return {"kind": "report", "checked": "signature over the whole report", **_signer(data, key)}


def _proof(data: dict[str, Any], key: str | None, sha256: str | None) -> dict[str, Any]:
    if extra := sorted(set(data) - PROOF_KEYS):
        raise Altered(f"beside the proof it holds {', '.join(extra)}, which nobody signed")
    content = str(data["canonical"]).encode()
    found = _document(content, sha256)
    link = chain_hash_after(
        previous=str(data["previous_chain_hash"]), hashes=[found["sha256"], *map(str, data["later_sha256"])]
    )
    if link != data["chain_hash"]:
        raise Altered("the document's hash does not lead to the sealed head of its chain")
    message = chain_seal_message(last_number=str(data["last_number"]), chain_hash=link)
    _check_signature(message, data, key, "seal")
    return {
        **found, "kind": "proof", "checked": "invariants, canonical form, hash chain up to the seal, signature of the seal",
        "sealed_up_to": data["last_number"], **_signer(data, key),
    }  # fmt: skip


def _document(content: bytes, sha256: str | None) -> dict[str, Any]:
    try:
        document = frozen.document_from_canonical(content)
        frozen.check(document)
        is_canonical = frozen.canonical_bytes(document) == content
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as fault:
        raise Altered(f"its own amounts or fields contradict each other: {fault}") from None
    if not is_canonical:
        raise Altered("it is not in canonical form, so its bytes are not those that were hashed")
    digest = frozen.document_hash(content)
    if sha256 is not None and digest != sha256.lower():
        raise Altered(f"its SHA-256 is {digest}, not {sha256}")
    checked = "invariants and canonical form" + (", hash" if sha256 else "; compare the hash, or verify its proof")
    return {"kind": "document", "checked": checked, "number": document.number, "sha256": digest}


def _check_signature(message: bytes, data: dict[str, Any], key: str | None, what: str) -> None:
    if key is not None and key != data["public_key"]:
        raise Altered(f"the {what} was signed with key {data['public_key']}, not with {key}")
    try:
        is_good = is_signed(message, str(data["signature"]), str(data["public_key"]))
    except ValueError:
        is_good = False
    if not is_good:
        raise Altered(f"the signature does not belong to this {what}")


def _signer(data: dict[str, Any], key: str | None) -> dict[str, str]:
    known = "the key you gave" if key else "the key in the file; compare it with the provider's own, or give --key"
    return {"public_key": str(data["public_key"]), "signed_by": known}
