"""What a text names: identifiers of any system, and documents of ours by their numbers."""

import pytest

from rackbill.domain.documents.models import Document
from rackbill.domain.kit.scope import CustomerScope, WholeInstallation
from rackbill.interfaces.jobs import named_things
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
EVERYTHING = WholeInstallation()


def test_a_number_names_its_document_however_it_is_written_and_only_to_whose_it_is() -> None:
    world = world_of.provider()
    owner, stranger = world_of.customer(world), world_of.customer(world)
    world_of.service(world, owner)
    world_of.bill_october()
    number = Document.objects.get().number
    for text in (number, f"invoice no. {number[:2]} {number[2:]}", f"{number[:4]}-{number[4:]}"):
        (found,) = named_things.resolutions(scope=EVERYTHING, text=text)
        assert (found.target_kind, found.target_id, found.customer_id) == ("invoice", number, owner.customer_id)
        assert found.is_exact is (text == number)
    own = CustomerScope(owner.pk, owner.customer_id)
    assert len(named_things.resolutions(scope=own, text=number)) == 1
    assert named_things.resolutions(scope=own, text=number, with_documents=False) == []
    assert named_things.resolutions(scope=CustomerScope(stranger.pk, stranger.customer_id), text=number) == []
    assert named_things.resolutions(scope=EVERYTHING, text="invoice") == []
