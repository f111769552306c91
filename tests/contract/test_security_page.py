"""docs/security.md leaves nothing out, and every proof that it names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTS = (ROOT / "docs/security.md").read_text("utf-8").partition("\n## Item by item\n")[2]
ROWS = [line.strip("| ").split(" | ") for line in re.findall(r"^\| (?!id |label ).*\|$", LISTS, re.MULTILINE)]

TEST = r"`([\w/]+)/(\w+)::(\w+)`"
FILE = r"`([\w./-]+\.\w+)`"

# How many items each section of ASVS 5.0 has.
CHAPTERS = {6: (3, 12, 8, 6, 8, 4, 2, 4), 7: (3, 4, 2, 5, 3, 2), 9: (3, 4)}


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


def test_every_test_and_file_that_is_named_is_there() -> None:
    tests = [each for each in sorted(set(re.findall(TEST, LISTS))) if not _is_test(*each)]
    files = [path for path in sorted(set(re.findall(FILE, LISTS))) if not (ROOT / path).is_file()]

    assert (tests, files) == ([], [])


def _is_test(folder: str, subject: str, sentence: str) -> bool:
    path = ROOT / f"tests/{folder}/test_{subject}.py"
    source = path.read_text("utf-8") if path.is_file() else ""
    return bool(re.search(rf"^ *(async )?def test_{sentence}\(", source, re.MULTILINE))
