"""Runs a short form of audits/invoice_crashes.py on both databases."""

import subprocess
import sys

from tests.process.serving import ROOT

KILLS = 5


def _crash(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "audits.invoice_crashes", "--kills", str(KILLS), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_one_process_over_sqlite_neither_loses_nor_doubles_anything() -> None:
    crashes = _crash()

    assert crashes.returncode == 0, crashes.stdout + crashes.stderr


def test_two_processes_over_postgresql_neither_lose_nor_double_anything(postgresql_url: str) -> None:
    crashes = _crash("--database", postgresql_url)

    assert crashes.returncode == 0, crashes.stdout + crashes.stderr
