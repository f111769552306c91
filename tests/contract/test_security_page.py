"""docs/security.md leaves nothing out, and every proof that it names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTS = (ROOT / "docs/security.md").read_text("utf-8").partition("\n## Item by item\n")[2]
ROWS = [line.strip("| ").split(" | ") for line in re.findall(r"^\| (?!id |label ).*\|$", LISTS, re.MULTILINE)]

TEST = r"`([\w/]+)/(\w+)::(\w+)`"
FILE = r"`([\w./-]+\.\w+)`"

# How many items each section of ASVS 5.0 has.
CHAPTERS = {6: (3, 12, 8, 6, 8, 4, 2, 4), 7: (3, 4, 2, 5, 3, 2)}


def test_every_item_of_asvs_has_one_row_with_its_level() -> None:
    expected = ["4.3.1", "4.3.2"] + [
        f"{chapter}.{section}.{item}"
        for chapter, sections in CHAPTERS.items()
        for section, items in enumerate(sections, 1)
        for item in range(1, items + 1)
    ]

    rows = [row for row in ROWS if re.fullmatch(r"\d\.\d\.\d+", row[0])]

    assert [row[0] for row in rows] == expected
    assert {row[1] for row in rows} == {"1", "2", "3"}


def test_what_is_met_names_its_proof_and_what_is_not_a_reason() -> None:
    unproved = [row[0] for row in ROWS if row[-2] == "met" and not re.search(f"{TEST}|{FILE}", row[-1])]
    unreasoned = [row[0] for row in ROWS if row[-2] != "met" and not row[-1].endswith(".")]

    assert {row[-2] for row in ROWS} == {"met", "n/a", "not met"}
    assert (unproved, unreasoned) == ([], [])


@pytest.mark.parametrize(("folder", "subject", "sentence"), sorted(set(re.findall(TEST, LISTS))))
def test_a_test_that_is_named_is_there(folder: str, subject: str, sentence: str) -> None:
    source = (ROOT / f"tests/{folder}/test_{subject}.py").read_text("utf-8")

    assert re.search(rf"^ *(async )?def test_{sentence}\(", source, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(set(re.findall(FILE, LISTS))))
def test_a_file_that_is_named_is_there(path: str) -> None:
    assert (ROOT / path).is_file()
