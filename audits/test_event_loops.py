"""What tests say about bytes on the wire, starts and ends holds on asyncio's own loop, too, as on Windows."""

import os
import subprocess
import sys

from tests.process.serving import ROOT

FILES = (
    "tests/process/test_hostile_bytes.py",
    "tests/process/test_keep_alive.py",
    "tests/process/test_protocols.py",
    "tests/process/test_serve.py",
    "audits/test_shutdown.py",
)


def test_serve_works_on_asyncios_own_loop() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *FILES]
    environment = {**os.environ, "TEST_EVENT_LOOP": "asyncio"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)

    assert run.returncode == 0, run.stdout[-5000:]
