"""The words of a text that may be identifiers, and what a misspelt one may have been."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackbill.core.bank_statement import LineKind, StatementLine, line_ids
from rackbill.core.remittance import identifier_words, near_spellings

DIGITS = st.text("0123456789", min_size=7, max_size=10)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Invoice 21000012", ["21000012"]),
        ("RE 21000012", ["RE21000012", "21000012"]),
        ("re21000012", ["RE21000012", "21000012"]),
        ("2100 0012", ["2100", "21000012", "0012"]),
        ("2100.0012", ["2100", "21000012", "0012"]),
        ("12000007-01", ["12000007", "1200000701"]),
        ("MH-2600-000001", ["MH2600", "MH2600000001", "2600", "2600000001", "000001"]),
        ("ABCD001-XYZ", ["ABCD001", "ABCD001XYZ", "001XYZ"]),
        ("２１００００１２", ["21000012"]),
        ("Müller 21000012", ["21000012"]),
        ("счёт 21000012", ["21000012"]),
        ("no number at all", []),
        ("12", []),
        ("AB12", []),
        ("A123", ["A123"]),
        ("1 2 3 4 5 6 7", ["1234", "12345", "123456", "2345", "23456", "234567", "3456", "34567", "4567"]),
        ("1" * 41, []),
        ("1" * 40, ["1" * 40]),
        ("1" * 30 + " " + "2" * 11, ["1" * 30, "2" * 11]),
        ("WORDS 1234", ["1234"]),
        ("WORD 1234", ["WORD1234", "1234"]),
        ("21000012 21000012", ["21000012", "2100001221000012"]),
        ("", []),
    ],
)  # fmt: skip
def test_words_that_may_be_identifiers(text: str, words: list[str]) -> None:
    assert list(identifier_words(text)) == words


@given(DIGITS, st.lists(st.integers(0, 9), max_size=4), st.sampled_from([" ", ".", "-", "/"]))
def test_a_number_is_found_whatever_stands_inside_it(number: str, places: list[int], mark: str) -> None:
    broken = number
    for place in sorted({p for p in places if 0 < p < len(number)}, reverse=True):
        broken = f"{broken[:place]}{mark}{broken[place:]}"
    assert number in identifier_words(f"Your invoice {broken}. Thanks")


@pytest.mark.parametrize("word", ["123456", "ABCDE12", "A12345", "", "ABCDEFGH", "1" * 15])
def test_short_and_very_long_words_have_no_neighbours(word: str) -> None:
    assert near_spellings(word) == frozenset()


def test_the_shortest_and_the_longest_word_that_have_neighbours() -> None:
    assert "2" + "1" * 13 in near_spellings("1" * 14)
    assert "2134567" in near_spellings("1234567")
    assert "A213456" in near_spellings("A123456")
    assert near_spellings("AB12345") == frozenset()


def test_all_neighbours_of_a_word() -> None:
    word = "A111112"
    wanted = {
        *(f"A{'1' * n}{d}{'1' * (5 - n)}2" for n in range(6) for d in "0123456789"),
        *(f"A111112{d}" for d in "0123456789"),
        "A11111", "A11112", "A111121",
        *(f"A{'1' * n}{d}{'1' * (4 - n)}2" for n in range(5) for d in "0123456789"),
        *(f"A11111{d}" for d in "0123456789"),
    }  # fmt: skip
    assert near_spellings(word) == wanted - {word}


@given(DIGITS, st.data())
def test_each_slip_leads_back(number: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(number) - 2))
    exchanged = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    missing = number[:place] + number[place + 1 :]
    wrong = number[:place] + data.draw(st.sampled_from("0123456789")) + number[place + 1 :]
    doubled = number[:place] + number[place] + number[place:]
    for slip in (exchanged, missing, wrong, doubled):
        if len(slip) >= 7 and slip != number:
            assert number in near_spellings(slip)
    assert number not in near_spellings(number)


def line(**changes: object) -> StatementLine:
    """A line without a reference of the bank."""
    from datetime import date

    fields: dict[str, object] = {
        "account": "DE89370400440532013000", "bank_reference": "", "booked_on": date(2020, 10, 5), "value_on": date(2020, 10, 5),
        "kind": LineKind.RECEIVED, "currency": "EUR", "amount_minor": 100, "payer_name": "Buyer", "payer_account": "NL1",
        "text": "21000012", "end_to_end_id": "e", "mandate_reference": "m",
    }  # fmt: skip
    return StatementLine(**{**fields, **changes})  # type: ignore[arg-type]


def ids(*lines: StatementLine, organisation_id: str = "2100") -> list[str]:
    return line_ids(organisation_id=organisation_id, lines=lines)


def test_the_same_file_gives_the_same_ids_and_equal_lines_count_each() -> None:
    first = ids(line(), line(text="other"), line())
    assert len(set(first)) == 3
    assert all(len(one) == 24 for one in first)
    assert ids(line(), line(text="other"), line()) == first
    assert ids(line(), line()) == [first[0], first[2]], "the place among equals counts, not the place in the file"


@pytest.mark.parametrize(
    "change",
    [
        {"account": "x"}, {"kind": LineKind.RETURNED}, {"currency": "USD"}, {"amount_minor": 101}, {"payer_name": "x"}, {"payer_account": "x"},
        {"text": "x"}, {"end_to_end_id": "x"}, {"mandate_reference": "x"}, {"bank_reference": "x"},
    ],
    ids=str,
)  # fmt: skip
def test_another_content_is_another_line(change: dict[str, object]) -> None:
    assert ids(line()) != ids(line(**change))
    assert ids(line(), line(**change))[1] == ids(line(**change))[0]


def test_another_day_or_sales_organisation_is_another_line() -> None:
    from datetime import date

    later = date(2020, 10, 6)
    assert (
        len(
            {
                *ids(line()),
                *ids(line(booked_on=later)),
                *ids(line(value_on=later)),
                *ids(line(), organisation_id="2200"),
            }
        )
        == 4
    )


def test_the_reference_of_the_bank_counts_once_whatever_else_the_line_says() -> None:
    known = line(bank_reference="ref-1")
    assert ids(known, line(bank_reference="ref-1", text="corrected")) == ids(known, known)
    assert len(set(ids(known, known))) == 1
    assert ids(known) != ids(line(bank_reference="ref-2"))
    assert ids(known) != ids(line(bank_reference="ref-1", amount_minor=200))


@pytest.mark.parametrize("amount", [0, -1])
def test_a_line_moves_money(amount: int) -> None:
    with pytest.raises(ValueError, match="moves no money"):
        line(amount_minor=amount)
