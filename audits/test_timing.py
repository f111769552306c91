"""Response times do not reveal who has an account, as far as so few samples can show it.

The tolerance is that of the samples; more of them, on a quiet machine, show finer differences (benchmarks/timing.py).
tests/graphql_api/test_who_has_an_account.py compares the work itself.
"""

import subprocess
import sys

from tests.process.serving import ROOT

SAMPLES = 40


def test_response_times_reveal_no_account() -> None:
    command = [sys.executable, "-m", "benchmarks.timing", "--samples", str(SAMPLES)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
