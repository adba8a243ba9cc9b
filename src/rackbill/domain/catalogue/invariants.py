"""What must always hold over products; yields violations, mends nothing."""

from collections.abc import Iterator

from rackbill.domain.catalogue.models import Product


def violations() -> Iterator[str]:
    """Every product has a product id of the public API and a tax class."""
    for product in Product.objects.all():
        if not product.product_id or product.product_id != product.product_id.upper():
            yield f"product {product.code} has no product id of the public API"
        if not product.tax_class:
            yield f"product {product.code} has no tax class"
