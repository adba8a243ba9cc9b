"""Which discounts the catalogue offers."""

from datetime import date

from django.db.models import Q

from rackbill.core.terms import Discount, DiscountKind
from rackbill.domain.catalogue.errors import ProductNotFound
from rackbill.domain.catalogue.models import DiscountRate, Product

REASONS = {"term": "Contract term", "cycle": "Billing cycle"}


def listed_discounts(
    *, organisation_id: str, product_key: int, term_months: int, cycle_months: int, on: date
) -> list[Discount]:
    """The discounts of a product for a term and a cycle on a day, from that day on; the organisation's own rate goes first."""
    product_class = Product.objects.values_list("product_id", flat=True).get(pk=product_key)
    rows = DiscountRate.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=on), Q(basis="term", months=term_months) | Q(basis="cycle", months=cycle_months),
        product_class=product_class, organisation_id__in=("", organisation_id), valid_from__lte=on,
    )  # fmt: skip
    found = {row.basis: row for row in rows.order_by("organisation_id", "valid_from")}
    return [
        Discount(DiscountKind.PERCENT, row.percent, f"{REASONS[basis]} {_months(row.months)}", on, None)
        for basis, row in sorted(found.items(), reverse=True)
        if row.percent
    ]


def product_named(*, code: str) -> tuple[int, str]:
    """Key and name of the product with that code. Raises ProductNotFound, with the codes that come near."""
    row = Product.objects.filter(code=code).values_list("pk", "name").first()
    if row is None:
        near = list(Product.objects.filter(code__icontains=code).order_by("code").values_list("code", flat=True)[:5])
        some = near or list(Product.objects.order_by("code").values_list("code", flat=True)[:5])
        raise ProductNotFound(f"the catalogue has no product {code!r}; it has {', '.join(some) or 'none yet'}")
    return row


def _months(count: int) -> str:
    years, rest = divmod(count, 12)
    if rest:
        return "1 month" if count == 1 else f"{count} months"
    return "1 year" if years == 1 else f"{years} years"
