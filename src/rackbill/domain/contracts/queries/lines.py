"""Contract lines beside their charges: whom a filter touches, and what is known of a line when two bills are compared."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Q

from rackbill.core.bill_comparison import ThingFacts
from rackbill.domain.contracts.errors import LineNotFound
from rackbill.domain.contracts.models import ContractLine, LineSuspension


def customer_keys_with_lines(
    *, contract_ids: Sequence[str], product_ids: Sequence[str], currencies: Sequence[str]
) -> set[int]:
    """The customers that have a contract line matching every filter given; an empty filter matches all."""
    rows = ContractLine.objects.all()
    if contract_ids:
        rows = rows.filter(contract__contract_id__in=list(contract_ids))
    if product_ids:
        rows = rows.filter(service__product__product_id__in=list(product_ids))
    if currencies:
        rows = rows.filter(contract__currency__in=list(currencies))
    return set(rows.values_list("contract__customer_id", flat=True).distinct())


def line_facts(*, line_keys: Sequence[int], since: date, until: date) -> dict[int, ThingFacts]:
    """What is known of contract lines beside their charges; suspended means on any day of the span."""
    found: dict[int, ThingFacts] = {}
    for start in range(0, len(line_keys), 5000):
        keys = list(line_keys[start : start + 5000])
        suspended = LineSuspension.objects.filter(
            Q(valid_until=None) | Q(valid_until__gt=since), line_id__in=keys, valid_from__lt=until
        )
        is_suspended = set(suspended.values_list("line_id", flat=True))
        rows = ContractLine.objects.filter(pk__in=keys).values_list("pk", "starts_on", "ends_on", "cycle_months")
        for key, starts_on, ends_on, months in rows:
            found[key] = ThingFacts(
                starts_on=starts_on, ends_on=ends_on, cycle_months=months, is_suspended=key in is_suspended
            )
    return found


def line_product(*, line_key: int) -> tuple[int, str]:
    """Key and class of the product that a line is for today. Raises LineNotFound."""
    line = ContractLine.objects.filter(pk=line_key).select_related("product", "service__product").first()
    if line is None:
        raise LineNotFound(f"there is no contract line {line_key}")
    product = line.product or line.service.product
    return product.pk, product.product_id
