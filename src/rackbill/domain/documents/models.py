from django.db import models

from rackbill.domain.kit.fields import CurrencyField, DecimalSixField, MinorField


class NumberSeries(models.Model):
    """Document numbers of one sales organisation and kind, from a range of its own; raised only when a document is issued.

    The first series of a kind has no `valid_from`; one with it takes over the documents of that day and later (a series for each
    fiscal year), and its further ranges have the same day.
    """

    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="number_series"
    )
    kind = models.CharField(max_length=24)
    range_start = models.BigIntegerField(unique=True)
    range_end = models.BigIntegerField()
    next_counter = models.BigIntegerField()
    last_issued_on = models.DateField(null=True)
    chain_hash = models.CharField(max_length=64, blank=True)
    valid_from = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(next_counter__gte=models.F("range_start"))
                & models.Q(next_counter__lte=models.F("range_end") + 1),
                name="series_within_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.range_start}-{self.range_end}"


class Document(models.Model):
    """An issued document: its canonical form is the truth, the other columns are for finding it. Never changes."""

    number = models.CharField(max_length=8, unique=True)
    series = models.ForeignKey(
        "rackbill_documents.NumberSeries", on_delete=models.PROTECT, related_name="documents", db_index=False
    )
    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="documents", db_index=False
    )
    customer = models.ForeignKey(
        "rackbill_parties.Customer", on_delete=models.PROTECT, related_name="documents", db_index=False
    )
    billing_group = models.ForeignKey(
        "rackbill_parties.BillingGroup", on_delete=models.PROTECT, related_name="documents", db_index=False
    )
    kind = models.CharField(max_length=24)
    issued_on = models.DateField()
    due_on = models.DateField()
    currency = CurrencyField()
    net_minor = MinorField()
    tax_minor = MinorField()
    gross_minor = MinorField()
    canonical = models.TextField()
    sha256 = models.CharField(max_length=64)
    chain_hash = models.CharField(max_length=64)
    run_id = models.CharField(max_length=36, blank=True)
    issued_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["customer", "issued_on", "number"]),
            models.Index(fields=["sales_organisation", "issued_on"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class DocumentLine(models.Model):
    """One line of an issued document, for finding; `taxes` holds every tax decision of the line. Never changes."""

    document = models.ForeignKey(
        "rackbill_documents.Document", on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    line_number = models.PositiveIntegerField()
    contract_line = models.ForeignKey(
        "rackbill_contracts.ContractLine", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    contract_id = models.CharField(max_length=8)
    service_id = models.CharField(max_length=14)
    equipment_id = models.CharField(max_length=8, blank=True)
    reference_shown = models.CharField(max_length=200, blank=True)
    product_id = models.CharField(max_length=48)
    period_start = models.DateField()
    period_end = models.DateField()
    net_minor = MinorField()
    taxes = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "line_number"], name="document_line_once")]
        indexes = [models.Index(fields=["service_id"])]

    def __str__(self) -> str:
        return f"{self.document_id}/{self.line_number}"


class DocumentTax(models.Model):
    """One row of a document's tax breakdown. Never changes."""

    document = models.ForeignKey(
        "rackbill_documents.Document", on_delete=models.PROTECT, related_name="taxes", db_index=False
    )
    row_number = models.PositiveSmallIntegerField()
    regime = models.CharField(max_length=16)
    code = models.CharField(max_length=16)
    rate = DecimalSixField()
    jurisdiction = models.CharField(max_length=8)
    exemption_code = models.CharField(max_length=32, blank=True)
    base_minor = MinorField()
    tax_minor = MinorField()
    accounting_currency = models.CharField(max_length=3, blank=True)
    accounting_tax_minor = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "row_number"], name="document_tax_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.rate} %"


class DocumentFile(models.Model):
    """A stored file of a document: its format, hash and where it lies. Never changes."""

    document = models.ForeignKey(
        "rackbill_documents.Document", on_delete=models.PROTECT, related_name="files", db_index=False
    )
    format = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64)
    byte_count = models.PositiveIntegerField()
    template_version = models.CharField(max_length=80, blank=True)
    stored_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "format"], name="document_file_once")]

    def __str__(self) -> str:
        return f"{self.document_id}.{self.format}"


class ChainSeal(models.Model):
    """A signature over the head of a series' hash chain at one moment. Never changes."""

    series = models.ForeignKey("rackbill_documents.NumberSeries", on_delete=models.PROTECT, related_name="seals")
    last_number = models.CharField(max_length=8)
    chain_hash = models.CharField(max_length=64)
    signature = models.CharField(max_length=100)
    public_key = models.CharField(max_length=60)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "last_number"], name="chain_seal_once")]

    def __str__(self) -> str:
        return f"{self.series_id} up to {self.last_number}"


class ArchivedDocument(models.Model):
    """A document of a legacy system: its number and dates as they were, its file by hash. Never ours, never changes."""

    system = models.CharField(max_length=32)
    number = models.CharField(max_length=40)
    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="archived_documents"
    )
    customer = models.ForeignKey(
        "rackbill_parties.Customer", on_delete=models.PROTECT, related_name="archived_documents"
    )
    kind = models.CharField(max_length=24)
    issued_on = models.DateField()
    due_on = models.DateField()
    currency = CurrencyField()
    net_minor = MinorField()
    tax_minor = MinorField()
    gross_minor = MinorField()
    file_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "sales_organisation", "number"], name="archived_document_once"),
        ]
        indexes = [models.Index(fields=["customer", "issued_on"]), models.Index(fields=["number"])]

    def __str__(self) -> str:
        return f"{self.system} {self.number}"


class ArchivedLine(models.Model):
    """One line of an archived document as the legacy system had it. Never changes."""

    document = models.ForeignKey("rackbill_documents.ArchivedDocument", on_delete=models.PROTECT, related_name="lines")
    line_number = models.PositiveIntegerField()
    service_id = models.CharField(max_length=14, blank=True)
    legacy_service_id = models.CharField(max_length=40, blank=True)
    description = models.CharField(max_length=300)
    period_start = models.DateField(null=True)
    period_end = models.DateField(null=True)
    quantity = DecimalSixField()
    unit_price = DecimalSixField()
    net_minor = MinorField()
    tax_rate = DecimalSixField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "line_number"], name="archived_line_once")]

    def __str__(self) -> str:
        return f"{self.document_id}/{self.line_number}"
