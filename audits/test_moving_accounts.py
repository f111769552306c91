"""Accounts move from a file to SQLite, on to PostgreSQL and back, and are the same, although an import is killed.

The service runs at the same time: owners log in while their accounts and others are imported.
"""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx2

from app.operations import OPERATIONS
from tests.account_lines import account_line
from tests.databases import database_on
from tests.foreign_hashes import OF_PASSWORD, PASSWORD
from tests.process.serving import CHEAP_ARGON2, ROOT, WITHOUT_LIMITS, clean_environment, run_command, serving

PEOPLE = 2_000


def test_accounts_move_between_databases_and_stay_the_same(postgresql_url: str, tmp_path: Path) -> None:
    hashes = [*OF_PASSWORD.values(), None]
    people = [account_line(email=f"{n}@example.com", passwordHash=hashes[n % len(hashes)]) for n in range(PEOPLE)]
    (tmp_path / "people.jsonl").write_bytes(b"".join(people))
    sqlite = {"DATA_DIR": str(tmp_path)}

    with serving(tmp_path, **WITHOUT_LIMITS, **CHEAP_ARGON2) as (url, _):
        _import_and_kill(tmp_path, sqlite)
        first = _login(url, "0@example.com")
        again = run_command("import", "accounts", str(tmp_path / "people.jsonl"), **sqlite)
        names = [_login(url, f"{n}@example.com") for n in range(0, PEOPLE, PEOPLE // 20)]
    assert first == "LoginSuccess"
    imported, there = (int(word.replace(",", "")) for word in again.stdout.split()[:3:2])
    assert (again.returncode, imported + there) == (0, PEOPLE)
    assert 0 < there < PEOPLE
    assert set(names) <= {"LoginSuccess", "InvalidCredentialsError"}
    assert names.count("LoginSuccess") > 15

    assert run_command("export", "accounts", "--output", str(tmp_path / "one.jsonl"), **sqlite).returncode == 0
    with database_on(postgresql_url) as other:
        postgresql = {"DATA_DIR": str(tmp_path), "DATABASE_URL": other}
        moved = run_command("import", "accounts", str(tmp_path / "one.jsonl"), **postgresql)
        assert (moved.returncode, moved.stdout) == (0, f"{PEOPLE:,} imported, 0 there already, 0 refused\n")
        assert run_command("export", "accounts", "--output", str(tmp_path / "two.jsonl"), **postgresql).returncode == 0
    (tmp_path / "back").mkdir()
    back = {"DATA_DIR": str(tmp_path / "back")}
    run_command("migrate", **back)
    assert run_command("import", "accounts", str(tmp_path / "two.jsonl"), **back).returncode == 0
    assert run_command("export", "accounts", "--output", str(tmp_path / "three.jsonl"), **back).returncode == 0

    one, two, three = ((tmp_path / f"{name}.jsonl").read_bytes() for name in ("one", "two", "three"))
    assert one == two == three
    assert {json.loads(line)["email"] for line in one.splitlines()} == {f"{n}@example.com" for n in range(PEOPLE)}


def _import_and_kill(folder: Path, environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "import", "accounts", str(folder / "people.jsonl")],
        cwd=ROOT,
        env=clean_environment(**environment),
    )
    deadline = time.monotonic() + 60
    with closing(sqlite3.connect(folder / "accounts.sqlite3")) as database:
        while not database.execute("SELECT count(*) FROM account").fetchone()[0]:
            assert time.monotonic() < deadline
            time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def _login(url: str, email: str) -> str:
    form = {"email": email, "password": PASSWORD}
    body = {"query": OPERATIONS["Login"], "variables": {"input": form}}
    answer = httpx2.post(f"{url}/graphql", json=body, timeout=30).raise_for_status().json()
    return str(answer["data"]["login"]["__typename"])
