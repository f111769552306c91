import re
from pathlib import Path

import pytest

from services.captcha import words
from services.captcha.words import WORDS, normalise_digits, normalise_words


def test_there_are_more_than_two_thousand_words() -> None:
    assert len(WORDS) > 2000


def test_words_have_five_to_eight_plain_letters() -> None:
    odd = [word for word in WORDS if not re.fullmatch("[a-z]{5,8}", word)]

    assert odd == []


def test_words_are_sorted_and_unique() -> None:
    assert list(WORDS) == sorted(set(WORDS))


def test_the_file_states_its_sources_licences_and_review() -> None:
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


@pytest.mark.parametrize(
    "answer",
    ["limón verde", "LIMON VERDE", " limon\tverde\n", "limo\u0301n verde", "ｌｉｍｏｎ verde"],
)
def test_case_accents_and_blanks_make_no_difference(answer: str) -> None:
    assert normalise_words(answer) == "limon verde"


def test_other_words_stay_other_words() -> None:
    assert normalise_words("limones verdes") == "limones verdes"
    assert normalise_words("limonverde") != normalise_words("limon verde")


def test_every_word_is_its_own_normal_form() -> None:
    assert tuple(map(normalise_words, WORDS)) == WORDS


@pytest.mark.parametrize("answer", ["12345678", "1 2 3 4-5678", " 1234 5678\n", "１２３４５６７８"])
def test_digits_may_be_grouped_and_full_width(answer: str) -> None:
    assert normalise_digits(answer) == "12345678"


def test_digits_in_words_are_no_digits() -> None:
    assert normalise_digits("uno dos tres") == ""
