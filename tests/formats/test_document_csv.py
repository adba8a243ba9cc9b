"""The CSV of a document: columns that never move, sums that prove themselves, texts that no spreadsheet runs."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from rackbill.core.document import (
    Document,
    DocumentKind,
    MeasuredUse,
    Reminded,
    RemindedItem,
    Totals,
    canonical_bytes,
    taxes_of_lines,
)
from rackbill.core.money import decimal_from_minor
from rackbill.formats.document_csv import CsvRefused, columns, read_document_csv, write_document_csv
from rackbill.formats.document_json import read_document_json, write_document_json
from tests.world.documents import golden

VERSION_1 = (
    "csv_version,kind,number,document_uuid,issued_on,due_on,currency,sales_organisation_id,seller,seller_tax_number,"
    "customer_id,legacy_customer_id,buyer,buyer_tax_number,billing_group_id,billing_group,document_po_number,"
    "document_cost_centre,buyer_reference,project_reference,line_number,contract_id,service_id,order_id,equipment_id,serial,"
    "reference,legacy_name,legacy_id,location,po_number,po_line,cost_centre,product_id,product_code,description,first_day,"
    "last_day,quantity,unit,unit_price,price_base_quantity,discount,discount_reasons,net,tax_regimes,tax_jurisdictions,"
    "tax_categories,tax_rates,exemption_codes,tax,gross,corrects_number,corrects_issued_on,corrects_line,measured_quantity,"
    "measured_unit,measured_included,measured_method,measured_samples,samples_sha256,document_net,document_tax,"
    "document_gross,document_prepaid,document_due,accounting_currency,accounting_rate,accounting_rate_on,accounting_net,"
    "accounting_tax,accounting_gross"
)


def reminder() -> Document:
    """A reminder of two invoices."""
    items = (
        RemindedItem(number="20000001", issued_on=date(2020, 8, 1), due_on=date(2020, 8, 15), gross_minor=15724, open_minor=15724),
        RemindedItem(number="20000007", issued_on=date(2020, 9, 1), due_on=date(2020, 9, 15), gross_minor=9900, open_minor=100),
    )  # fmt: skip
    totals = Totals(net_minor=15824, tax_minor=0, gross_minor=15824, prepaid_minor=0, due_minor=15824)
    return replace(
        golden()["simple"], kind=DocumentKind.REMINDER, number="21000001", lines=(), tax_subtotals=(), totals=totals,
        reminded=Reminded(step=1, items=items),
    )  # fmt: skip


def test_the_columns_of_version_1_stay_where_they_are() -> None:
    assert ",".join(columns(DocumentKind.INVOICE)) == VERSION_1
    head = write_document_csv(reminder()).decode().split("\r\n")[0]
    assert head.startswith(
        VERSION_1.split(",line_number")[0] + ",open_number,open_issued_on,open_due_on,open_gross,open,"
    )


def test_offers_have_the_columns_of_prices_as_well() -> None:
    """Version 2 is version 1 with what usage costs in front of the totals."""
    prices = "price_model,price_tier_ends,price_tiers,price_package_size,price_included,price_overage,price_cap,price_minimum"
    for kind in (DocumentKind.QUOTE, DocumentKind.ORDER_CONFIRMATION):
        assert ",".join(columns(kind)) == VERSION_1.replace(",document_net", f",{prices},document_net")
    rows = read_document_csv(write_document_csv(golden()["quote_of_usage"]))
    assert {row["csv_version"] for row in rows} == {"2"}
    told = [[row[name] for name in prices.split(",")] for row in rows]
    assert told == [
        ["tiered", "10;100;", "5;4.25;3.125", "", "", "", "", "20"], ["volume", "10;100;", "5;4.25;3.125", "", "", "", "", ""],
        ["package", "", "", "500", "", "", "", ""], ["commit", "", "", "", "100", "1.8", "", ""],
        ["included", "", "", "", "30", "", "", ""], ["capped", "", "", "", "", "", "19.9", ""], ["flat", *[""] * 7],
    ]  # fmt: skip
    mixed = write_document_csv(golden()["quote_of_usage"]).replace(b"\r\n2,", b"\r\n1,", 1)
    with pytest.raises(CsvRefused, match="is not one of version 2"):
        read_document_csv(mixed)


@pytest.mark.parametrize("name", sorted(name for name, document in golden().items() if document.lines))
def test_rows_sum_to_the_document(name: str) -> None:
    value = golden()[name]
    content = write_document_csv(value)
    assert content == write_document_csv(value) and not content.startswith(b"\xef\xbb\xbf")
    rows = read_document_csv(content)
    assert len(rows) == len(value.lines)
    for column, whole, minor in (
        ("net", "document_net", value.totals.net_minor), ("tax", "document_tax", value.totals.tax_minor),
        ("gross", "document_gross", value.totals.gross_minor),
    ):  # fmt: skip
        assert sum(Decimal(row[column]) for row in rows) == Decimal(rows[0][whole])
        assert Decimal(rows[0][whole]) == decimal_from_minor(minor, value.currency)
    for row, line in zip(rows, value.lines, strict=True):
        assert (row["contract_id"], row["equipment_id"]) == (line.subject.contract_id, line.subject.equipment_id)
        assert (row["reference"], row["legacy_name"]) == (line.subject.reference, line.subject.legacy_name)
        assert row["first_day"] == line.period.start.isoformat()
        assert date.fromisoformat(row["last_day"]).toordinal() == line.period.end.toordinal() - 1


def test_yen_have_no_decimals_and_dinars_would_have_three() -> None:
    (row,) = read_document_csv(write_document_csv(golden()["yen"]))
    assert row["net"] == "14800"
    (dinar,) = read_document_csv(write_document_csv(replace(golden()["simple"], currency="KWD")))
    assert dinar["net"] == "12.995"


def test_a_line_with_two_taxes_names_both_and_bears_both() -> None:
    (row,) = read_document_csv(write_document_csv(golden()["canada"]))
    assert (row["tax_categories"], row["tax_rates"], row["tax"]) == ("GST;QST", "5;9.975", "29.95")
    assert taxes_of_lines(golden()["canada"]) == ((1000, 1995),)


def test_what_each_line_bears_sums_to_the_tax_that_was_rounded_once() -> None:
    value = golden()["forty_lines"]
    parts = [sum(part) for part in taxes_of_lines(value)]
    assert sum(parts) == value.totals.tax_minor
    rounded_alone = [round(line.net_minor * 0.21) for line in value.lines]
    assert sum(rounded_alone) != value.totals.tax_minor, "else this document proves nothing"
    assert all(abs(part - alone) <= 1 for part, alone in zip(parts, rounded_alone, strict=True))


def test_a_credit_note_that_takes_the_last_cent_of_tax_keeps_it() -> None:
    value = golden()["credit_note"]
    row = replace(value.tax_subtotals[0], tax_minor=value.tax_subtotals[0].tax_minor + 1)
    odd = replace(value, tax_subtotals=(row,))
    assert sum(sum(part) for part in taxes_of_lines(odd)) == row.tax_minor


def test_measured_use_stands_in_its_columns() -> None:
    value = golden()["simple"]
    use = MeasuredUse(quantity=Decimal("96.2"), unit="E20", included=Decimal(50), method="percentile", sample_count=8640,
                      samples_sha256="ab" * 32)  # fmt: skip
    lines = (replace(value.lines[0], measured=use),)
    (row,) = read_document_csv(write_document_csv(replace(value, lines=lines)))
    assert [row[name] for name in columns(value.kind) if name.startswith(("measured", "samples"))] == [
        "96.2", "E20", "50", "percentile", "8640", "ab" * 32,
    ]  # fmt: skip


def test_a_reminder_lists_what_is_open() -> None:
    value = reminder()
    rows = read_document_csv(write_document_csv(value))
    assert [(row["open_number"], row["open_due_on"], row["open"]) for row in rows] == [
        ("20000001", "2020-08-15", "157.24"), ("20000007", "2020-09-15", "1.00"),
    ]  # fmt: skip
    assert sum(Decimal(row["open"]) for row in rows) == Decimal(rows[0]["document_due"])


@pytest.mark.parametrize(
    "text", ["=1+1", "+49", "-x", "@SUM(A1)", "'quoted'", "\tTab", "a,b", 'say "hi"', "two\r\nlines", "Ünïcode"]
)
def test_texts_come_back_and_none_is_a_formula(text: str) -> None:
    value = golden()["simple"]
    line = replace(value.lines[0], subject=replace(value.lines[0].subject, reference=text))
    content = write_document_csv(replace(value, lines=(line,)))
    (row,) = read_document_csv(content)
    assert row["reference"] == text
    import csv
    import io

    cell = next(csv.DictReader(io.StringIO(content.decode(), newline="")))["reference"]
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_negative_amounts_stay_numbers() -> None:
    value = golden()["simple"]
    line = replace(value.lines[0], quantity=Decimal(-1), net_minor=-12995)
    (row,) = read_document_csv(write_document_csv(replace(value, lines=(line,))))
    assert (row["net"], row["quantity"]) == ("-129.95", "-1")


def test_a_file_of_another_kind_is_refused() -> None:
    content = write_document_csv(golden()["simple"])
    with pytest.raises(CsvRefused, match="header"):
        read_document_csv(content.replace(b"csv_version", b"version", 1))
    with pytest.raises(CsvRefused, match="row 1"):
        read_document_csv(content.replace(b"\r\n1,", b"\r\n2,", 1))
    with pytest.raises(CsvRefused, match="header"):
        read_document_csv(b"")


@pytest.mark.parametrize("name", sorted(golden()))
def test_json_is_the_stored_truth_to_the_byte(name: str) -> None:
    value = golden()[name]
    assert write_document_json(value) == canonical_bytes(value)
    assert read_document_json(write_document_json(value)) == value


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"schema":2}', b"\xff"])
def test_what_is_no_document_is_refused(content: bytes) -> None:
    from rackbill.core.document import InvalidDocument

    with pytest.raises(InvalidDocument):
        read_document_json(content)


def test_a_form_that_is_not_canonical_is_refused() -> None:
    from rackbill.core.document import InvalidDocument

    content = write_document_json(golden()["simple"]).replace(b'":', b'": ', 1)
    with pytest.raises(InvalidDocument, match="altered"):
        read_document_json(content)
