"""What is agreed with a customer, as plain rows; for telling it elsewhere."""

from typing import Any

from rackbill.domain.contracts.models import (
    Contract,
    ContractLine,
    LineDiscount,
    LinePrice,
    LineQuantity,
    LineSuspension,
    Service,
)


def agreed_rows(*, customer_key: int) -> dict[str, list[dict[str, Any]]]:
    """All that is agreed with a customer, as plain rows by table, in the order of IDs."""
    contracts = Contract.objects.filter(customer_id=customer_key).order_by("contract_id")
    services = Service.objects.filter(customer_id=customer_key).order_by("service_id")
    lines = ContractLine.objects.filter(service__customer_id=customer_key).order_by("service__service_id", "pk")
    found = {
        "contracts": list(contracts.values()),
        "services": [
            {**row, "product_kind": row.pop("product__product_id"), "product_code": row.pop("product__code"),
             "tax_class": row.pop("product__tax_class")}
            for row in services.values(
                *[field.attname for field in Service._meta.concrete_fields], "product__product_id", "product__code",
                "product__tax_class",
            )
        ],
        "lines": list(lines.values()),
    }  # fmt: skip
    tables: dict[str, Any] = {
        "prices": LinePrice, "quantities": LineQuantity, "discounts": LineDiscount, "suspensions": LineSuspension,
    }  # fmt: skip
    for name, model in tables.items():
        found[name] = list(model.objects.filter(line__in=lines).order_by("line_id", "valid_from", "pk").values())
    return found
