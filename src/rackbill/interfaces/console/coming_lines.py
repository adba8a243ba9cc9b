"""What the next run will do about what was just changed, said after the act where it can be told."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from rackbill.core.money import decimal_from_minor
from rackbill.domain.billing import operations as billing
from rackbill.domain.billing.errors import NothingToPreview
from rackbill.domain.billing.operations import ComingLines
from rackbill.domain.contracts.queries import AgreedThing
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.interfaces.console import answers


def tell(act: str, thing: AgreedThing, said: str, now: datetime, as_json: bool, **facts: Any) -> None:
    """Prints what was done and what the next run makes of it."""
    coming = _coming(thing, now)
    if as_json:
        answers.print_json({
            "act": act, "customer_id": thing.customer_id, "contract_id": thing.contract_id, "service_id": thing.service_id,
            "lines": list(thing.line_keys), **facts, "next_run": asdict(coming) if coming else None,
        })  # fmt: skip
        return
    answers.out.print(said, markup=False, soft_wrap=True)
    for sentence in _sentences(coming) if coming else ():
        answers.out.print(sentence, markup=False, soft_wrap=True)


def _coming(thing: AgreedThing, now: datetime) -> ComingLines | None:
    """The change is stored: what cannot be previewed is left out, never refused."""
    try:
        return billing.preview_coming_lines(
            scope=WholeInstallation(), customer_id=thing.customer_id, line_keys=thing.line_keys, now=now
        )
    except (NothingToPreview, LookupError, ValueError):
        return None


def _sentences(coming: ComingLines) -> list[str]:
    run = f"The run of {coming.billed_on}, through {coming.through - timedelta(days=1)},"
    if coming.parked:
        told = [f"{run} would park the customer: {coming.parked}"]
    else:
        parts = [
            f"{verb} {_sums(minor)}"
            for verb, minor in (("take back", coming.taken_back_minor), ("charge", coming.charged_minor))
            if minor
        ]
        does = (
            f"{' and '.join(parts)} for this, before tax" if parts else "charge nothing and take nothing back for this"
        )
        told = [f"{run} would {does}."]
    if coming.open_run and coming.is_parked_there:
        told.append(
            f"Run {coming.open_run} has parked the customer; rackbill run retry {coming.open_run} computes it again."
        )
    elif coming.open_run:
        told.append(
            f"Run {coming.open_run} is not issued and holds drafts made before this change; rackbill run recompute "
            f"{coming.open_run} makes them anew."
        )
    return told


def _sums(minor_by_currency: dict[str, int]) -> str:
    return " and ".join(f"{decimal_from_minor(minor, c):,} {c}" for c, minor in sorted(minor_by_currency.items()))
