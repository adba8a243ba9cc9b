"""Up- and downgrades: another product or price on a service from a day on; what was charged and what comes are pro-rated."""

from dataclasses import replace
from datetime import date, datetime

from django.db import transaction

from rackbill.core.terms import Discount, DiscountKind, TermLine
from rackbill.domain.contracts.errors import AmendmentRefused
from rackbill.domain.contracts.models import ContractLine, LineDiscount, Service
from rackbill.domain.contracts.operations.amending import amend_line, lock_line
from rackbill.domain.contracts.operations.naming import service_search_text
from rackbill.domain.contracts.operations.opening import NewLine, store_line
from rackbill.domain.kit.actor import Actor


@transaction.atomic
def swap_product(
    *, line_key: int, product_key: int, line: NewLine, on: date, keeps_discounts: bool = True, now: datetime, actor: Actor
) -> int:  # fmt: skip
    """The key of the line that takes the place of another from a day on, in the past, the present or the future.

    Its cycles go on where those of the old line stood as long as both have the same length, so that both parts of the cycle
    are shares of one. Discounts agreed for the old line go on; those of the catalogue are chosen anew. Raises LineNotFound,
    AmendmentRefused.
    """
    old = lock_line(line_key=line_key)
    if old.kind != "recurring" or line.kind != "recurring":
        raise AmendmentRefused(f"line {old} is {old.kind}; only a recurring line can be swapped for another one")
    if on < old.starts_on or (old.ends_on is not None and on >= old.ends_on):
        raise AmendmentRefused(f"line {old} is charged from {old.starts_on} to {old.ends_on}; choose a day within")
    kept = _running_discounts(old, on) if keeps_discounts else []
    new = replace(line, starts_on=on, ends_on=old.ends_on, discounts=(*kept, *line.discounts))
    service = old.service
    before, former = service.product_id, _product_facts(service)
    ContractLine.objects.filter(service=service, ends_on__isnull=False, ends_on__lte=on, product=None).update(
        product_id=service.product_id
    )
    service.product_id = product_key
    service.description = new.description
    service.save(update_fields=["product", "description"])
    service.refresh_from_db()
    key = store_line(service=service, new=new, anchor_on=_anchor(old, new, on))
    ended, old.ends_on = old.ends_on, on
    old.product_id = old.product_id or before
    old.save(update_fields=["ends_on", "product"])
    service.search_text = service_search_text(service=service)
    service.save(update_fields=["search_text"])
    detail = {
        "from": on, "to": new.description, "new_line_key": key, "keeps_discounts": keeps_discounts, "ended": ended,
        "product": former, "new_product": _product_facts(service),
    }  # fmt: skip
    amend_line(line=old, now=now, actor=actor, verb="swap_product", detail=detail)
    return key


def _product_facts(service: Service) -> dict[str, str]:
    product = service.product
    return {"product_kind": product.product_id, "product_code": product.code, "tax_class": product.tax_class}


def _running_discounts(old: ContractLine, on: date) -> list[Discount]:
    rows = LineDiscount.objects.filter(line=old, is_listed=False).order_by("valid_from", "pk")
    return [
        Discount(DiscountKind(r.kind), r.value, r.reason, max(r.valid_from, on), r.valid_until)
        for r in rows
        if r.valid_until is None or r.valid_until > on
    ]


def _anchor(old: ContractLine, new: NewLine, on: date) -> date | None:
    """The day from which the new line counts its cycles: the old line's, unless the length of cycles changes with the swap."""
    if new.is_anniversary:
        return on
    if old.anchor_on is not None and new.cycle_months == old.cycle_months:
        return old.anchor_on
    if new.cycle_months != old.cycle_months:
        return None
    first = TermLine.first_whole_cycle(max(old.starts_on, old.billed_from) if old.billed_from else old.starts_on)
    return first if on >= first else None
