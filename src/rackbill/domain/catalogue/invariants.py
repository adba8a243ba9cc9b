"""What must always hold over products; yields violations, mends nothing."""

from collections.abc import Iterator

from rackbill.core.tax import NoTaxRule, tax_class_of
from rackbill.domain.catalogue.models import Product


def violations() -> Iterator[str]:
    """Every product has a product id of the public API and a tax class that the law of places knows."""
    for product in Product.objects.all():
        if not product.product_id or product.product_id != product.product_id.upper():
            yield f"product {product.code} has no product id of the public API"
        try:
            tax_class_of(product.tax_class)
        except NoTaxRule as fault:
            yield f"product {product.code}: {fault}"
