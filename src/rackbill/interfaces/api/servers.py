"""`/bareMetals/v2/servers`: list, detail, PUT reference. A legacy ID in the path answers with the new object."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from rackbill.domain.contracts import queries as contracts
from rackbill.domain.contracts.errors import EquipmentNotFound
from rackbill.domain.contracts.queries import ServerFacts, ServiceRow
from rackbill.domain.identifiers import queries as identifiers
from rackbill.interfaces.api import shapes
from rackbill.interfaces.api.answers import day_zulu, json_answer, metadata
from rackbill.interfaces.api.authentication import holder
from rackbill.interfaces.api.errors import ApiRefusal
from rackbill.interfaces.api.services import put_reference
from rackbill.interfaces.jobs import clock

router = Router(tags=["Dedicated servers"])
DEFAULT_LIMIT = 25
_SWITCHES = ("", "true", "false")


@router.get("/servers", response={200: shapes.ServerList, 400: shapes.ErrorObject}, by_alias=True)
def servers(
    request: HttpRequest,
    limit: int = Query(DEFAULT_LIMIT, ge=1, le=500),
    offset: int = Query(0, ge=0),
    reference: str = "",
    ip: str = "",
    macAddress: str = "",
    site: str = "",
    privateRackId: str = "",
    privateNetworkCapable: str = "",
    privateNetworkEnabled: str = "",
) -> HttpResponse:
    """The customer's dedicated servers; all filters are exact."""
    for name, value in (
        ("privateNetworkCapable", privateNetworkCapable),
        ("privateNetworkEnabled", privateNetworkEnabled),
    ):
        if value not in _SWITCHES:
            raise ApiRefusal(400, details={name: [f"{name} is true or false, not {value!r}"]})
    scope, today = holder(request).scope, clock.now().date()
    # No server of ours has a private network yet, so asking for one finds none.
    nothing = "true" in (privateNetworkCapable, privateNetworkEnabled)
    page = contracts.servers(
        scope=scope, on=today, reference=reference, ip=ip, mac_address=macAddress, site=site,
        rack="\x00" if nothing else privateRackId, limit=limit, offset=offset,
    )  # fmt: skip
    return json_answer({"servers": [_server(row, is_detail=False) for row in page.rows], "_metadata": metadata(page)})


@router.get("/servers/{server_id}", response={200: shapes.Server, 404: shapes.ErrorObject})
def server(request: HttpRequest, server_id: str) -> HttpResponse:
    """One server, by its Equipment ID or any legacy ID it had."""
    return json_answer(_server(_found(request, server_id), is_detail=True))


@router.put("/servers/{server_id}", response={204: None, 400: shapes.ErrorObject, 404: shapes.ErrorObject})
def set_reference(request: HttpRequest, server_id: str, body: shapes.Reference) -> HttpResponse:
    """Sets the reference of the server's service."""
    put_reference(request, _found(request, server_id), body.reference)
    return HttpResponse(status=204)


def _found(request: HttpRequest, text: str) -> ServiceRow:
    scope, today = holder(request).scope, clock.now().date()
    try:
        return contracts.server(scope=scope, equipment_id=text, on=today)
    except EquipmentNotFound:
        current = identifiers.target_id(scope=scope, target_kind="equipment", text=text)
    try:
        return contracts.server(scope=scope, equipment_id=current or "", on=today)
    except EquipmentNotFound:
        raise ApiRefusal(404) from None


def _server(row: ServiceRow, *, is_detail: bool) -> dict[str, Any]:
    facts = row.server
    assert facts is not None
    answer: dict[str, Any] = {
        "id": facts.equipment_id, "assetId": facts.asset_id or None, "serialNumber": facts.serial_number or None,
        "rack": {"id": facts.rack or None, "capacity": None, "type": "SHARED"},
        "location": {"site": facts.site, "suite": facts.suite, "rack": facts.rack, "unit": facts.unit},
        "isPrivateNetworkEnabled": False, "isPrivateNetworkCapable": False, "isRedundantPrivateNetworkCapable": False,
        "featureAvailability": dict.fromkeys(
            ("automation", "powerCycle", "ipmiReboot", "privateNetwork", "remoteManagement"), False
        ),
        "networkInterfaces": {"public": _interface(facts), "internal": None, "remoteManagement": None},
        "powerPorts": [], "privateNetworks": [], "contract": _contract(row) if is_detail else _contract_of_list(row),
    }  # fmt: skip
    if is_detail:
        answer["specs"] = _specs(facts)
    return answer


def _interface(facts: ServerFacts) -> dict[str, Any] | None:
    if not facts.ip_address and not facts.mac_address:
        return None
    return {
        "mac": facts.mac_address or None, "ip": facts.ip_address or None, "gateway": None, "nullRouted": False,
        "ports": [], "locationId": None,
    }  # fmt: skip


def _specs(facts: ServerFacts) -> dict[str, Any]:
    return {
        "brand": facts.brand or None, "chassis": facts.chassis or None,
        "cpu": {"quantity": facts.cpu_count, "type": facts.cpu_type or None},
        "ram": {"size": facts.ram_gb, "unit": "GB"},
        "hdd": [
            {"id": None, "amount": disk["amount"], "size": disk["size_gb"], "type": disk["type"],
             "unit": "GB", "performanceType": None}
            for disk in facts.disks
        ],
        "hardwareRaidCapable": False, "pciCards": [],
    }  # fmt: skip


def _contract_of_list(row: ServiceRow) -> dict[str, Any]:
    return {
        "id": row.contract_id, "customerId": row.customer_id, "salesOrgId": row.organisation_id,
        "deliveryStatus": row.status, "reference": row.reference or None,
    }  # fmt: skip


def _contract(row: ServiceRow) -> dict[str, Any]:
    return {
        **_contract_of_list(row), "internalReference": row.legacy_name, "status": row.status,
        "startsAt": day_zulu(row.day(row.starts_at)), "endsAt": day_zulu(row.day(row.ends_at)) if row.ends_at else None,
        "contractTerm": row.term_months, "contractType": "NORMAL", "billingCycle": row.cycle_months,
        "billingFrequency": "MONTH", "pricePerFrequency": f"{row.price:f}", "currency": row.currency, "sla": "Bronze",
        "networkTraffic": {
            "type": None, "connectivityType": None, "trafficType": None, "datatrafficLimit": None, "datatrafficUnit": None,
        },
        "softwareLicenses": [], "managedServices": [], "subnets": [], "privateNetworkPortSpeed": None,
        "aggregationPackId": None, "ipv4Quantity": None,
    }  # fmt: skip
