"""The published shapes of answers, for the OpenAPI document; tests hold the raw answers against the published tables."""

from decimal import Decimal

from ninja import Field, Schema


class Metadata(Schema):
    """Paging."""

    totalCount: int
    limit: int
    offset: int


class ErrorObject(Schema):
    """A refusal."""

    errorCode: str
    errorMessage: str
    correlationId: str
    errorDetails: dict[str, list[str]] | None = None


class Credit(Schema):
    """A credit note of an invoice."""

    id: str
    date: str
    taxAmount: Decimal
    netAmount: Decimal
    total: Decimal


class LineItem(Schema):
    """A line of an invoice."""

    product: str
    unitAmount: Decimal
    totalAmount: Decimal
    quantity: int
    fromDate: str
    toDate: str
    equipmentId: str
    contractId: str
    reference: str


class Invoice(Schema):
    """An invoice in a list."""

    id: str
    date: str
    dueDate: str
    netAmount: Decimal
    taxAmount: Decimal
    total: Decimal
    openAmount: Decimal
    currency: str
    isPartialPaymentAllowed: bool
    status: str


class InvoiceDetail(Invoice):
    """An invoice with its lines."""

    credits: list[Credit]
    lineItems: list[LineItem]


class InvoiceList(Schema):
    """Invoices."""

    invoices: list[Invoice]
    metadata: Metadata = Field(alias="_metadata")


class Service(Schema):
    """A service."""

    id: str
    contractId: str
    productId: str
    status: str
    cancellable: bool
    uncancellable: bool
    orderDate: str
    startDate: str
    deliveryDate: str
    endDate: str | None = None
    contractTermEndDate: str
    deliveryEstimate: str
    contractTerm: str
    billingCycle: str
    pricePerFrequency: Decimal
    currency: str
    equipmentId: str | None = None
    reference: str | None = None
    attributes: dict[str, str] | None = None


class ServiceList(Schema):
    """Services."""

    services: list[Service]
    metadata: Metadata = Field(alias="_metadata")


class Reference(Schema):
    """What a PUT sets."""

    reference: str


class Server(Schema):
    """A dedicated server."""

    id: str
    assetId: str | None
    serialNumber: str | None
    rack: dict[str, str | None]
    location: dict[str, str | None]
    isPrivateNetworkEnabled: bool
    isPrivateNetworkCapable: bool
    isRedundantPrivateNetworkCapable: bool
    featureAvailability: dict[str, bool]
    networkInterfaces: dict[str, dict[str, object] | None]
    powerPorts: list[dict[str, str]]
    privateNetworks: list[dict[str, object]]
    specs: dict[str, object] | None = None
    contract: dict[str, object]


class ServerList(Schema):
    """Dedicated servers."""

    servers: list[Server]
    metadata: Metadata = Field(alias="_metadata")
