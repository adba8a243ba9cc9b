"""A reference set by a script is in the portal at once and on the next invoice; the old invoice stays as it was."""

from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client

from rackbill.core.document import reference_shown
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.interfaces.jobs import bill_run
from tests.world import provider as world_of


@pytest.mark.django_db
def test_from_the_api_to_the_portal_to_the_next_invoice() -> None:
    world = world_of.provider()
    owner = world_of.customer(world)
    service = world_of.service(world, owner)
    world_of.register(service)
    world_of.bill_october()
    api = Client(headers={"X-LSW-Auth": world_of.api_key(owner)})
    put = api.put(
        f"/bareMetals/v2/servers/{service.legacy_id}", {"reference": "build-farm-9"}, content_type="application/json"
    )
    assert put.status_code == 204
    portal = Client()
    portal.force_login(world_of.person(owner, "FINANCE"), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert b"build-farm-9" in portal.get("/services/").content
    bill_run.run_bill(
        organisation_id="2100", through=date(2020, 12, 1), now=datetime(2020, 11, 1, 6, tzinfo=UTC), actor=SYSTEM,
        signer=Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32)),
    )  # fmt: skip
    everything = WholeInstallation()
    before, after = (documents.document(scope=everything, number=number) for number in ("21000000", "21000001"))
    assert reference_shown(before.lines[0].subject) == (service.legacy_name, "legacy_name")
    assert reference_shown(after.lines[0].subject) == ("build-farm-9", "reference")
