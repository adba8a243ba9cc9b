from django.db import models

from rackbill.domain.kit.fields import DecimalSixField


class Product(models.Model):
    """What the catalogue offers. `product_id` is the kind of the public API, `code` the article (BT-155)."""

    code = models.CharField(max_length=60, unique=True)
    product_id = models.CharField(max_length=48)
    name = models.CharField(max_length=200)
    tax_class = models.CharField(max_length=32, default="standard")

    def __str__(self) -> str:
        return self.code


class DiscountRate(models.Model):
    """Percent off recurring prices of a product class for a contract term or a billing cycle of so many months (B10).

    Dated; a blank organisation means any. A day without a rate for the months has no discount.
    """

    BASES = [("term", "term"), ("cycle", "cycle")]

    organisation_id = models.CharField(max_length=4, blank=True)
    product_class = models.CharField(max_length=48)
    basis = models.CharField(max_length=5, choices=BASES)
    months = models.PositiveSmallIntegerField()
    percent = DecimalSixField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation_id", "product_class", "basis", "months", "valid_from"], name="discount_rate_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_class} {self.basis} {self.months}: {self.percent} %"
