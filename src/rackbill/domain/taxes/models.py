from django.db import models

from rackbill.domain.kit.fields import CurrencyField, DecimalSixField


class TaxRate(models.Model):
    """A rate in percent of a territory, in force from a day until another."""

    territory = models.CharField(max_length=8)
    tax = models.CharField(max_length=16)
    tax_class = models.CharField(max_length=32)
    rate = DecimalSixField()
    base_rate = DecimalSixField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["territory", "tax", "tax_class", "valid_from"], name="tax_rate_once"),
        ]

    def __str__(self) -> str:
        return f"{self.territory} {self.tax} {self.rate} % from {self.valid_from}"


class UnionMember(models.Model):
    """A country's time in the VAT territory of the European Union."""

    country = models.CharField(max_length=2)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["country", "valid_from"], name="union_member_once")]

    def __str__(self) -> str:
        return self.country


class ExemptionWording(models.Model):
    """What a document says where no tax is charged (BT-120), by exemption code and language."""

    code = models.CharField(max_length=32)
    language = models.CharField(max_length=8)
    text = models.CharField(max_length=500)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "language"], name="exemption_wording_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.language}"


class ExchangeRate(models.Model):
    """Units of `target` for one unit of `source_currency` on a day, with where it comes from."""

    source_currency = CurrencyField()
    target_currency = CurrencyField()
    rate = DecimalSixField()
    rate_on = models.DateField()
    rate_source = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_currency", "target_currency", "rate_on"], name="exchange_rate_once"
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.source_currency} = {self.rate} {self.target_currency} on {self.rate_on}"


class TaxIdCheck(models.Model):
    """Evidence: what a registry said of a customer's tax ID on a day."""

    customer_id = models.CharField(max_length=16)
    tax_id = models.CharField(max_length=32)
    checked_on = models.DateField()
    is_valid = models.BooleanField()
    evidence = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "tax_id", "checked_on"], name="tax_id_check_once")
        ]
        indexes = [models.Index(fields=["customer_id", "checked_on"])]

    def __str__(self) -> str:
        return f"{self.tax_id} {'valid' if self.is_valid else 'not valid'} on {self.checked_on}"
