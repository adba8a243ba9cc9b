"""The report of a bill run as the words and figures that are shown: PDF and office page only place them."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from rackbill.formats.einvoice_rules import failures_in_words
from rackbill.formats.wording import Wording, wording

BAR_UNITS = 1000
"""A bar lies on a scale of so many units."""


def printed_report(signed: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Everything the layouts place, in a language. `signed` is the report with its signature and public key, where signed."""
    report, words = signed["report"], wording(language)
    own = words.run_report
    run = report["run"]
    state = own[f"state_{run['state']}"]
    return {
        "words": {**own, "page": words.word("page")},
        "language": words.language,
        "title": own["title"],
        "organisation": f"{run['organisation_id']} {run['organisation_name']}",
        "run_id": run["run_id"],
        "state": state,
        "is_provisional": run["state"] not in ("issued", "discarded"),
        "through": words.day(_last_day(run["through"])),
        "issued_on": words.day(date.fromisoformat(run["issued_on"])),
        "acts": [_act(row, words) for row in report["acts"]],
        "four_eyes": [
            own["four_eyes"].format(
                moved=f"{row['currency']} {words.amount(row['moved_minor'], row['currency'])}",
                limit=f"{row['currency']} {words.amount(row['limit_minor'], row['currency'])}",
            )
            for row in report["four_eyes"]
        ],
        "totals": [_total(row, words) for row in report["totals"]],
        "is_legacy": report["before"]["is_legacy"],
        "differences": [
            _difference(row, words) for row in report["differences"] if row["before_minor"] or row["after_minor"]
        ],
        "families": [
            {
                "currency": row["currency"],
                "product": words.family(row["product_id"]),
                "lines": str(row["lines"]),
                "net": words.amount(row["net_minor"], row["currency"]),
            }
            for row in report["families"]
        ],
        "taxes": [_tax(row, words) for row in report["taxes"]],
        "parked": [_parked(row, words) for row in report["parked"]],
        "completeness": [{"label": row["label"], "value": row["value"]} for row in report.get("completeness", [])],
        "numbers": [{**row, "kind": words.word(row["kind"]), "count": str(row["count"])} for row in report["numbers"]],
        "short_series": [_short(row, run["state"], words) for row in report.get("short_series", [])],
        "signature": signed.get("signature", ""),
        "public_key": signed.get("public_key", ""),
        "report_sha256": hashlib.sha256(report_body(report)).hexdigest() if "signature" in signed else "",
    }


def report_body(report: Mapping[str, Any]) -> bytes:
    """The bytes of a report that are signed and hashed (RFC 8785)."""
    return json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _short(row: Mapping[str, Any], state: str, words: Wording) -> str:
    """That numbers run short: what an issued run took of them, or another one needs."""
    told = words.run_report["numbers_taken" if state == "issued" else "numbers_needed"]
    return told.format(
        kind=words.word(row["kind"]), left=words.number(Decimal(row["left"])), count=words.number(Decimal(row["count"])),
        way_out=row["way_out"],
    )  # fmt: skip


def _last_day(text: str) -> date:
    """Through dates are not part of what is billed; people are told the last day that is."""
    return date.fromisoformat(text) - timedelta(days=1)


def _act(row: Mapping[str, str], words: Wording) -> dict[str, str]:
    moment = datetime.fromisoformat(row["at"])
    kind, _, identity = row["by"].partition(":")
    who = identity if kind == "person" else words.run_report["system"]
    return {
        "label": words.run_report[f"act_{row['act']}"],
        "who": who if row["by"] else "",
        "when": f"{words.day(moment.date())}, {moment:%H:%M} UTC",
    }


def _total(row: Mapping[str, Any], words: Wording) -> dict[str, str]:
    currency = row["currency"]
    return {
        "currency": currency,
        "invoices": str(row["invoices"]),
        "credit_notes": str(row["credit_notes"]),
        "lines": str(row["lines"]),
        "net": words.amount(row["net_minor"], currency),
        "tax": words.amount(row["tax_minor"], currency),
        "gross": words.amount(row["gross_minor"], currency),
    }


def _difference(row: Mapping[str, Any], words: Wording) -> dict[str, Any]:
    currency = row["currency"]
    totals = [reason["total_minor"] for reason in row["reasons"]]
    least, most = min(totals, default=0), max(totals, default=0)
    return {
        "currency": currency,
        "before": words.amount(row["before_minor"], currency),
        "after": words.amount(row["after_minor"], currency),
        "difference": _signed(row["difference_minor"], currency, words),
        "nought": bar(0, least, most)["bar_start"],
        "reasons": [
            {
                "reason": words.run_report[f"reason_{reason['reason']}"],
                "customers": str(reason["customers"]),
                "total": _signed(reason["total_minor"], currency, words),
                "is_less": reason["total_minor"] < 0,
                **bar(reason["total_minor"], least, most),
            }
            for reason in row["reasons"]
        ],
        "movers": [
            {
                "customer_id": mover["customer_id"],
                "name": mover["name"],
                "before": words.amount(mover["before_minor"], currency),
                "after": words.amount(mover["after_minor"], currency),
                "difference": _signed(mover["difference_minor"], currency, words),
                "why": ", ".join(_mover_reasons(mover, words)),
            }
            for mover in row["movers"]
        ],
    }


def _mover_reasons(mover: Mapping[str, Any], words: Wording) -> list[str]:
    """At most three, without those that are dust beside the largest."""
    largest = max(abs(why["total_minor"]) for why in mover["reasons"])
    weighty = [why for why in mover["reasons"] if abs(why["total_minor"]) * 50 >= largest]
    return [words.run_report[f"reason_{why['reason']}"] for why in weighty[:3]]


def bar(minor: int, least_minor: int, most_minor: int) -> dict[str, int]:
    """Start and width of a bar on a scale from the least amount to the most, nought among them."""
    least, most = min(least_minor, 0), max(most_minor, 0)
    span = max(most - least, 1)
    start, end = ((edge - least) * BAR_UNITS // span for edge in (min(minor, 0), max(minor, 0)))
    return {"bar_start": min(start, BAR_UNITS - 2), "bar_width": max(end - start, 2) if minor else 0}


def _signed(minor: int, currency: str, words: Wording) -> str:
    """With its sign, so that more and less are told apart without colour."""
    text = words.amount(minor, currency)
    return f"+{text}" if minor > 0 else text


def _tax(row: Mapping[str, Any], words: Wording) -> dict[str, str]:
    currency = row["currency"]
    label = " · ".join(filter(None, (row["jurisdiction"], f"{row['regime']} {row['code']}", f"{row['rate']} %")))
    return {
        "currency": currency,
        "label": label,
        "base": words.amount(row["base_minor"], currency),
        "tax": words.amount(row["tax_minor"], currency),
    }


def _parked(row: Mapping[str, Any], words: Wording) -> dict[str, str]:
    way_out = words.run_report.get(f"way_out_{row['code']}", row["way_out"])
    why, language = row["reason"], "en"
    # The sentence names the thing, in the English in which it was stored; its code says in every language what kind it is.
    cause = "" if words.language == "en" else words.run_report.get(f"cause_{row['code']}", "")
    if row.get("failures"):
        # The reason of the operation is English; what an e-invoice fails has words in every language.
        why, language = failures_in_words(row["failures"], language=words.language), words.language
    return {
        "customer_id": row["customer_id"], "name": row["name"], "why": why, "why_language": language, "cause": cause,
        "way_out": way_out,
    }  # fmt: skip
