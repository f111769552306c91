"""A migration that is killed, at whatever moment, is begun again and finished."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.process.serving import ROOT, clean_environment, run_command


@pytest.mark.parametrize("milliseconds", range(0, 60, 20))
def test_migrating_may_be_killed_and_begun_again(tmp_path: Path, milliseconds: int) -> None:
    environment = clean_environment(DATA_DIR=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-m", "app", "migrate"], cwd=ROOT, env=environment)
    while process.poll() is None and not (tmp_path / "accounts.sqlite3").exists():
        time.sleep(0.001)
    time.sleep(milliseconds / 1000)
    process.kill()
    process.wait()

    again = run_command("migrate", DATA_DIR=str(tmp_path))

    assert (again.returncode, again.stdout, again.stderr) == (0, "The database is up to date.\n", "")
