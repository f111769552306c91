"""docs/drills.md names audits that exist, and has a row for each fault that audits/drills.py can cause."""

import re
from pathlib import Path

from audits.drills import FAULTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/drills.md").read_text("utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")][1:]


def test_every_row_names_an_audit_that_exists() -> None:
    audits = {row[0]: re.findall(r"`(audits/\w+\.py)`", row[-1]) for row in ROWS}

    assert len(ROWS) > len(FAULTS)
    assert {fault: named for fault, named in audits.items() if not named} == {}
    assert [path for named in audits.values() for path in named if not (ROOT / path).is_file()] == []


def test_every_fault_of_the_drills_has_a_row() -> None:
    drilled = [row[0] for row in ROWS if "`audits/drills.py`" in row[-1]]

    assert drilled == [fault.name for fault in FAULTS]
