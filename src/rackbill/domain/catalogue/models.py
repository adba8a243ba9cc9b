from django.db import models


class Product(models.Model):
    """What the catalogue offers. `product_id` is the kind of the public API, `code` the article (BT-155)."""

    code = models.CharField(max_length=60, unique=True)
    product_id = models.CharField(max_length=48)
    name = models.CharField(max_length=200)
    tax_class = models.CharField(max_length=32, default="standard")

    def __str__(self) -> str:
        return self.code
