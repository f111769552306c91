"""The words and numbers of a captcha, and how its answers are read."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.captcha import words
from services.captcha.words import WORDS, normalize_digits, normalize_words


def test_there_are_more_than_two_thousand_words() -> None:
    assert len(WORDS) > 2000


def test_words_have_five_to_eight_plain_letters() -> None:
    odd = [word for word in WORDS if not re.fullmatch("[a-z]{5,8}", word)]

    assert odd == []


def test_words_are_sorted_and_unique() -> None:
    assert list(WORDS) == sorted(set(WORDS))


def test_the_file_states_its_sources_licenses_and_review() -> None:
    lines = Path(words.__file__).with_name("words.txt").read_text(encoding="ascii").splitlines()

    head = " ".join(line for line in lines if line.startswith("#"))

    assert all(part in head for part in ("wspanish", "public domain", "mnemonic", "MIT", "Reviewed"))


def test_no_word_becomes_another_by_a_letter_of_similar_shape() -> None:
    shapes = ("aeocs", "nhurmx", "iltfj", "gqy", "bdph", "vywu")
    known = set(WORDS)

    twins = [
        (word, twin)
        for word in WORDS
        for place, letter in enumerate(word)
        for shape in shapes
        if letter in shape
        for other in shape.replace(letter, "")
        if (twin := word[:place] + other + word[place + 1 :]) in known
    ]

    assert twins == []


def test_case_accents_and_separators_do_not_matter() -> None:
    answers = [
        "limón verde",
        "LIMON VERDE",
        " limon\tverde\n",
        "limo\u0301n verde",
        "ｌｉｍｏｎ verde",
        "Limón verde.",
        "limón, verde",
        "limon-verde",
        "limon—verde",
        "limon_verde",
        "limon/verde",
        "limonverde",
        "«limón» «verde»",
        "“Limón verde”",
        "li\u00admón\u200b\u00a0verde\ufeff",
        "limón; verde!",
        "(limón) verde...",
    ]

    assert normalize_words("limon verde") == "limonverde"
    assert [answer for answer in answers if normalize_words(answer) != "limonverde"] == []


def test_other_words_and_another_order_stay_different() -> None:
    answers = ["limones verdes", "verde limon", "limon y verde", "limon", "limon 5 verde", "лimon verde"]

    assert [answer for answer in answers if normalize_words(answer) == "limonverde"] == []


def test_every_word_is_its_own_normal_form() -> None:
    assert tuple(map(normalize_words, WORDS)) == WORDS


def test_digits_may_be_grouped_and_full_width() -> None:
    answers = ["12345678", "1 2 3 4-5678", " 1234 5678\n", "１２３４５６７８", "1.2.3.4.5.6.7.8.", "١٢٣٤٥٦٧٨"]

    assert [answer for answer in answers if normalize_digits(answer) != "12345678"] == []


def test_digits_may_be_written_out_in_spanish_or_english() -> None:
    answers = {
        "cero uno dos tres cuatro cinco seis siete ocho nueve": "0123456789",
        "zero one two three four five six seven eight nine": "0123456789",
        "Cuatro, 2, SIETE; una... un.": "42711",
        "four two oh": "420",
        "once doce quince dieciséis veinte veintitrés veintiún": "11121516202321",
        "cuarenta y dos, treinta y una, noventa": "423190",
        "diez y seis, treinta y 2": "1632",
        "treinta dos": "302",
        "forty-two thirty nineteen twenty one": "42301921",
        "twenty 1": "201",
        "uno2tres": "123",
        "dos\u200b\u00a0tres\u00ad": "23",
        "los números son uno dos": "12",
        "unos docena seiscientos": "",
    }

    assert {answer: normalize_digits(answer) for answer in answers} == answers


@pytest.mark.parametrize(
    ("tens", "joint", "units"),
    [
        (
            "treinta cuarenta cincuenta sesenta setenta ochenta noventa",
            " y ",
            "uno dos tres cuatro cinco seis siete ocho nueve",
        ),
        ("thirty forty fifty sixty seventy eighty ninety", "-", "one two three four five six seven eight nine"),
    ],
)
def test_every_pair_of_tens_and_unit_is_two_digits(tens: str, joint: str, units: str) -> None:
    spoken = " ".join(f"{ten}{joint}{unit}" for ten in tens.split() for unit in units.split())

    assert normalize_digits(spoken) == "".join(str(number) for number in range(31, 100) if number % 10)


@given(st.text(st.sampled_from("unodstrecai y0129-\u200b\ud800") | st.characters(), max_size=200))
def test_any_answer_can_be_normalized(answer: str) -> None:
    assert set(normalize_digits(answer)) <= set("0123456789")
    assert normalize_words(normalize_words(answer)) == normalize_words(answer)
