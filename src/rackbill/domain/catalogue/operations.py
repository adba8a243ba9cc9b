"""Writes to products and discount rates."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from rackbill.domain.catalogue.errors import DiscountRefused
from rackbill.domain.catalogue.models import DiscountRate, Product
from rackbill.domain.history import operations as history
from rackbill.domain.kit.actor import Actor


def add_product(*, code: str, product_id: str, name: str, tax_class: str = "standard") -> int:
    """The key of the product with that code; made where it is new, else left as it is."""
    product, _created = Product.objects.get_or_create(
        code=code, defaults={"product_id": product_id, "name": name, "tax_class": tax_class}
    )
    return product.pk


@transaction.atomic
def store_discount_rates(
    *, product_class: str, basis: str, percent_by_months: Mapping[int, Decimal], valid_from: date, organisation_id: str = "",
    now: datetime, actor: Actor,
) -> None:  # fmt: skip
    """The whole table of a product class by `term` or by `cycle` from a day on; the table before it ends on that day.

    Lines that are open keep what they were opened with. May run twice. Raises DiscountRefused.
    """
    if basis not in ("term", "cycle"):
        raise DiscountRefused(f"discounts are given by term or by cycle, not by {basis!r}")
    for months, percent in percent_by_months.items():
        if not 0 <= percent <= 100 or months < 1:
            raise DiscountRefused(
                f"{percent} percent for {months} months is out of reach; give 0 to 100 for 1 month or more"
            )
    rows = DiscountRate.objects.filter(product_class=product_class, basis=basis, organisation_id=organisation_id)
    rows.filter(valid_from__gte=valid_from).delete()
    rows.filter(Q(valid_until=None) | Q(valid_until__gt=valid_from)).update(valid_until=valid_from)
    DiscountRate.objects.bulk_create(
        DiscountRate(
            product_class=product_class, basis=basis, organisation_id=organisation_id, months=months, percent=percent,
            valid_from=valid_from,
        )
        for months, percent in sorted(percent_by_months.items())
    )  # fmt: skip
    history.record_change(
        now=now, actor=actor, verb="store_discount_rates", object_kind="product_class", object_id=product_class,
        detail={"basis": basis, "from": str(valid_from), "percent": {str(m): str(p) for m, p in percent_by_months.items()}},
    )  # fmt: skip
