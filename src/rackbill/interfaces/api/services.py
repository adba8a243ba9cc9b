"""`/services/v1/services`: list, detail, PUT reference. A legacy ID in the path answers with the new object."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from rackbill.domain.contracts import operations as contract_operations
from rackbill.domain.contracts import policy
from rackbill.domain.contracts import queries as contracts
from rackbill.domain.contracts.errors import ReferenceRefused, ServiceNotFound
from rackbill.domain.contracts.queries import ServiceRow
from rackbill.domain.identifiers import queries as identifiers
from rackbill.interfaces.api import shapes
from rackbill.interfaces.api.answers import day_with_offset, json_answer, metadata
from rackbill.interfaces.api.authentication import actor, holder
from rackbill.interfaces.api.errors import ApiRefusal
from rackbill.interfaces.jobs import clock

router = Router(tags=["Services"])
DEFAULT_LIMIT = 10


@router.get("/services", response={200: shapes.ServiceList, 400: shapes.ErrorObject}, by_alias=True)
def services(
    request: HttpRequest,
    limit: int = Query(DEFAULT_LIMIT, ge=1, le=500),
    offset: int = Query(0, ge=0),
    productId: str = "",
    reference: str = "",
    equipmentId: str = "",
) -> HttpResponse:
    """The customer's services; filters productId, reference and equipmentId are exact."""
    page = contracts.services(
        scope=holder(request).scope, on=clock.now().date(), product_id=productId, reference=reference,
        equipment_id=equipmentId, limit=limit, offset=offset,
    )  # fmt: skip
    return json_answer({"services": [_service(row) for row in page.rows], "_metadata": metadata(page)})


@router.get("/services/{service_id}", response={200: shapes.Service, 404: shapes.ErrorObject})
def service(request: HttpRequest, service_id: str) -> HttpResponse:
    """One service, by its service ID or any legacy ID it had."""
    return json_answer(_service(_found(request, service_id)))


@router.put("/services/{service_id}", response={200: shapes.Service, 400: shapes.ErrorObject, 404: shapes.ErrorObject})
def set_reference(request: HttpRequest, service_id: str, body: shapes.Reference) -> HttpResponse:
    """Sets the reference and answers with the service."""
    row = _found(request, service_id)
    put_reference(request, row, body.reference)
    return json_answer(_service(_found(request, row.service_id)))


def put_reference(request: HttpRequest, row: ServiceRow, reference: str) -> None:
    """Sets the reference of a service. Raises ApiRefusal."""
    try:
        contract_operations.set_reference(
            scope=holder(request).scope,
            service_id=row.service_id,
            reference=reference,
            now=clock.now(),
            actor=actor(request),
        )
    except ReferenceRefused as refusal:
        raise ApiRefusal(400, details={"reference": [str(refusal)]}) from None


def _found(request: HttpRequest, text: str) -> ServiceRow:
    scope, today = holder(request).scope, clock.now().date()
    try:
        return contracts.service(scope=scope, service_id=text, on=today)
    except ServiceNotFound:
        current = identifiers.target_id(scope=scope, target_kind="service", text=text)
    if current is None:
        raise ApiRefusal(404)
    return contracts.service(scope=scope, service_id=current, on=today)


def months(count: int) -> str:
    """`N UNIT`: 1 MONTH, 1 YEAR."""
    return f"{count // 12} YEAR" if count % 12 == 0 else f"{count} MONTH"


def _service(row: ServiceRow) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "id": row.service_id, "contractId": row.contract_id, "productId": row.product_id, "status": row.status,
        "cancellable": row.cancelled_on is None, "uncancellable": row.cancelled_on is not None,
        "orderDate": day_with_offset(row.ordered_on), "startDate": day_with_offset(row.day(row.starts_at)),
        "deliveryDate": day_with_offset(row.day(row.starts_at)),
        "contractTermEndDate": day_with_offset(row.term_ends_on),
        "deliveryEstimate": "" if row.status in policy.BILLED_STATUSES else "1-5 business days",
        "contractTerm": months(row.term_months), "billingCycle": months(row.cycle_months),
        "pricePerFrequency": row.price, "currency": row.currency,
    }  # fmt: skip
    if row.cancelled_on is not None and row.ends_at is not None:
        answer["endDate"] = day_with_offset(row.day(row.ends_at))
    if row.equipment_id:
        answer["equipmentId"] = row.equipment_id
    if row.reference:
        answer["reference"] = row.reference
    return answer
