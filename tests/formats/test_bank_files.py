"""Bank files become lines: CAMT.053 in several versions, CSV in any layout; what would need guessing is refused."""

from datetime import date
from pathlib import Path

import pytest

from rackbill.core.bank_statement import BankFileRefused, LineKind, StatementLine, line_ids
from rackbill.formats.bank_camt import read_camt
from rackbill.formats.bank_csv import CsvLayout, read_bank_csv
from tests.world.bank_files import balance, bank_csv, camt, detail, entry

VERSIONS = ["02", "03", "04", "05", "06", "07", "08"]
DAY = date(2020, 10, 15)


def kinds_and_amounts(content: bytes) -> list[tuple[LineKind, int]]:
    return [(line.kind, line.amount_minor) for line in read_camt(content).lines]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_received_entry_of_each_version(version: str) -> None:
    mandate = "<AddtlTxInf>ignored where there is a text</AddtlTxInf>"
    one = entry(
        version, "150.74", detail(version, "Invoice 21000010", end_to_end_id="E2E-1", reference="R-1", more=mandate)
    )
    assert read_camt(camt(version, one)).lines == (
        StatementLine(
            account="DE89370400440532013000", bank_reference="R-1", booked_on=DAY, value_on=DAY, kind=LineKind.RECEIVED, currency="EUR",
            amount_minor=15074, payer_name="Buyer BV", payer_account="NL91ABNA0417164300", text="Invoice 21000010", end_to_end_id="E2E-1",
        ),
    )  # fmt: skip


@pytest.mark.parametrize("version", ["02", "04", "08"])
def test_a_batch_is_its_transactions(version: str) -> None:
    parts = [detail(version, f"2100001{n}", amount=amount) for n, amount in enumerate(("100.00", "50.00", "0.74"))]
    lines = read_camt(camt(version, entry(version, "150.74", *parts, reference="B-1"))).lines
    assert [(line.amount_minor, line.text, line.bank_reference) for line in lines] == [
        (10000, "21000010", "B-1/1"), (5000, "21000011", "B-1/2"), (74, "21000012", "B-1/3"),
    ]  # fmt: skip
    assert len(set(line_ids(organisation_id="2100", lines=lines))) == 3


@pytest.mark.parametrize(
    "parts",
    [
        [("21000010", "100.00"), ("21000011", "50.00")],
        [("21000010", "100.00"), ("21000011", "")],
        [("21000010", "150.74"), ("21000011", "0.00")],
    ],
)
def test_a_batch_that_does_not_make_up_its_entry_stays_whole(parts: list[tuple[str, str]]) -> None:
    (line,) = read_camt(
        camt("08", entry("08", "150.74", *(detail("08", text, amount=amount) for text, amount in parts)))
    ).lines
    assert (line.amount_minor, line.text, line.payer_name) == (15074, "21000010 | 21000011", "")


def test_a_batch_in_another_currency_stays_whole() -> None:
    parts = [detail("08", "a", amount="100.00", currency="USD"), detail("08", "b", amount="50.74", currency="USD")]
    assert kinds_and_amounts(camt("08", entry("08", "150.74", *parts))) == [(LineKind.RECEIVED, 15074)]


@pytest.mark.parametrize(
    ("way", "more", "own", "kind"),
    [
        ("CRDT", "", "", LineKind.RECEIVED),
        ("CRDT", "<RvslInd>true</RvslInd>", "", LineKind.RECEIVED),
        ("DBIT", "", "", LineKind.PAID_OUT),
        ("DBIT", "<RvslInd>false</RvslInd>", "", LineKind.PAID_OUT),
        ("DBIT", "<RvslInd>true</RvslInd>", "", LineKind.RETURNED),
        ("DBIT", "", "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>", LineKind.RETURNED),
        (
            "DBIT",
            "<BkTxCd><Domn><Cd>ACMT</Cd><Fmly><Cd>MDOP</Cd><SubFmlyCd>CHRG</SubFmlyCd></Fmly></Domn></BkTxCd>",
            "",
            LineKind.BANK_CHARGE,
        ),
        (
            "DBIT",
            "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>",
            "",
            LineKind.PAID_OUT,
        ),
    ],
)
def test_what_an_entry_says_about_the_money(way: str, more: str, own: str, kind: LineKind) -> None:
    assert kinds_and_amounts(camt("08", entry("08", "9.00", detail("08", "x", more=own), way=way, more=more))) == [
        (kind, 900)
    ]


RECORD = '<Chrgs><Rcrd><Amt Ccy="EUR">0.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><ChrgInclInd>{}</ChrgInclInd></Rcrd></Chrgs>'
OLD = '<Chrgs><Amt Ccy="EUR">0.50</Amt></Chrgs>'
SENT = '<AmtDtls><InstdAmt><Amt Ccy="EUR">{}</Amt></InstdAmt></AmtDtls>'


@pytest.mark.parametrize(
    ("version", "more", "own", "lines"),
    [
        ("08", RECORD.format("true"), "", [(LineKind.RECEIVED, 10000), (LineKind.BANK_CHARGE, 50)]),
        ("08", "", RECORD.format("true"), [(LineKind.RECEIVED, 10000), (LineKind.BANK_CHARGE, 50)]),
        ("08", RECORD.format("false"), "", [(LineKind.RECEIVED, 9950)]),
        ("02", OLD, SENT.format("100.00"), [(LineKind.RECEIVED, 10000), (LineKind.BANK_CHARGE, 50)]),
        ("02", OLD, SENT.format("99.50"), [(LineKind.RECEIVED, 9950)]),
        ("02", OLD, "", [(LineKind.RECEIVED, 9950)]),
        ("08", RECORD.format("true").replace("DBIT", "CRDT"), "", [(LineKind.RECEIVED, 9950)]),
        ("08", RECORD.format("true").replace("EUR", "USD"), "", [(LineKind.RECEIVED, 9950)]),
    ],
)
def test_a_charge_kept_out_of_the_money_is_ours_and_not_the_customers(
    version: str, more: str, own: str, lines: list[tuple[LineKind, int]]
) -> None:
    content = camt(version, entry(version, "99.50", detail(version, "x", more=own, reference="R"), more=more))
    assert kinds_and_amounts(content) == lines
    assert len({line.bank_reference for line in read_camt(content).lines}) == len(lines)


def test_what_is_not_booked_or_moves_nothing_is_said_to_be_left_out() -> None:
    read = read_camt(camt("08", entry("08", "1.00", code="PDNG"), entry("08", "0.00"), entry("08", "2.00")))
    assert [line.amount_minor for line in read.lines] == [200]
    assert read.left_out == (
        "entry 1 of statement S1 is not booked yet (PDNG)",
        "entry 2 of statement S1 moves no money",
    )


def test_structured_references_and_the_bank_s_own_text_count_as_text() -> None:
    structured = "<RmtInf><Strd><RfrdDocInf><Nb>21000011</Nb></RfrdDocInf><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf>"
    one = detail("08", "").replace("<RmtInf><Ustrd></Ustrd></RmtInf>", structured)
    assert read_camt(camt("08", entry("08", "1.00", one))).lines[0].text == "RF18539007547034 21000011"
    bare = entry("08", "1.00", more="<AddtlNtryInf>SEPA 21000012</AddtlNtryInf>")
    assert read_camt(camt("08", bare)).lines[0].text == "SEPA 21000012"


def test_no_reference_is_no_identity() -> None:
    lines = read_camt(
        camt("08", entry("08", "1.00", reference="NONREF"), entry("08", "1.00", reference="NONREF"))
    ).lines
    assert [line.bank_reference for line in lines] == ["", ""]
    assert len(set(line_ids(organisation_id="2100", lines=lines))) == 2
    assert read_camt(camt("08", entry("08", "1.00", detail("08", "x")))).lines[0].end_to_end_id == ""


def test_the_balances_are_checked() -> None:
    entries = entry("08", "100.00"), entry("08", "30.00", way="DBIT"), entry("08", "7.00", code="PDNG")
    good = balance("OPBD", "10.00", "DBIT") + balance("CLBD", "60.00")
    assert len(read_camt(camt("08", *entries, balances=good)).lines) == 2
    with pytest.raises(BankFileRefused, match="does not add up: balances and entries differ by 1 minor units"):
        read_camt(camt("08", *entries, balances=balance("PRCD", "10.00", "DBIT") + balance("CLBD", "59.99")))
    assert len(read_camt(camt("08", *entries, balances=balance("CLBD", "1.00"))).lines) == 2


BOMB = '<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def test_entities_and_document_types_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("21000010")
    outside = f'<!DOCTYPE Document [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    for head, text in ((outside, "&x;"), (BOMB, "&b;"), ('<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/x.dtd">', "x")):
        with pytest.raises(BankFileRefused, match="declares a document type"):
            read_camt(camt("08", entry("08", "1.00", detail("08", text)), head=head))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not well-formed"),
        (b"<a>", "not well-formed"),
        (b"<a/>", "XML without a namespace"),
        (camt("01"), "versions 02 to 08"),
        (camt("09"), "versions 02 to 08"),
        (camt("08").replace(b"camt.053", b"camt.054"), "versions 02 to 08"),
        (camt("08").replace(b"Stmt", b"Ntfctn"), "holds no statement"),
        (camt("08").replace(b"IBAN", b"Nope"), "does not name its account"),
        (camt("08", entry("08", "1.001")), "is no amount"),
        (camt("08", entry("08", "one")), "is no amount"),
        (camt("08", entry("08", "-1.00")), "never below zero"),
        (camt("08", entry("08", "1.00", currency="XXQ")), "is no amount"),
        (camt("08", entry("08", "1.00", day="soon")), "has no day but 'soon'"),
        (camt("08", entry("08", "1.00").replace("Amt", "Sum")), "has no amount"),
    ],
)
def test_what_is_no_statement_is_refused_by_name(content: bytes, words: str) -> None:
    with pytest.raises(BankFileRefused, match=words):
        read_camt(content)


OURS = b"""account,booked_on,value_on,amount,currency,payer_name,payer_account,text,end_to_end_id,mandate_reference,bank_reference
DE89 3704 0044 0532 0130 00,2020-10-15,2020-10-16,150.74,EUR,"Buyer, BV",nl91 abna 0417 1643 00,Invoice 21000010,E-1,M-1,R-1

de89370400440532013000,2020-10-15,,-9.5,EUR,,,rent,,,
de89370400440532013000,2020-10-15,,0.00,EUR,,,nothing,,,
"""


def test_csv_in_our_own_columns() -> None:
    read = read_bank_csv(OURS, layout=CsvLayout())
    first, second = read.lines
    assert first == StatementLine(
        account="DE89370400440532013000", bank_reference="R-1", booked_on=DAY, value_on=date(2020, 10, 16), kind=LineKind.RECEIVED,
        currency="EUR", amount_minor=15074, payer_name="Buyer, BV", payer_account="NL91ABNA0417164300", text="Invoice 21000010",
        end_to_end_id="E-1", mandate_reference="M-1",
    )  # fmt: skip
    assert (second.kind, second.amount_minor, second.value_on, second.account) == (
        LineKind.PAID_OUT,
        950,
        DAY,
        first.account,
    )
    assert read.left_out == ("row 5 moves no money",)
    assert read_bank_csv(bank_csv(read.lines), layout=CsvLayout()).lines == read.lines


GERMAN = CsvLayout(
    headers={"booked_on": "Buchungstag", "amount": "Betrag", "text": "Verwendungszweck", "payer_account": "IBAN Zahlungsbeteiligter"},
    delimiter=";", decimal_mark=",", day_form="DD.MM.YYYY", encoding="cp1252", account="DE89 3704", currency="EUR",
)  # fmt: skip


def test_csv_of_another_bank_needs_a_layout_only() -> None:
    rows = "Buchungstag;Betrag;Verwendungszweck;IBAN Zahlungsbeteiligter;Saldo\n15.10.2020;1.150,74;Rg 21000010 für Müller;NL91;x\n1.2.2020;-3;;;\n"
    first, second = read_bank_csv(rows.encode("cp1252"), layout=GERMAN).lines
    assert (first.amount_minor, first.text, first.payer_account, first.account) == (
        115074,
        "Rg 21000010 für Müller",
        "NL91",
        "DE893704",
    )
    assert (second.kind, second.amount_minor, second.booked_on) == (LineKind.PAID_OUT, 300, date(2020, 2, 1))


@pytest.mark.parametrize(
    ("text", "mark", "minor"),
    [
        ("1", ".", 100), ("1.5", ".", 150), ("+1.50", ".", 150), ("1.50-", ".", -150), ("-1.50", ".", -150), ("1,234.56", ".", 123456),
        ("1'234.56", ".", 123456), ("1 234,56", ",", 123456), ("1\u202f234,56", ",", 123456), ("1.234", ",", 123400), ("12.345.678,90", ",", 1234567890),
        ("0.01", ".", 1),
    ],
)  # fmt: skip
def test_amounts_as_banks_write_them(text: str, mark: str, minor: int) -> None:
    layout = CsvLayout(decimal_mark=mark, delimiter=";", account="x", currency="EUR")
    (line,) = read_bank_csv(f"booked_on;amount\n2020-10-15;{text}\n".encode(), layout=layout).lines
    assert (line.amount_minor if line.kind is LineKind.RECEIVED else -line.amount_minor) == minor


@pytest.mark.parametrize(
    ("text", "mark", "words"),
    [
        ("1,5", ".", "is no amount"), ("1.5", ",", "is no amount"), ("1.234", ".", "more decimals than EUR"), ("12,34.5", ".", "is no amount"),
        ("-1-", ".", "is no amount"), ("", ".", "is no amount"), ("1e5", ".", "is no amount"), ("NaN", ".", "is no amount"),
        ("1,5", ",", ""),
    ],
)  # fmt: skip
def test_an_amount_that_could_be_two_is_refused(text: str, mark: str, words: str) -> None:
    layout = CsvLayout(decimal_mark=mark, delimiter=";", account="x", currency="EUR")
    content = f"booked_on;amount\n2020-10-15;{text}\n".encode()
    if not words:
        assert read_bank_csv(content, layout=layout).lines[0].amount_minor == 150
        return
    with pytest.raises(BankFileRefused, match=f"row 2.*{words}"):
        read_bank_csv(content, layout=layout)


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("2020-10-15", "YYYY-MM-DD", DAY), ("15.10.2020", "DD.MM.YYYY", DAY), ("15/10/20", "DD/MM/YY", DAY), ("10/15/2020", "MM/DD/YYYY", DAY),
        ("20201015", "YYYYMMDD", DAY), ("15-10-2020", "YYYY-MM-DD", None), ("31.02.2020", "DD.MM.YYYY", None), ("15.10.2020x", "DD.MM.YYYY", None),
        ("15", "DD", None),
    ],
)  # fmt: skip
def test_days_as_banks_write_them(text: str, form: str, day: date | None) -> None:
    layout = CsvLayout(day_form=form, account="x", currency="EUR")
    content = f"booked_on,amount\n{text},1\n".encode()
    if day is None:
        with pytest.raises(BankFileRefused, match="is no day in the form"):
            read_bank_csv(content, layout=layout)
    else:
        assert read_bank_csv(content, layout=layout).lines[0].booked_on == day


@pytest.mark.parametrize(
    ("content", "layout", "words"),
    [
        (b"", {}, "no column 'account'"),
        (b"booked_on,amount\n", {}, "no column 'account'"),
        (b"account,booked_on,amount\n", {}, "no column 'currency'"),
        (b"booked_on,amount\n2020-10-15\n", {"account": "x", "currency": "EUR"}, "row 2 has 1 cells, the header has 2"),
        (b"booked_on,amount\n2020-10-15,1\n", {"account": "x", "currency": "XXQ"}, "row 2: 'XXQ' is not a currency"),
        (b"account,booked_on,amount\n,2020-10-15,1\n", {"currency": "EUR"}, "row 2 does not say on which account"),
        (b"booked_on,amount,amount\n", {"account": "x", "currency": "EUR"}, "two columns 'amount'"),
        (
            b"booked_on,amount\n",
            {"account": "x", "currency": "EUR", "headers": {"text": "Zweck"}},
            "no column 'Zweck' for text",
        ),
        (b"booked_on,amount\n\xff", {"account": "x", "currency": "EUR"}, "not written in utf-8-sig"),
        (b"booked_on,amount\n", {"account": "x", "currency": "EUR", "encoding": "klingon"}, "not written in klingon"),
    ],
)
def test_what_is_no_bank_csv(content: bytes, layout: dict[str, object], words: str) -> None:
    with pytest.raises(BankFileRefused, match=words):
        read_bank_csv(content, layout=CsvLayout(**layout))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fault", [{"headers": {"sum": "x"}}, {"delimiter": ";;"}, {"decimal_mark": "x"}, {"encoding": ""}]
)
def test_what_is_no_layout(fault: dict[str, object]) -> None:
    with pytest.raises(BankFileRefused):
        CsvLayout(**fault)  # type: ignore[arg-type]
