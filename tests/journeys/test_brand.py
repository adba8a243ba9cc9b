"""What a brand folder says is taken over into data and frozen; a broken folder is named and stops nobody else's documents."""

import logging
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from rackbill.domain.documents import queries as documents
from rackbill.domain.history.models import HistoryEntry
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.models import SellerBankAccount, SellerText
from rackbill.formats.brand import BrandRefused
from rackbill.interfaces.console import sellers
from rackbill.interfaces.jobs import bill_run, document_files
from tests.journeys.test_money_on_the_console import said, told
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
NOW = datetime(2020, 10, 1, 7, tzinfo=UTC)
ORG = ("--sales-org", "2100")
FOLDER = """
accent = "#0b5d57"
[[texts]]
name = "terms"
language = "en"
kind = "invoice"
text = "Our terms of 1 March 2020 apply."
[[texts]]
name = "thanks"
language = "en"
text = "Thank you."
[[banks]]
currency = "EUR"
bank_name = "Brand Bank"
iban = "DE02120300000000202051"
bic = "BYLADEM1001"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "RACKBILL_BRANDS", tmp_path)
    found = tmp_path / "2100"
    found.mkdir()
    (found / "brand.toml").write_text(FOLDER)
    world = world_of.provider()
    world_of.service(world, world_of.customer(world))
    return found


def changed(found: dict[str, Any]) -> list[str]:
    return [one["text"]["name"] if one["text"] else one["bank"]["currency"] for one in found["differences"]]


def test_texts_and_banks_are_taken_over_and_frozen(folder: Path) -> None:
    assert changed(told(sellers.app, "brand", *ORG)) == ["terms", "thanks", "EUR"]
    assert SellerText.objects.count() == 0, "a look stores nothing"
    text = said(sellers.app, "brand", *ORG)
    assert "new: text terms (invoice, en)" in text and "differs: bank account EUR" in text
    assert "--take-over-from DAY" in text
    assert changed(told(sellers.app, "brand", *ORG, "--take-over-from", "2020-10-01")) == ["terms", "thanks", "EUR"]
    entry = HistoryEntry.objects.get(verb="change_bank_account")
    assert (entry.detail["currency"], "COBADEFF" in entry.detail["before"]) == ("EUR", True)
    assert changed(told(sellers.app, "brand", *ORG, "--take-over-from", "2020-10-01")) == []
    world_of.bill_october()
    before = documents.canonical_form(scope=WholeInstallation(), number="21000000")
    value = documents.document(scope=WholeInstallation(), number="21000000")
    assert value.texts == ("Our terms of 1 March 2020 apply.", "Thank you.")
    assert value.payment.account is not None and value.payment.account.iban == "DE02120300000000202051"
    pdf = document_files.document_pdf(scope=WholeInstallation(), number="21000000", now=NOW)
    (folder / "brand.toml").write_text(FOLDER.replace("1 March", "1 July").replace("#0b5d57", "#5d0b57"))
    assert changed(told(sellers.app, "brand", *ORG, "--take-over-from", "2020-11-01")) == ["terms"]
    SellerBankAccount.objects.update(iban="DE89370400440532013000")
    assert documents.canonical_form(scope=WholeInstallation(), number="21000000") == before
    assert document_files.document_pdf(scope=WholeInstallation(), number="21000000", now=NOW) == pdf


def test_a_broken_folder_is_named_and_stops_no_run(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "brand.toml").write_text('accent = "yellow"')
    with pytest.raises(BrandRefused, match=rf"{folder}: brand\.toml: accent is 'yellow'; write a colour as #rrggbb"):
        said(sellers.app, "brand", *ORG)
    with caplog.at_level(logging.ERROR):
        bill_run.run_bill(
            organisation_id="2100", through=date(2020, 11, 1), now=NOW, actor=SYSTEM,
            signer=Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32)),
        )  # fmt: skip
        assert document_files.store_missing_pdfs(now=NOW) == 0
    assert "document 21000000 has no PDF yet: brand folder" in caplog.text
    (folder / "brand.toml").write_text('accent = "#0b5d57"')
    assert document_files.document_pdf(scope=WholeInstallation(), number="21000000", now=NOW).startswith(b"%PDF")
