from django.db import models

from rackbill.core.tax import RateChange, Registration
from rackbill.domain.kit.fields import CurrencyField, DecimalSixField


class TaxRate(models.Model):
    """A rate in percent of a territory, in force from a day until another; `known_from` is the day its law was public."""

    territory = models.CharField(max_length=8)
    tax = models.CharField(max_length=16)
    tax_class = models.CharField(max_length=32)
    rate = DecimalSixField()
    base_rate = DecimalSixField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    known_from = models.DateField(null=True)
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


class SpecialTerritory(models.Model):
    """A part of a country, or a country, that tax law treats as another or as outside; postal codes by their beginnings."""

    territory = models.CharField(max_length=8, unique=True)
    country = models.CharField(max_length=2)
    part_of = models.CharField(max_length=2)
    rates_of = models.CharField(max_length=8)
    is_outside = models.BooleanField()
    postal_codes = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)
    source = models.CharField(max_length=300)

    def __str__(self) -> str:
        return self.territory


class RateRule(models.Model):
    """How a country applies a rate that changes inside a period, with its source."""

    CHANGES = [(change.value, change.value) for change in RateChange]

    territory = models.CharField(max_length=8, unique=True)
    change = models.CharField(max_length=32, choices=CHANGES)
    is_corrected = models.BooleanField()
    source = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"{self.territory}: {self.change}"


class SellerChoice(models.Model):
    """What a sales organisation chose (home rate below the threshold) or where it is registered, from a day until another."""

    CHOICES = [(choice.value, choice.value) for choice in Registration]

    organisation_id = models.CharField(max_length=4)
    choice = models.CharField(max_length=16, choices=CHOICES)
    territory = models.CharField(max_length=8, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    source = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation_id", "choice", "territory", "valid_from"], name="seller_choice_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.choice} {self.territory} from {self.valid_from}"


class ExchangeSource(models.Model):
    """A source of exchange rates that a country allows, the first choice first; an older rate than its age is not used."""

    country = models.CharField(max_length=2)
    source = models.CharField(max_length=40)
    preference = models.PositiveSmallIntegerField()
    max_age_days = models.PositiveSmallIntegerField()
    law = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["country", "source"], name="exchange_source_once")]

    def __str__(self) -> str:
        return f"{self.country} {self.source}"


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
                fields=["source_currency", "target_currency", "rate_on", "rate_source"], name="exchange_rate_once"
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.source_currency} = {self.rate} {self.target_currency} on {self.rate_on}"


class TaxIdCheck(models.Model):
    """Evidence: what a registry said of a customer's tax ID on a day; `evidence` is its reference.

    `valid_from`: the day from which the registration counts, where the registry names one. `is_tax_registered`: whether
    the holder of an Australian ABN is registered for GST.
    """

    customer_id = models.CharField(max_length=16)
    tax_id = models.CharField(max_length=32)
    checked_on = models.DateField()
    is_valid = models.BooleanField()
    evidence = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField(null=True)
    is_tax_registered = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "tax_id", "checked_on"], name="tax_id_check_once")
        ]
        indexes = [models.Index(fields=["customer_id", "checked_on"])]

    def __str__(self) -> str:
        return f"{self.tax_id} {'valid' if self.is_valid else 'not valid'} on {self.checked_on}"


class ConsumerEvidence(models.Model):
    """One item that says where a consumer lives (Reg. 282/2011 Art. 24f): IP address, bank, SIM card …; never changes."""

    customer_id = models.CharField(max_length=16)
    kind = models.CharField(max_length=40)
    country = models.CharField(max_length=2)
    recorded_on = models.DateField()
    reference = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "kind", "recorded_on"], name="consumer_evidence_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.country}"
