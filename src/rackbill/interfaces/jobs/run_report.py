"""The report of a bill run: gathered from its parts, signed, frozen once the run is issued; its files in RACKBILL_HOME."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.conf import settings

from rackbill.adapters import file_storage
from rackbill.core.bill_comparison import compare_bills
from rackbill.core.run_totals import RunDifferences, RunTotals
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing import queries
from rackbill.domain.billing.queries import comparing, runs
from rackbill.domain.billing.queries.comparing import CustomerBills
from rackbill.domain.billing.queries.completeness import REASONS
from rackbill.domain.billing.queries.runs import RunView
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.scope import Scope, WholeInstallation
from rackbill.domain.kit.secrets import Signer, signed_report
from rackbill.formats import run_report_pdf
from rackbill.interfaces.jobs import document_files

EVERYTHING = WholeInstallation()
STORED_LANGUAGE = "en"
Part = Callable[[RunView], dict[str, Any]]


def _head(view: RunView) -> dict[str, Any]:
    row = view.row
    acts = (
        ("planned", row.planned_by, row.planned_at), ("computed", row.computed_by, row.computed_at),
        ("reviewed", row.reviewed_by, row.reviewed_at), ("approved", row.approved_by, row.approved_at),
        ("issued", "", row.closed_at if row.state == "issued" else None),
    )  # fmt: skip
    return {
        "kind": "bill_run_report", "schema": 1,
        "run": {
            "run_id": row.run_id, "organisation_id": row.organisation_id, "organisation_name": row.organisation_name,
            "through": row.through.isoformat(), "issued_on": row.issued_on.isoformat(), "state": row.state,
        },
        "acts": [{"act": act, "by": by, "at": at.isoformat()} for act, by, at in acts if at is not None],
        "four_eyes": [
            {"currency": currency, "moved_minor": moved, "limit_minor": limit} for currency, moved, limit in view.above
        ],
    }  # fmt: skip


def _sums(view: RunView) -> dict[str, Any]:
    before = comparing.month_before(run_id=view.row.run_id)
    return {
        **folded(comparing.customer_bills(run_id=view.row.run_id)),
        "before": {"through": before.through.isoformat(), "is_legacy": before.is_legacy},
    }


def folded(bills: Iterable[CustomerBills]) -> dict[str, Any]:
    """Totals, product families, taxes and differences of many customers' bills; memory does not grow with them."""
    totals, differences = RunTotals(), RunDifferences()
    for bill in bills:
        for document in bill.documents:
            totals.add(document)
        add_differences(differences, bill)
    return {**totals.plain(), "differences": differences.plain()}


def add_differences(differences: RunDifferences, bill: CustomerBills) -> None:
    """Takes in one customer's differences in each currency."""
    for before, after in bill.compared:
        found = compare_bills(before=before, after=after, facts=bill.facts)
        differences.add(customer_id=bill.customer_id, name=bill.name, before=before, after=after, found=found)


def _parked(view: RunView) -> dict[str, Any]:
    return {
        "parked": [
            {
                "customer_id": p.customer_id,
                "name": p.name,
                "code": p.code,
                "reason": p.reason,
                "way_out": p.way_out,
                **({"failures": list(p.failures)} if p.failures else {}),
            }
            for p in view.parked
        ]
    }


def _numbers(view: RunView) -> dict[str, Any]:
    rows = runs.issued_numbers(run_id=view.row.run_id)
    heads = documents.chain_hashes(numbers=[last for _kind, _first, last, _count in rows])
    return {
        "numbers": [
            {"kind": kind, "first": first, "last": last, "count": count, "chain_hash": heads[last]}
            for kind, first, last, count in rows
        ]
    }


def _series(view: RunView) -> dict[str, Any]:
    """Kinds of document whose numbers run short: the next run, or this one, may find too few."""
    if view.row.state in ("planned", "discarded"):
        return {}
    short = documents.short_series(
        organisation_id=view.row.organisation_id,
        on=view.row.issued_on,
        run_counts=runs.draft_counts(run_id=view.row.run_id),
    )
    return {
        "short_series": [
            {"kind": row.kind, "left": row.left_count, "count": row.run_count, "way_out": row.way_out} for row in short
        ]
    }


def _completeness(view: RunView) -> dict[str, Any]:
    """The proof over contract lines alone: how many are billed, and by reason how many are not."""
    if view.row.state == "planned":
        return {}
    found = queries.completeness(
        organisation_id=view.row.organisation_id, through=view.row.through, on=view.row.issued_on
    )
    facts = [("contract lines", found.lines_total), ("billed exactly once", found.billed)]
    facts += [(REASONS[reason], count) for reason, count in found.by_reason.items()]
    facts.append(("violations", found.exception_count))
    rows = [{"label": label, "value": f"{count:,}"} for label, count in facts]
    rows += [
        {"label": f"service {line.service_id}, {line.description}", "value": REASONS[line.reason]}
        for line in found.exceptions[:LISTED_EXCEPTIONS]
    ]
    return {"completeness": rows}


LISTED_EXCEPTIONS = 20
PARTS: tuple[Part, ...] = (_head, _sums, _parked, _completeness, _numbers, _series)
"""What a report is made of. A part is one function from the run to keys of the report; layouts show the keys they find."""


def make_report(*, run_id: str, scope: Scope = EVERYTHING) -> dict[str, Any]:
    """The report of a run as it stands. Raises RunNotFound."""
    view = runs.run(scope=scope, run_id=run_id)
    report: dict[str, Any] = {}
    for part in PARTS:
        report |= part(view)
    return report


def prepare_report(*, run_id: str, signer: Signer) -> dict[str, Any]:
    """The signed provisional report of a run that is not issued, kept with it for the office."""
    computed_at = runs.run(scope=EVERYTHING, run_id=run_id).row.computed_at
    signed = signed_report(report=make_report(run_id=run_id), signer=signer)
    billing.keep_provisional_report(run_id=run_id, content=_text(signed), computed_at=computed_at)
    return signed


def freeze_report(*, run_id: str, signer: Signer) -> dict[str, Any]:
    """The signed report of an issued run; made and kept once, with its PDF and copies in RACKBILL_HOME/reports.

    May run twice. Raises RunNotFound, RunRefused while it is not issued.
    """
    view = runs.run(scope=EVERYTHING, run_id=run_id)
    if not runs.is_report_frozen(run_id=run_id):
        signed = signed_report(report=make_report(run_id=run_id), signer=signer)
        pdf = run_report_pdf.render_run_report(signed, language=STORED_LANGUAGE)
        content = _text(signed)
        digest = file_storage.store_file(root=document_files.files_root(), content=pdf)
        billing.keep_report(
            run_id=run_id, content=content, sha256=hashlib.sha256(content.encode()).hexdigest(), pdf_sha256=digest,
            now=view.row.closed_at or view.row.planned_at,
        )  # fmt: skip
    # What is stored counts, also where another process was first.
    content, digest = runs.report(scope=EVERYTHING, run_id=run_id)
    _copy(run_id, content, digest, signer)
    signed = json.loads(content)
    return dict(signed)


def _copy(run_id: str, content: str, pdf_digest: str, signer: Signer) -> None:
    """The report, its PDF, and the signed hash of the PDF, as files that `rackbill verify` checks."""
    seal = {"kind": "bill_run_report_pdf", "run_id": run_id, "sha256": pdf_digest}
    pdf = file_storage.load_file(root=document_files.files_root(), digest=pdf_digest)
    folder = reports_folder()
    for name, data in (
        ("json", content.encode()), ("pdf", pdf), ("pdf.sealed.json", _text(signed_report(report=seal, signer=signer)).encode()),
    ):  # fmt: skip
        path = folder / f"bill-run-{run_id}.{name}"
        half = path.with_suffix(f".{os.getpid()}")
        half.write_bytes(data)
        half.replace(path)


def reports_folder() -> Path:
    """Where signed reports lie."""
    folder = Path(settings.RACKBILL_HOME) / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def report_pdf(*, scope: Scope, run_id: str, language: str) -> bytes:
    """The PDF of a run's kept report in a language; in the stored one exactly the stored file. Raises ReportNotFound."""
    content, digest = runs.report(scope=scope, run_id=run_id)
    if digest and language == STORED_LANGUAGE:
        return file_storage.load_file(root=document_files.files_root(), digest=digest)
    return run_report_pdf.render_run_report(json.loads(content), language=language)


def _text(signed: dict[str, Any]) -> str:
    return json.dumps(signed, ensure_ascii=False, indent=1) + "\n"
