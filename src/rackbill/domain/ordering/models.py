from django.db import models


class Order(models.Model):
    """What was ordered at one time under a contract: the first order or a modification."""

    KINDS = [("NEW_ORDER", "NEW_ORDER"), ("MODIFICATION", "MODIFICATION")]
    ORIGINS = [(origin, origin) for origin in ("CUSTOMER_PORTAL", "QUOTATION", "WEBSITE", "OTHER")]

    order_id = models.CharField(max_length=8, unique=True)
    contract = models.ForeignKey("rackbill_contracts.Contract", on_delete=models.PROTECT, related_name="orders")
    kind = models.CharField(max_length=12, choices=KINDS)
    origin = models.CharField(max_length=16, choices=ORIGINS)
    created_at = models.DateTimeField()
    quotation_number = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return self.order_id


class OrderedService(models.Model):
    """A service that an order created or changed, with its position."""

    order = models.ForeignKey("rackbill_ordering.Order", on_delete=models.CASCADE, related_name="ordered_services")
    service = models.ForeignKey("rackbill_contracts.Service", on_delete=models.PROTECT, related_name="ordered_services")
    position = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "position"], name="ordered_position_once")]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.position}"
