"""Writes to products."""

from rackbill.domain.catalogue.models import Product


def add_product(*, code: str, product_id: str, name: str, tax_class: str = "standard") -> int:
    """The key of the product with that code; made where it is new, else left as it is."""
    product, _created = Product.objects.get_or_create(
        code=code, defaults={"product_id": product_id, "name": name, "tax_class": tax_class}
    )
    return product.pk
