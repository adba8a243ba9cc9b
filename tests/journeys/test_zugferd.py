"""A customer who chose ZUGFeRD gets one file: the PDF with XRechnung's CII inside, from the readiness to the mail."""

import email
import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from rackbill.adapters.mailbox import Mailbox
from rackbill.adapters.smtp import MailServer
from rackbill.domain.billing.models import BillDraft, ParkedBill
from rackbill.domain.documents.models import DocumentFile
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.models import Customer
from rackbill.domain.parties.queries import einvoices as readiness
from rackbill.domain.receivables import queries as receivables
from rackbill.formats import einvoice_hybrid
from rackbill.formats.einvoice_reading import read_einvoice
from rackbill.interfaces.jobs import bill_run, dispatch, document_forms, einvoice_check, einvoice_readiness
from rackbill.interfaces.jobs import einvoice_rules as installed
from tests.journeys.test_document_command import command
from tests.world import einvoices, rule_packs
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = datetime(2020, 10, 1, 6, tzinfo=UTC), datetime(2020, 11, 1, 6, tzinfo=UTC)
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
XRECHNUNG = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "EINVOICE_RULES", tmp_path / "rules", raising=False)
    monkeypatch.setattr(settings, "RACKBILL_HOME", tmp_path / "home")
    installed._kept_sheet.cache_clear()


@pytest.fixture
def owner() -> Customer:
    world = world_of.provider()
    found = world_of.customer(world, tax_id="DE811907980", recipients=("ap@buyer.example",))
    world_of.service(world, found)
    einvoices.give_einvoices(einvoices.of(found, profile="zugferd"))
    Customer.objects.update(postal_code="20354")
    return found


def take(folder: Path) -> None:
    gate = einvoice_check.Gate()
    installed.import_folder(
        folder=folder, profile=None, version="1", licence="", on=OCTOBER.date(), checker=gate.checker
    )
    gate.close()


def lacks(owner: Customer) -> list[str]:
    (found,) = readiness.einvoice_readiness(
        scope=WholeInstallation(), customer_id=owner.customer_id, on=OCTOBER.date(),
        imported=einvoice_readiness.imported_profiles(), mandates=receivables.mandates,
    )  # fmt: skip
    assert found.profile == "zugferd"
    return [gap.sentence for gap in found.gaps]


def bill(now: datetime, through: date) -> None:
    bill_run.run_bill(organisation_id="2100", through=through, now=now, actor=SYSTEM, signer=SIGNER)


def test_from_the_missing_rules_to_the_mail(owner: Customer, tmp_path: Path) -> None:
    (gap,) = lacks(owner)
    assert "einvoice-rules import DIR --profile xrechnung" in gap
    take(rule_packs.xrechnung_with_cii(tmp_path / "kosit"))
    (gap,) = lacks(owner)
    assert "einvoice-rules import DIR --profile en16931-cii" in gap
    bill(OCTOBER, date(2020, 11, 1))
    assert "needs the rules of EN 16931 for CII" in ParkedBill.objects.get().reason, "the gate says the same"
    take(rule_packs.cen_cii(tmp_path / "cen"))
    assert lacks(owner) == []
    bill(NOVEMBER, date(2020, 12, 1))
    checked = BillDraft.objects.get(checked_at__isnull=False).checked_with
    assert checked is not None and "XRechnung" in checked and "EN 16931 for CII" in checked
    (content,) = mailed(tmp_path)
    xml = einvoice_hybrid.embedded_einvoice(content)
    assert xml is not None
    terms = read_einvoice(xml)
    assert (terms.specification, terms.number, terms.buyer.identifier) == (XRECHNUNG, "21000000", owner.customer_id)
    kept = dict(DocumentFile.objects.values_list("format", "sha256"))
    assert kept == {"pdf": hashlib.sha256(content).hexdigest(), "einvoice": hashlib.sha256(xml).hexdigest()}
    with pikepdf.open(tmp_path / "mail.pdf") as file:
        assert list(file.attachments) == ["xrechnung.xml"]
        meta = file.open_metadata()
        names = ("ConformanceLevel", "DocumentFileName", "DocumentType", "Version")
        space = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
        assert [meta[f"{{{space}}}{name}"] for name in names] == ["XRECHNUNG", "xrechnung.xml", "INVOICE", "3.0"]
    for form in ("pdf", "hybrid", "hybrid-xrechnung"):
        path = tmp_path / form
        assert command("21000000", "--format", form, "-o", str(path)).exit_code == 0
        assert path.read_bytes() == content, "the console hands out what was sent"
    for form in ("einvoice", "zugferd"):
        path = tmp_path / form
        assert command("21000000", "--format", form, "-o", str(path)).exit_code == 0
        assert path.read_bytes() == xml
    assert document_forms.FORMS["hybrid"].profile == "factur-x", "for whoever has no hybrid of his own"


def mailed(tmp_path: Path) -> list[bytes]:
    """The files of the one mail; it is the PDF alone, for the XML is inside."""
    box = Mailbox(folder=tmp_path / "mail")
    box.start()
    server = MailServer(host="127.0.0.1", port=box.port)
    try:
        assert dispatch.send_waiting(server=server, now=NOVEMBER) == 1
    finally:
        server.close()
        box.stop()
    (path,) = box.folder.glob("*.eml")
    parts = [part for part in email.message_from_bytes(path.read_bytes()).walk() if part.get_filename()]
    assert [part.get_content_type() for part in parts] == ["application/pdf"]
    found = [part.get_payload(decode=True) for part in parts]
    assert all(isinstance(content, bytes) for content in found)
    (tmp_path / "mail.pdf").write_bytes(found[0])  # type: ignore[arg-type]
    return found  # type: ignore[return-value]
