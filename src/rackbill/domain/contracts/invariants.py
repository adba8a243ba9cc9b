"""What must always hold over contracts; yields violations, mends nothing."""

from collections.abc import Iterator

from django.db.models import F

from rackbill.domain.contracts.models import Cancellation, ContractLine, LinePrice, NoticeRule, Service
from rackbill.domain.contracts.operations import service_search_text


def violations() -> Iterator[str]:
    """Lines, services and equipment belong together; prices do not overlap; what is searched is what a service is called."""
    for line in ContractLine.objects.exclude(contract=F("service__contract")):
        yield f"a line of service {line.service_id} belongs to another contract than its service"
    yield from _notice()
    rows = Service.objects.select_related("contract", "equipment")
    for service in rows.exclude(customer=F("contract__customer")):
        yield f"service {service.service_id} belongs to another customer than its contract"
    for service in rows.filter(equipment__isnull=False).exclude(customer=F("equipment__customer")):
        yield f"service {service.service_id} belongs to another customer than its equipment"
    for service in rows.iterator(chunk_size=2000):
        if service.search_text != service_search_text(service=service):
            yield f"service {service.service_id} is not found by everything it is called"
    last: LinePrice | None = None
    for price in LinePrice.objects.order_by("line_id", "valid_from"):
        if last is not None and last.line_id == price.line_id:
            if last.valid_until is None or last.valid_until > price.valid_from:
                yield f"contract line {price.line_id} has two prices on {price.valid_from}"
        last = price


def _notice() -> Iterator[str]:
    """Anybody's notice is ruled; a contract with a cancellation in force has an end."""
    if not NoticeRule.objects.filter(organisation_id="", customer_kind="", product_class="").exists():
        yield "no notice rule is stored that holds for anybody"
    for given in Cancellation.objects.filter(withdrawn_at=None, contract__ends_at=None).select_related("contract"):
        yield f"contract {given.contract.contract_id} is cancelled to {given.ends_on} but has no end"
