"""What must always hold over products and discount rates; yields violations, mends nothing."""

from collections.abc import Iterator

from rackbill.core.tax import NoTaxRule, tax_class_of
from rackbill.domain.catalogue.models import DiscountRate, Product


def violations() -> Iterator[str]:
    """Every product has a public product id and a tax class that the law of places knows; discount rates do not overlap."""
    for product in Product.objects.all():
        if not product.product_id or product.product_id != product.product_id.upper():
            yield f"product {product.code} has no product id of the public API"
        try:
            tax_class_of(product.tax_class)
        except NoTaxRule as fault:
            yield f"product {product.code}: {fault}"
    last: DiscountRate | None = None
    for rate in DiscountRate.objects.order_by("organisation_id", "product_class", "basis", "months", "valid_from"):
        if last is not None and _kind(last) == _kind(rate):
            if last.valid_until is None or last.valid_until > rate.valid_from:
                yield f"discount rate {rate} begins on {rate.valid_from}, before the one before it ends"
        last = rate


def _kind(rate: DiscountRate) -> tuple[object, ...]:
    return (rate.organisation_id, rate.product_class, rate.basis, rate.months)
