"""`rackbill document`: every form of a document of any kind, whatever way its number is written; what there is not is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from typer.testing import CliRunner, Result

from rackbill.adapters.rule_checker import RuleChecker
from rackbill.core.crediting import CreditItem
from rackbill.domain.billing import operations as billing
from rackbill.domain.contracts.models import Service
from rackbill.domain.documents import queries as documents
from rackbill.domain.documents.models import ArchivedDocument, DocumentFile
from rackbill.domain.identifiers import operations as identifiers
from rackbill.domain.identifiers.operations import NewAlias
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.models import BillingGroup, SalesOrganisation
from rackbill.formats.einvoice_reading import read_einvoice
from rackbill.formats.wording import wording
from rackbill.interfaces.console import document as console
from rackbill.interfaces.jobs import bill_run, document_forms, einvoice_rules
from tests.world import provider as world_of
from tests.world import rule_packs as rules

pytestmark = pytest.mark.django_db
NUMBER = "21000000"
NOW = datetime(2020, 10, 1, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def invoice() -> str:
    world = world_of.provider()
    owner = world_of.customer(world, tax_id="DE811907980")
    SalesOrganisation.objects.update(
        contact_name="Billing desk", electronic_address="9930:DE136695976", postal_code="60327"
    )
    BillingGroup.objects.update(einvoice_choice="none", electronic_address="9930:DE811907980")
    type(owner).objects.update(postal_code="10115", email="ap@buyer.example", phone="+49 30 1")
    world_of.register(world_of.service(world, owner, reference="shop-db-1"))
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    bill_run.run_bill(organisation_id="2100", through=date(2020, 11, 1), now=NOW, actor=SYSTEM, signer=signer)
    return NUMBER


def command(*words: str) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    console.register(app)
    return CliRunner().invoke(app, ["document", *words])


def refusal(*words: str) -> str:
    result = command(*words)
    assert result.exit_code == 1 and result.exception is not None
    return str(result.exception)


@pytest.fixture
def official_rules(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packs of every network that this seller can use."""
    folder = tmp_path_factory.mktemp("packs")
    monkeypatch.setattr(settings, "EINVOICE_RULES", folder / "rules", raising=False)
    checker = RuleChecker()
    for made in (
        rules.xrechnung_with_cii(folder / "kosit"),
        rules.peppol(folder / "peppol"),
        rules.cen_cii(folder / "cen"),
    ):
        einvoice_rules.import_folder(
            folder=made, profile=None, version="", licence="", on=world_of.SEPTEMBER, checker=checker
        )
    checker.close()


@pytest.mark.usefixtures("official_rules")
@pytest.mark.parametrize("form", [form for form in document_forms.FORMS if form not in ("pint-sg",)])
def test_every_form_is_written(form: str, tmp_path: Path) -> None:
    path = tmp_path / "made"
    result = command(NUMBER, "--format", form, "-o", str(path))
    assert (result.exit_code, result.exception) == (0, None)
    content = path.read_bytes()
    assert content.startswith(b"%PDF-") if form in ("pdf", "hybrid", "hybrid-xrechnung") else NUMBER.encode() in content
    if document_forms.FORMS[form].media_type == document_forms.XML:
        assert read_einvoice(content).number == NUMBER
    if form == "hybrid":
        assert b"factur-x.xml" in content
    if form == "hybrid-xrechnung":
        assert b"<fx:ConformanceLevel>XRECHNUNG<" in content and b"<fx:DocumentFileName>xrechnung.xml<" in content
    assert "--force" in refusal(NUMBER, "--format", form, "-o", str(path))


@pytest.mark.parametrize(
    ("form", "pack"),
    [("xrechnung", "xrechnung"), ("peppol", "peppol"), ("zugferd", "xrechnung"), ("hybrid-xrechnung", "xrechnung")],
)
def test_a_form_whose_rules_are_not_imported_is_refused_before_a_file_is_there(
    form: str, pack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "EINVOICE_RULES", tmp_path / "rules", raising=False)
    path = tmp_path / "made"
    told = refusal(NUMBER, "--format", form, "-o", str(path))
    assert f"the official rules of {pack} are not imported, so {NUMBER} cannot be checked in the form {form}" in told
    assert f"rackbill einvoice-rules import DIR --profile {pack}, or take the form ubl or cii" in told
    assert not path.exists() and not command(NUMBER, "--format", form, "-o", "-").stdout


@pytest.mark.usefixtures("official_rules")
def test_a_hybrid_of_xrechnung_wants_the_rules_of_en_16931_for_cii_as_well(tmp_path: Path) -> None:
    (Path(settings.EINVOICE_RULES) / "en16931-cii.json").unlink()
    assert "the official rules of en16931-cii are not imported" in refusal(NUMBER, "--format", "zugferd")
    assert command(NUMBER, "--format", "xrechnung", "-o", str(tmp_path / "made")).exit_code == 0


@pytest.mark.usefixtures("official_rules")
@pytest.mark.parametrize("form", ["xrechnung", "hybrid-xrechnung"])
def test_a_form_that_fails_the_official_rules_is_refused_with_what_to_mend(form: str, tmp_path: Path) -> None:
    strict = ("BR-DE-6", "false()", "fatal", "telephone (BT-42).")
    folder = rules.write_pack(tmp_path / "strict", {
        "3.1.0/XRechnung-UBL-validation.xsl": rules.style_sheet(strict),
        "3.1.0/XRechnung-CII-validation.xsl": rules.style_sheet(strict, match="/rsm:CrossIndustryInvoice", names=rules.CII),
    })  # fmt: skip
    checker = RuleChecker()
    einvoice_rules.import_folder(
        folder=folder, profile=None, version="", licence="", on=world_of.SEPTEMBER, checker=checker
    )
    checker.close()
    told = refusal(NUMBER, "--format", form, "-o", str(tmp_path / "made"))
    assert "does not meet the rules" in told and "no file was written: BR-DE-6 (BG-6" in told
    assert not (tmp_path / "made").exists()


def test_the_customers_own_e_invoice_is_written_without_a_second_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It passed the gate before the document got its number."""
    value = documents.document(scope=WholeInstallation(), number=NUMBER)
    own = replace(value, bill_to=replace(value.bill_to, einvoice_profile="peppol"))
    monkeypatch.setattr(document_forms.documents, "document", lambda **_scope: own)
    monkeypatch.setattr(settings, "EINVOICE_RULES", tmp_path / "rules", raising=False)
    assert command(NUMBER, "--format", "einvoice", "-o", str(tmp_path / "own")).exit_code == 0
    assert read_einvoice((tmp_path / "own").read_bytes()).number == NUMBER


@pytest.mark.parametrize(
    "text", ["21000000", " 2100 0000", "2100-0000", "Invoice 21000000", "no. 21000000", "２１００００００"]
)
def test_a_number_is_known_however_it_is_written(text: str) -> None:
    assert console.found_number(text) == NUMBER


def test_the_stored_pdf_is_given_again(tmp_path: Path) -> None:
    first, again = tmp_path / "a.pdf", tmp_path / "b.pdf"
    command(NUMBER, "-o", str(first)), command(NUMBER, "-o", str(again))
    assert first.read_bytes() == again.read_bytes()
    assert DocumentFile.objects.get().format == "pdf"


def test_a_translation_is_marked_and_never_stored(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert command(NUMBER, "--format", "html", "--language", "de", "-o", str(path)).exit_code == 0
    assert wording("de").word("translation_of", number=NUMBER) in path.read_text(encoding="utf-8")
    assert command(NUMBER, "--language", "de", "-o", str(tmp_path / "translated.pdf")).exit_code == 0
    assert not DocumentFile.objects.exists()
    assert "has no language" in refusal(NUMBER, "--format", "csv", "--language", "de", "-o", str(tmp_path / "x"))
    assert "choose one of en, de" in refusal(NUMBER, "--format", "html", "--language", "xx", "-o", str(tmp_path / "x"))


def test_the_file_is_named_after_the_document_and_may_go_to_stdout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = command(NUMBER, "--format", "csv", "--json")
    assert '"file": "invoice-21000000.csv"' in result.output
    shown = command(NUMBER, "--format", "json", "-o", "-")
    assert shown.stdout_bytes == documents.canonical_form(scope=WholeInstallation(), number=NUMBER)


def test_what_is_no_document_of_ours_is_refused_with_the_way_out() -> None:
    row = BillingGroup.objects.get().customer
    ArchivedDocument.objects.create(
        system="oldbill", number="DE1234567890", sales_organisation=row.sales_organisation, customer=row, kind="invoice",
        issued_on=world_of.SEPTEMBER, due_on=world_of.SEPTEMBER, currency="EUR", net_minor=1, tax_minor=0, gross_minor=1,
    )  # fmt: skip
    alias = NewAlias(kind="document", raw_text="DE1234567890", target_kind="archived_document", target_id="DE1234567890",
                     customer_id=row.customer_id, system="oldbill", organisation_id="2100")  # fmt: skip
    identifiers.register_aliases(aliases=[alias])
    assert "was issued by oldbill" in refusal("DE1234567890") and "rackbill explain" in refusal("DE1234567890")
    service = Service.objects.get()
    assert f"names service {service.service_id}, no document" in refusal(service.service_id)
    assert "there is no document '99999999'" in refusal("99999999")
    assert "choose one of pdf, hybrid" in refusal(NUMBER, "--format", "docx")
    assert "gets no e-invoice" in refusal(NUMBER, "--format", "einvoice")
    assert "pint-sg" in refusal(NUMBER, "--format", "pint-sg")


def test_kinds_without_an_e_invoice_refuse_by_name() -> None:
    from rackbill.core.document import DocumentKind

    value = documents.document(scope=WholeInstallation(), number=NUMBER)
    for kind in (kind for kind in DocumentKind if kind not in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)):
        for form in (name for name, row in document_forms.FORMS.items() if row.profile):
            with pytest.raises(
                document_forms.FormRefused, match=f"a {kind.value.replace('_', ' ')} has no form {form}"
            ):
                document_forms._known(replace(value, kind=kind), form)


def test_a_credit_note_has_every_form_too(tmp_path: Path) -> None:
    number = billing.credit_document(
        number=NUMBER, items=[CreditItem(line_number=1)], reason="Outage", is_reissued=False, on=date(2020, 10, 2), now=NOW,
        actor=SYSTEM,
    )  # fmt: skip
    for form in ("pdf", "html", "csv", "json", "ubl", "cii"):
        path = tmp_path / form
        assert command(number, "--format", form, "-o", str(path)).exit_code == 0, form
