"""A series as it is typed: its name, its folios, and the approval of the older scheme."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.common.ids import parse_id
from services.common.outcomes import FieldErrorCode, FieldProblem, ForbiddenCharacter, InvalidInput
from services.company.folios import Approval, FolioRange, parse_approval, parse_folios
from services.company.series_form import CheckedSeries, SeriesForm, check_series

MAX_BIG_INT = 2**63 - 1
HOSTILE = st.text(st.characters(exclude_categories=()))
NUMBERS = st.integers(0, MAX_BIG_INT + 1).map(str)
BLANK = ["", " ", "\t\n", "\u00a0\u200b", "\u200b\ufeff"]
ODD = [
    "x",
    "1.0",
    "1e3",
    "0x1",
    "1_000",
    "1,000",
    "1 000",
    "- 1",
    "--1",
    "+1",
    "１" * 100_000,
    "NaN",
]
FAR = [
    "0",
    "000",
    "-1",
    "\u22121",
    "\u20131",
    "-0",
    str(MAX_BIG_INT + 1),
    "-" + str(MAX_BIG_INT),
    "9" * 20,
    "9" * 100_000,
    "-" + "9" * 100_000,
]


def _number(code: FieldErrorCode) -> FieldProblem:
    return FieldProblem("approvalNumber", code, 1, 10**14 - 1)


def _year(code: FieldErrorCode) -> FieldProblem:
    return FieldProblem("approvalYear", code, 2004, 2014)


def test_folios_are_positive_numbers_of_64_bits() -> None:
    ranges = {
        ("1", None): FolioRange(1, None),
        ("1", "1"): FolioRange(1, 1),
        (" 0042\n", "00100"): FolioRange(42, 100),
        ("\ufeff１", "\u00a0١٠\u200b"): FolioRange(1, 10),
        (str(MAX_BIG_INT), str(MAX_BIG_INT)): FolioRange(MAX_BIG_INT, MAX_BIG_INT),
        ("0" * 100_000 + "7", None): FolioRange(7, None),
    }

    assert {typed: parse_folios(*typed) for typed in ranges} == ranges


def test_a_text_that_is_no_folio_is_refused_at_its_field() -> None:
    codes = dict.fromkeys(ODD, FieldErrorCode.MALFORMED) | dict.fromkeys(FAR, FieldErrorCode.OUT_OF_RANGE)

    accepted = []
    for typed, code in codes.items():
        first, last = (FieldProblem(field, code, 1, MAX_BIG_INT) for field in ("firstFolio", "lastFolio"))
        problems = parse_folios(typed, None), parse_folios("1", typed), parse_folios(typed, typed)
        if problems != ([first], [last], [first, last]):
            accepted.append(typed[:20])

    assert accepted == []


def test_a_character_that_may_be_mistaken_for_a_digit_is_named() -> None:
    named = {
        "1\0": "U+0000",
        "\ud800": "U+D800",
        "1О": "«О» (U+041E)",
    }

    assert {typed: parse_folios(typed, None) for typed in named} == {
        typed: [FieldProblem.of("firstFolio", ForbiddenCharacter(character), 1, MAX_BIG_INT)]
        for typed, character in named.items()
    }


def test_the_last_folio_is_not_less_than_the_first() -> None:
    assert parse_folios("10", "9") == [FieldProblem("lastFolio", FieldErrorCode.LESS_THAN_FIRST, 10, MAX_BIG_INT)]


def test_an_approval_has_up_to_14_digits_and_a_year() -> None:
    approvals = [("1", 2004), ("99999999999999", 2014), ("0000000000000000123", 2010)]

    assert [parse_approval(number, year) for number, year in approvals] == [
        Approval(int(number), year) for number, year in approvals
    ]


def test_an_approval_may_be_left_out() -> None:
    assert parse_approval(None, None) is None


def test_half_an_approval_or_a_wrong_one_is_refused() -> None:
    refused: dict[tuple[str | None, int | None], list[FieldProblem]] = {
        ("1", None): [_year(FieldErrorCode.MISSING)],
        (None, 2010): [_number(FieldErrorCode.MISSING)],
        (None, 2003): [_number(FieldErrorCode.MISSING), _year(FieldErrorCode.OUT_OF_RANGE)],
        ("x", None): [_number(FieldErrorCode.MALFORMED), _year(FieldErrorCode.MISSING)],
        ("0", 2010): [_number(FieldErrorCode.OUT_OF_RANGE)],
        ("100000000000000", 2010): [_number(FieldErrorCode.OUT_OF_RANGE)],
        ("", 2010): [_number(FieldErrorCode.MISSING)],
        ("1", 2003): [_year(FieldErrorCode.OUT_OF_RANGE)],
        ("1", 2015): [_year(FieldErrorCode.OUT_OF_RANGE)],
        ("1", -(2**31)): [_year(FieldErrorCode.OUT_OF_RANGE)],
    }

    assert {typed: parse_approval(*typed) for typed in refused} == refused


def test_a_name_has_up_to_25_characters_and_may_be_empty() -> None:
    names = {
        "": "",
        "  ": "",
        " A \n 1 ": "A 1",
        "Ñ" * 25: "Ñ" * 25,
    }

    assert {typed: check_series(SeriesForm(typed, "1")) for typed in names} == {
        typed: CheckedSeries(name, FolioRange(1, None), None) for typed, name in names.items()
    }


def test_a_blank_last_folio_or_approval_number_counts_as_left_out() -> None:
    series = CheckedSeries("A", FolioRange(1, None), None)
    half_an_approval = InvalidInput((_number(FieldErrorCode.MISSING),))

    assert [check_series(SeriesForm("A", "1", blank, blank)) for blank in BLANK] == [series] * len(BLANK)
    assert [check_series(SeriesForm("A", "1", blank, blank, 2010)) for blank in BLANK] == [half_an_approval] * len(
        BLANK
    )


def test_a_blank_first_folio_is_missing() -> None:
    missing = InvalidInput((FieldProblem("firstFolio", FieldErrorCode.MISSING, 1, MAX_BIG_INT),))

    assert [check_series(SeriesForm("A", blank, blank)) for blank in BLANK] == [missing] * len(BLANK)


def test_names_that_differ_only_in_case_are_different() -> None:
    assert [check_series(SeriesForm(name, "1")) for name in "aA"] == [
        CheckedSeries(name, FolioRange(1, None), None) for name in "aA"
    ]


def test_all_problems_are_reported_at_once_in_the_order_of_the_form() -> None:
    outcome = check_series(SeriesForm("A|B", "0", "x", "y", 1999))

    assert outcome == InvalidInput(
        (
            FieldProblem("name", FieldErrorCode.FORBIDDEN_CHARACTER, maximum=25, character="«|»"),
            FieldProblem("firstFolio", FieldErrorCode.OUT_OF_RANGE, 1, MAX_BIG_INT),
            FieldProblem("lastFolio", FieldErrorCode.MALFORMED, 1, MAX_BIG_INT),
            _number(FieldErrorCode.MALFORMED),
            _year(FieldErrorCode.OUT_OF_RANGE),
        )
    )


@given(
    name=HOSTILE,
    first=HOSTILE | NUMBERS,
    last=HOSTILE | NUMBERS | st.none(),
    number=HOSTILE | NUMBERS | st.none(),
    year=st.integers(2000, 2020) | st.integers() | st.none(),
)
def test_whatever_is_typed_a_series_fits_its_columns_or_is_refused(
    name: str, first: str, last: str | None, number: str | None, year: int | None
) -> None:
    outcome = check_series(SeriesForm(name, first, last, number, year))

    if isinstance(outcome, CheckedSeries):
        assert len(outcome.name) <= 25
        assert outcome.name.encode().decode() == outcome.name  # no lone surrogate, which no database takes
        assert 1 <= outcome.folios.first <= (outcome.folios.last or MAX_BIG_INT) <= MAX_BIG_INT
    else:
        assert outcome.problems


@given(text=HOSTILE)
def test_any_text_is_parsed_as_an_id_or_refused(text: str) -> None:
    parsed = parse_id(text)

    assert parsed is None or parsed == parse_id(str(parsed))


def test_characters_that_pasting_adds_to_an_id_do_not_matter() -> None:
    series_id = uuid4()
    added = ["\u200b", "\u00a0", "\ufeff", "\u2060", "\n"]

    assert [parse_id(f"{sign}{series_id}{sign}") for sign in added] == [series_id] * len(added)
    assert parse_id(str(series_id).replace("-", "\u2011")) == series_id
