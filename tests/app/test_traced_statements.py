"""What a span says about a statement."""

import time

import pytest

from app.traces.statements import described

# A statement, its summary, and its text if that differs.
STATEMENTS: list[tuple[str, str, str | None]] = [
    ("BEGIN", "BEGIN", None),
    ("ROLLBACK TO SAVEPOINT", "ROLLBACK", None),
    (
        'SELECT "id" FROM "account" WHERE "email"=$1 LIMIT 1',
        "SELECT account",
        'SELECT "id" FROM "account" WHERE "email"=$1 LIMIT ?',
    ),
    ("SELECT now() AS now", "SELECT", None),
    ("select 1.5 + x2", "select", "select ? + x2"),
    ("\nSELECT a\n  FROM b JOIN c ON c.d = b.d\n", "SELECT b c", "SELECT a FROM b JOIN c ON c.d = b.d"),
    ('INSERT INTO "a" ("b") VALUES (?,?) ON CONFLICT ("b") DO UPDATE SET "c"=?', "INSERT a", None),
    ("UPDATE delivery SET lease = $1 WHERE id = $12 FOR UPDATE SKIP LOCKED", "UPDATE delivery", None),
    ("WITH due AS (SELECT id FROM delivery FOR UPDATE) DELETE FROM x", "SELECT delivery DELETE x", None),
    ("SELECT 'hunter2 FROM it''s' FROM a", "SELECT a", "SELECT ? FROM a"),
    ("SELECT 'a'||CHAR(0)||'hunter2'", "SELECT", "SELECT ?||CHAR(?)||?"),
    ("SELECT 'hunter2", "SELECT", "SELECT ?"),
    (
        "DELETE FROM a WHERE b = '4111' AND c = 4111 AND d IN (5, -6)",
        "DELETE a",
        "DELETE FROM a WHERE b = ? AND c = ? AND d IN (?, -?)",
    ),
    ("", "", None),
]


def test_a_statement_is_summarized_and_has_no_literal() -> None:
    assert [described(text) for text, _, _ in STATEMENTS] == [
        (summary, text if shown is None else shown) for text, summary, shown in STATEMENTS
    ]


@pytest.mark.parametrize("part", ["'", "''", "FROM ", "9", "SELECT ", "' ", "\n", "UPDATE \t"])
def test_a_long_statement_is_cut_and_takes_no_longer(part: str) -> None:
    begun = time.process_time()

    summary, text = described(part * 1_000_000)

    assert time.process_time() - begun < 0.5
    assert (len(summary) <= 255, len(text) <= 2_000) == (True, True)
