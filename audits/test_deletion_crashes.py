"""Runs a short form of audits/deletion_crashes.py on both databases."""

import subprocess
import sys

from tests.process.serving import ROOT

KILLS = 5


def _crash(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "audits.deletion_crashes", "--kills", str(KILLS), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_one_worker_over_sqlite_leaves_no_account_half_deleted() -> None:
    crashes = _crash()

    assert crashes.returncode == 0, crashes.stdout + crashes.stderr


def test_two_workers_over_postgresql_leave_no_account_half_deleted(postgresql_url: str) -> None:
    crashes = _crash("--database", postgresql_url)

    assert crashes.returncode == 0, crashes.stdout + crashes.stderr
