"""Typed from the published API documents: every field with its JSON type, its form, and whether it must be there.

A type is `string`, `number`, `integer`, `boolean`, `object` or `array`; `?` behind it allows null, `!` says it must be there.
"""

DATE_OFFSET = r"\d{4}-\d\d-\d\dT00:00:00\+00:00"
DATE_ZULU = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
CURRENCY = r"EUR|GBP|USD|SGD|AUD|HKD|CAD"
SERVICE_STATUS = (
    "NEW_CONTRACT|ACTIVE|SCHEDULED|TO_BE_MODIFIED|TO_BE_PROVISIONED|TO_BE_SUSPENDED|SUSPENDED|TO_BE_RECONNECTED"
)
TERM = r"\d+ (?:MONTH|YEAR)"

METADATA = {"totalCount": ("integer!", ""), "limit": ("integer!", ""), "offset": ("integer!", "")}
INVOICE = {
    "id": ("string!", r"\d{8}"), "date": ("string!", DATE_OFFSET), "dueDate": ("string!", DATE_OFFSET),
    "netAmount": ("number!", ""), "taxAmount": ("number!", ""), "total": ("number!", ""), "openAmount": ("number!", ""),
    "currency": ("string!", CURRENCY), "isPartialPaymentAllowed": ("boolean!", ""),
    "status": ("string!", "OPEN|PAID|OVERDUE|CANCELLED"),
}  # fmt: skip
CREDIT = {
    "id": ("string!", r"\d{8}"), "date": ("string!", DATE_OFFSET), "taxAmount": ("number!", ""),
    "netAmount": ("number!", ""), "total": ("number!", ""),
}  # fmt: skip
LINE_ITEM = {
    "product": ("string!", ".+"), "unitAmount": ("number!", ""), "totalAmount": ("number!", ""), "quantity": ("integer!", ""),
    "fromDate": ("string!", DATE_OFFSET), "toDate": ("string!", DATE_OFFSET), "equipmentId": ("string!", r"\d{3,8}|"),
    "contractId": ("string!", r"\d{8}"), "reference": ("string", ".*"),
}  # fmt: skip
INVOICE_DETAIL = {**INVOICE, "credits": ("array!", CREDIT), "lineItems": ("array!", LINE_ITEM)}
SERVICE = {
    "id": ("string!", r"\d{14}"), "contractId": ("string!", r"\d{8}"), "productId": ("string!", "[A-Z_]+"),
    "status": ("string!", SERVICE_STATUS), "cancellable": ("boolean!", ""), "uncancellable": ("boolean!", ""),
    "orderDate": ("string!", DATE_OFFSET), "startDate": ("string!", DATE_OFFSET), "deliveryDate": ("string!", DATE_OFFSET),
    "endDate": ("string", DATE_OFFSET), "contractTermEndDate": ("string!", DATE_OFFSET), "deliveryEstimate": ("string!", ".*"),
    "contractTerm": ("string!", TERM), "billingCycle": ("string!", TERM), "pricePerFrequency": ("number!", ""),
    "currency": ("string!", CURRENCY), "equipmentId": ("string", r"\d{3,8}"), "reference": ("string", ".+"),
    "attributes": ("object", None),
}  # fmt: skip
CONTRACT_IN_LIST = {
    "id": ("string!", r"\d{8}"), "customerId": ("string!", r"\d{8}"), "salesOrgId": ("string!", r"\d{4}"),
    "deliveryStatus": ("string!", SERVICE_STATUS), "reference": ("string?!", ".+"),
}  # fmt: skip
NETWORK_TRAFFIC = {
    "type": ("string?!", ""), "connectivityType": ("string?!", ""), "trafficType": ("string?!", ""),
    "datatrafficLimit": ("number?!", ""), "datatrafficUnit": ("string?!", ""),
}  # fmt: skip
CONTRACT = {
    **CONTRACT_IN_LIST, "internalReference": ("string", ".*"), "status": ("string!", SERVICE_STATUS),
    "startsAt": ("string!", DATE_ZULU), "endsAt": ("string?!", DATE_ZULU), "contractTerm": ("integer!", ""),
    "contractType": ("string!", "NORMAL"), "billingCycle": ("integer!", ""), "billingFrequency": ("string!", "MONTH"),
    "pricePerFrequency": ("string!", r"\d+(?:\.\d+)?"), "currency": ("string!", CURRENCY), "sla": ("string!", ".+"),
    "networkTraffic": ("object!", NETWORK_TRAFFIC), "softwareLicenses": ("array!", None), "managedServices": ("array!", None),
    "subnets": ("array!", None), "privateNetworkPortSpeed": ("number?!", ""), "aggregationPackId": ("string?!", ""),
    "ipv4Quantity": ("integer?!", ""),
}  # fmt: skip
INTERFACE = {
    "mac": ("string?!", ""), "ip": ("string?!", ""), "gateway": ("string?!", ""), "nullRouted": ("boolean?!", ""),
    "ports": ("array!", None), "locationId": ("string?!", ""),
}  # fmt: skip
SERVER_IN_LIST = {
    "id": ("string!", r"\d{3,8}"), "assetId": ("string?!", ""), "serialNumber": ("string?!", ""),
    "rack": ("object!", {"id": ("string?!", ""), "capacity": ("string?!", ""), "type": ("string!", "SHARED.*|DEDICATED")}),
    "location": (
        "object!", dict.fromkeys(("site", "suite", "rack", "unit"), ("string!", ".*"))
    ),
    "isPrivateNetworkEnabled": ("boolean!", ""), "isPrivateNetworkCapable": ("boolean!", ""),
    "isRedundantPrivateNetworkCapable": ("boolean!", ""),
    "featureAvailability": (
        "object!",
        dict.fromkeys(("automation", "powerCycle", "ipmiReboot", "privateNetwork", "remoteManagement"), ("boolean!", "")),
    ),
    "networkInterfaces": (
        "object!", dict.fromkeys(("public", "internal", "remoteManagement"), ("object?!", INTERFACE)),
    ),
    "powerPorts": ("array!", None), "privateNetworks": ("array!", None), "contract": ("object!", CONTRACT_IN_LIST),
}  # fmt: skip
HDD = {
    "id": ("string?!", ""), "amount": ("integer!", ""), "size": ("integer!", ""), "type": ("string!", ".+"),
    "unit": ("string!", "GB|TB"), "performanceType": ("string?!", ""),
}  # fmt: skip
SPECS = {
    "brand": ("string?!", ""), "chassis": ("string?!", ""),
    "cpu": ("object!", {"quantity": ("integer?!", ""), "type": ("string?!", "")}),
    "ram": ("object!", {"size": ("integer?!", ""), "unit": ("string!", "GB")}), "hdd": ("array!", HDD),
    "hardwareRaidCapable": ("boolean!", ""), "pciCards": ("array!", None),
}  # fmt: skip
SERVER = {**SERVER_IN_LIST, "contract": ("object!", CONTRACT), "specs": ("object!", SPECS)}
ERROR = {
    "errorCode": ("string!", r"\d{3}"), "errorMessage": ("string!", ".+"),
    "correlationId": ("string!", r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "errorDetails": ("object", None),
}  # fmt: skip
