"""`rackbill explain`: every amount with its cause, corrections with their chain, and a wrong cent is seen."""

import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rackbill.core.crediting import CreditItem
from rackbill.core.terms import DiscountKind
from rackbill.domain.billing import operations as billing_operations
from rackbill.domain.billing import queries as billing
from rackbill.domain.billing.errors import DocumentNotBilled
from rackbill.domain.billing.models import Charge
from rackbill.domain.contracts import operations as contracts
from rackbill.domain.contracts.models import ContractLine, LinePrice, Service
from rackbill.domain.documents.errors import DocumentNotFound
from rackbill.domain.documents.models import ArchivedDocument, ArchivedLine
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import CustomerScope, WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.taxes import operations as taxes
from rackbill.domain.usage.models import MeasuredQuantity
from rackbill.formats.explanation_json import plain_explanation
from rackbill.formats.explanation_text import explained_text
from rackbill.interfaces.console import answers, explain
from rackbill.interfaces.jobs import bill_run
from tests.world import provider as world_of

pytestmark = pytest.mark.django_db
EVERYTHING = WholeInstallation()
RECIPE = Path(__file__).parents[2] / "docs" / "recipes" / "recompute.py"
NOW = datetime(2020, 10, 2, tzinfo=UTC)


def bill(through: date, now: datetime) -> None:
    signer = Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    bill_run.run_bill(organisation_id="2100", through=through, now=now, actor=SYSTEM, signer=signer)


def plain(number: str) -> dict[str, Any]:
    found = plain_explanation(billing.explanation(scope=EVERYTHING, number=number))
    assert json.loads(json.dumps(found)) == found, "only texts, whole numbers and lists"
    return found


def text(number: str, line: int | None = None) -> str:
    return "\n".join(explained_text(billing.explanation(scope=EVERYTHING, number=number), line_number=line))


def recomputed(*documents: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    given = "\n".join(map(json.dumps, documents))
    return subprocess.run([sys.executable, "-I", str(RECIPE)], input=given, capture_output=True, text=True, check=False)


@pytest.fixture
def service() -> Service:
    """Two servers from 15 September, one year's discount, billed for October."""
    world = world_of.provider()
    row = world_of.service(
        world, world_of.customer(world, country="NL", tax_id="NL004495445B01"), starts_on=date(2020, 9, 15), quantity="2",
        reference="shop-db-1",
    )  # fmt: skip
    contracts.add_discount(
        line_key=row.lines.get().pk, kind=DiscountKind.PERCENT, value=Decimal(10), reason="Term of one year",
        valid_from=date(2020, 9, 1), valid_until=None, now=NOW, actor=SYSTEM,
    )  # fmt: skip
    world_of.bill_october()
    return row


def test_a_line_tells_days_price_discount_and_the_tax_with_its_evidence(service: Service) -> None:
    part, month = plain("21000000")["lines"]
    assert (part["formula"], part["amount"], part["rounding"]) == (
        "(32 * 129.95 / 30) * (100 - 10) / 100",
        "124.75",
        "half_up",
    )
    assert part["facts"] == [
        {"name": "price_from", "text": "2020-09-15"}, {"name": "count", "text": "2"},
        {"name": "discount", "text": "Term of one year: 10 % from 2020-09-01"},
    ]  # fmt: skip
    assert month["formula"] == "(2 * 129.95) * (100 - 10) / 100"
    (tax,) = month["taxes"]
    assert (tax["code"], tax["exemption_code"]) == ("AE", "VATEX-EU-AE")
    assert "NL004495445B01 valid on 2020-09-01" in tax["evidence"]
    words = text("21000000", 1)
    for expected in (
        "16 of 30 days × 129.95 EUR × 2", "less 13.86: Term of one year 10 %", "price valid from 2020-09-15",
        "2020-09-15 to 2020-09-30: 124.75", "“shop-db-1”", "evidence: NL004495445B01 valid on 2020-09-01",
    ):  # fmt: skip
        assert expected in words, words
    assert "Line 2" not in words
    assert "Reverse charge" in text("21000000")


def test_a_correction_names_the_line_it_takes_back_and_the_life_of_the_days(service: Service) -> None:
    LinePrice.objects.update(unit_price=Decimal("139.95"))
    ContractLine.objects.update(settled_until=None)
    bill(date(2020, 12, 1), datetime(2020, 11, 1, 6, tzinfo=UTC))
    found = plain("21000001")
    back = next(line for line in found["lines"] if line["corrects"] == {"number": "21000000", "line_number": 2})
    assert (back["formula"], back["amount"]) == ("0.00 - 233.91", "-233.91")
    assert sorted((step["number"], step["charge"], step["charged_minor"]) for step in back["history"]) == [
        ("21000000", "recurring", 23391), ("21000001", "recurring", 25191), ("21000001", "reversal", -23391),
    ]  # fmt: skip
    words = text("21000001", back["line_number"])
    assert (
        "takes back line 2 of 21000000 (2020-10-01) because: what was agreed changed; the days are billed anew" in words
    )
    assert "invoice 21000000 line 2 of 2020-10-01 billed 2020-10-01 to 2020-10-31: 233.91" in words
    assert "← this line" in words
    assert recomputed(plain("21000000"), found).returncode == 0


def test_an_end_in_the_past_gives_an_explained_credit_note(service: Service) -> None:
    ContractLine.objects.update(ends_on=date(2020, 10, 15), settled_until=None)
    bill(date(2021, 2, 1), datetime(2021, 1, 2, 6, tzinfo=UTC))
    (line,) = plain("21900000")["lines"]
    assert (line["formula"], line["amount"]) == ("0 - (105.64 - 233.91)", "128.27")
    assert {"name": "owed_by", "text": "(28 * 129.95 / 31) * (100 - 10) / 100"} in line["facts"]
    words = text("21900000")
    assert "17 of 31 days × 129.95 EUR × 2" in words
    assert "corrects invoice 21000000 of 2020-10-01" in words
    assert "To be given back 128.27" in words
    assert recomputed(plain("21900000")).returncode == 0


def test_a_credit_by_hand_says_what_was_credited_and_why(service: Service) -> None:
    number = billing_operations.credit_document(
        number="21000000", items=[CreditItem(line_number=2, amount_minor=3000)], reason="Two days without network",
        is_reissued=False, on=date(2020, 10, 5), now=NOW, actor=SYSTEM,
    )  # fmt: skip
    words = text(number)
    assert "credits line 2 of 21000000 (2020-10-01) because: credited: Two days without network" in words
    assert "note: Two days without network" in words
    assert recomputed(plain(number)).returncode == 0


def test_usage_cites_quantity_profile_and_samples() -> None:
    world = world_of.provider()
    row = world_of.service(world, world_of.customer(world))
    line = row.lines.get()
    ContractLine.objects.update(kind="metered")
    LinePrice.objects.update(usage_price={"model": "included", "included": "100", "price": "0.125"}, unit_price=0)
    MeasuredQuantity.objects.create(
        line=line, period_start=date(2020, 9, 1), period_end=date(2020, 10, 1), revision=0, quantity=Decimal("134.5"), unit="GB",
        profile="95TH", samples_sha256="ab" * 32, measured_at=NOW,
    )  # fmt: skip
    world_of.bill_october()
    (found,) = plain("21000000")["lines"]
    assert {fact["name"]: fact["text"] for fact in found["facts"]} == {
        "price_from": "2020-09-01", "used": "134.5 GB", "profile": "95TH", "samples_sha256": "ab" * 32,
    }  # fmt: skip
    words = text("21000000")
    assert "34.5 GB × 0.125 EUR" in words
    assert "measured 134.5 GB; by profile 95TH; samples' SHA-256 abab" in words


def test_a_foreign_currency_shows_its_rate_with_day_and_source() -> None:
    world = world_of.provider()
    world_of.service(world, world_of.customer(world), currency="USD")
    taxes.store_exchange_rates(rates=[("USD", "EUR", Decimal("0.85"), date(2020, 9, 30))], source="house bank")
    world_of.bill_october()
    found = plain("21000000")
    assert (found["exchange"]["rate"], found["exchange"]["rate_source"]) == ("0.85", "house bank")
    assert "In EUR at 0.85 (house bank, 2020-09-30)" in text("21000000")
    assert recomputed(found).returncode == 0


def test_a_wrong_cent_is_seen(service: Service) -> None:
    found = plain("21000000")
    good = recomputed(found)
    assert (good.returncode, good.stdout.splitlines()[-1]) == (
        0,
        f"{good.stdout.split()[0]} formulas recomputed, 0 wrong",
    )
    assert int(good.stdout.split()[0]) >= 8
    found["lines"][1]["amount_minor"] += 1
    bad = recomputed(found)
    assert (bad.returncode, "21000000: (2 * 129.95) * (100 - 10) / 100 is 23391, not 23392" in bad.stdout) == (1, True)
    assert recomputed().returncode == 1, "nothing recomputed is nothing proved"


def test_the_recipe_is_short_and_imports_nothing_of_ours() -> None:
    lines = RECIPE.read_text(encoding="utf-8").splitlines()
    imported = [
        name for line in lines if (found := re.match(r"import (.*?)(?:  #|$)", line)) for name in found[1].split(", ")
    ]
    imported += [found[1] for line in lines if (found := re.match(r"from (\S+) import", line))]
    assert len(lines) <= 30
    assert imported and set(imported) <= sys.stdlib_module_names


def test_another_customers_document_does_not_exist(service: Service) -> None:
    with pytest.raises(DocumentNotFound):
        billing.explanation(scope=CustomerScope(-1, "x"), number="21000000")
    with pytest.raises(LookupError, match="has 2 lines, no line 9"):
        text("21000000", 9)


def test_a_legacy_document_is_shown_as_it_was_stored(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    archived = ArchivedDocument.objects.create(
        system="oldbill", number="DE1234567890", sales_organisation=service.customer.sales_organisation, customer=service.customer,
        kind="invoice", issued_on=date(2020, 8, 1), due_on=date(2020, 8, 15), currency="EUR", net_minor=12995, tax_minor=2079,
        gross_minor=15074,
    )  # fmt: skip
    ArchivedLine.objects.create(
        document=archived, line_number=1, description="Old server", quantity=1, unit_price=Decimal("129.95"), net_minor=12995,
        tax_rate=16,
    )  # fmt: skip
    explain.print_one("DE1234567890", None, as_json=False)
    printed = capsys.readouterr().out
    assert "was billed by oldbill, not by Rackbill" in printed
    assert "1: Old server: 1 × 129.95 = 129.95 EUR, tax 16 %" in printed
    explain.print_one("DE1234567890", None, as_json=True)
    assert json.loads(capsys.readouterr().out)["is_ours"] is False
    with pytest.raises(answers.Refused, match="there is no document nowhere"):
        explain.print_one("nowhere", None, as_json=True)


def test_every_document_streams_as_json_lines(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    explain.print_all(EVERYTHING, None)
    *documents, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert [document["number"] for document in documents] == ["21000000"]
    assert last == {"explained": 1, "documents": 1}
    explain.print_all(EVERYTHING, "2021-01-01")
    assert json.loads(capsys.readouterr().out) == {"explained": 0, "documents": 0}


def test_a_document_that_bills_nothing_says_so(service: Service) -> None:
    Charge.objects.all().delete()
    with pytest.raises(DocumentNotBilled, match="bills nothing"):
        billing.explanation(scope=EVERYTHING, number="21000000")
