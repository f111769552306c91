"""docs/performance.md shows the table that `python -m benchmarks` prints."""

from pathlib import Path

from benchmarks.__main__ import HEAD
from benchmarks.comparisons import GROUPS
from benchmarks.reservations import TITLES

PAGE = (Path(__file__).parents[2] / "docs/performance.md").read_text("utf-8")
TABLE = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]


def test_the_table_has_the_rows_and_columns_that_the_benchmark_prints() -> None:
    titles = [title for group in GROUPS for title in group.titles()]

    assert TABLE[0] == list(HEAD)
    assert [row[0] for row in TABLE[2 : 2 + len(titles)]] == titles
    assert [row for row in TABLE[2 : 2 + len(titles)] if not all(row[1:4])] == []


def test_the_reservations_have_the_rows_that_their_benchmark_prints() -> None:
    rows = [row for row in TABLE if row[0] in TITLES]

    assert [row[0] for row in rows] == list(TITLES)
    assert [row for row in rows if not all(row[1:])] == []
