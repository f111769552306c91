"""What tests say about bytes on the wire, starts and ends holds on asyncio's own loop, too, as on Windows.

The parent process of several has no event loop, so what it does about its children is not tested again.
"""

import os
import subprocess
import sys

from tests.process.serving import ROOT

TESTS = (
    "tests/process/test_hostile_bytes.py",
    "tests/process/test_keep_alive.py",
    "tests/process/test_protocols.py",
    "tests/process/test_serve.py",
    "audits/test_shutdown.py::test_requests_in_progress_are_answered_after_sigterm",
    "audits/test_shutdown.py::test_requests_that_nobody_has_read_at_sigterm_are_answered",
    "audits/test_shutdown.py::test_two_worker_processes_serve_and_end_together",
    "audits/test_shutdown.py::test_no_connection_is_reset_while_the_node_stops",
    "audits/test_shutdown.py::test_processes_end_if_their_parent_is_killed",
)


def test_serve_works_on_asyncios_own_loop() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *TESTS]
    environment = {**os.environ, "TEST_EVENT_LOOP": "asyncio"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)

    assert run.returncode == 0, run.stdout[-5000:]
