"""Why no tax is charged, as documents say it: in all six languages, with the words that a law demands in its own."""

import ast
import csv
import re
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rackbill.core import tax
from rackbill.core.invoicing import SPLIT_NOTE
from rackbill.core.tax.place import REGIMES
from rackbill.domain.documents import queries as documents
from rackbill.domain.kit.actor import SYSTEM
from rackbill.domain.kit.scope import WholeInstallation
from rackbill.domain.kit.secrets import Signer
from rackbill.domain.parties.models import BillingGroup, Customer
from rackbill.domain.taxes import operations, queries
from rackbill.domain.taxes.models import ExemptionWording
from rackbill.formats.document_html import render_html
from rackbill.formats.wording import LANGUAGES
from rackbill.interfaces.jobs import bill_run
from tests.world import provider as world_of

LETTERS = {"ru": "[а-яё]", "ja": "[ぁ-んァ-ン]", "zh": "[一-龥]"}
"""A letter that a sentence of the language has."""


def shipped() -> dict[str, dict[str, str]]:
    """By code, the sentence in each language."""
    found: dict[str, dict[str, str]] = {}
    with (resources.files("rackbill.domain.taxes") / "exemption_wordings.csv").open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            found.setdefault(row["code"], {})[row["language"]] = row["text"]
    return found


def given_by_the_sums() -> set[str]:
    """Every exemption code in the source of the tax rules, and the note of what stands on two documents."""
    (folder,) = tax.__path__
    texts = {
        node.value
        for path in Path(folder).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    regimes = set(REGIMES.values())
    codes = {text for text in texts if re.fullmatch(r"[A-Z]+(-[A-Z0-9]+)+", text)} - regimes
    return {*codes, SPLIT_NOTE}


def test_every_code_that_the_rules_give_has_a_sentence() -> None:
    codes = given_by_the_sums()
    assert {"VATEX-EU-AE", "VATEX-EU-O", "SG-S21-3", "NOT-TAXED", "SPLIT-O"} <= codes
    assert codes == {code for code in shipped() if "@" not in code}


def test_every_sentence_is_there_in_every_language_and_in_that_language() -> None:
    for code, texts in shipped().items():
        assert set(texts) == set(LANGUAGES), code
        assert len(set(texts.values())) == len(LANGUAGES), f"{code}: two languages say the same"
        for language, letter in LETTERS.items():
            assert re.search(letter, texts[language]), f"{code} {language}"
        assert not re.search("[ぁ-んァ-ン]", texts["zh"]), code
        assert max(map(len, texts.values())) <= ExemptionWording._meta.get_field("text").max_length


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.django_db
def test_words_that_a_law_demands_in_its_own_language_stand_in_every_translation(language: str) -> None:
    operations.load_standard_rates()
    demanded = {"NL": "Btw verlegd", "DE": "Steuerschuldnerschaft des Leistungsempfängers", "FR": "Reverse charge"}
    texts = shipped()
    for country, words in demanded.items():
        said = queries.exemption_texts(language=language, seller_country=country)["VATEX-EU-AE"]
        assert words in said
        assert "Reverse charge" in said
        own = texts.get(f"VATEX-EU-AE@{country}", texts["VATEX-EU-AE"])
        assert said == own[language], "the sentence is in the document's language"


@pytest.mark.django_db
def test_an_installation_of_before_gets_the_later_sentences_and_keeps_the_edited_ones() -> None:
    operations.load_standard_rates()
    ExemptionWording.objects.filter(language__in=("ja", "zh")).delete()
    ExemptionWording.objects.filter(code="NOT-TAXED", language="de").update(text="Bei uns nicht.")
    assert operations.load_standard_rates() == 2 * len(shipped())
    assert operations.load_standard_rates() == 0
    assert queries.exemption_texts(language="zh")["CA-NON-RESIDENT"].startswith("零税率")
    assert queries.exemption_texts(language="de")["NOT-TAXED"] == "Bei uns nicht."


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("ja", "付加価値税の課税対象外"), ("zh", "不在增值税征税范围内")])
def test_an_untaxed_invoice_speaks_one_language(language: str, words: str) -> None:
    world = world_of.provider("2000", country="NL")
    owner = world_of.customer(world, country="SG", kind="business")
    BillingGroup.objects.filter(customer=owner).update(language=language)
    Customer.objects.filter(pk=owner.pk).update(tax_id="201012345K")
    world_of.service(world, owner, price="100")
    summary = bill_run.run_bill(
        organisation_id="2000", through=date(2020, 11, 1), actor=SYSTEM, now=datetime(2020, 10, 1, 6, tzinfo=UTC),
        signer=Signer(Ed25519PrivateKey.from_private_bytes(b"7" * 32)),
    )  # fmt: skip
    assert summary.parked == []
    (number,) = documents.numbers()
    value = documents.document(scope=WholeInstallation(), number=number)
    (row,) = value.tax_subtotals
    assert words in row.exemption_text
    page = render_html(value).decode()
    assert row.exemption_text in page
    assert "Not subject to VAT" not in page
