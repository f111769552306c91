"""Measures how long `serve` takes until its first response, and its memory after some work.

.venv/bin/python -m benchmarks.start
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2

from app.operations import OPERATIONS

ROOT = Path(__file__).parent.parent
RUNS = 5
_PASSWORD = "una frase larga"
_FORM = {
    "rfc": "EKU9003173C9",
    "email": "ana@example.com",
    "password": _PASSWORD,
    "passwordConfirmation": _PASSWORD,
}


def main() -> None:
    firsts, memories = zip(*(_start() for _ in range(RUNS)), strict=True)
    print(f"start to first response {statistics.median(firsts):.2f} s (median of {RUNS})")
    print(
        f"resident memory         {statistics.median(memories):.0f} MB after an account, 200 requests and 10 captchas"
    )


def _start() -> tuple[float, float]:
    """Returns the seconds until the first response, and the megabytes of resident memory."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "DATA_DIR": folder, "PORT": "0", "LOG_LEVEL": "WARNING"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout
            url = process.stdout.readline().split()[1]
            with httpx2.Client() as client:
                _answer(client, url, "PasswordPolicy")
                first = time.perf_counter() - begun
                _answer(client, url, "CreateAccount", {"input": _FORM})
                for _ in range(200):
                    _answer(client, url, "Me")
                for _ in range(10):
                    _answer(client, url, "CreateCaptcha")
            return first, _resident(process.pid)
        finally:
            process.terminate()
            process.wait(30)
            if process.stdout:
                process.stdout.close()


def _answer(client: httpx2.Client, url: str, operation: str, variables: dict[str, Any] | None = None) -> None:
    query = OPERATIONS[operation]
    client.post(url, json={"query": query, "variables": variables}).raise_for_status()


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    (kilobytes,) = (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return kilobytes / 1000


if __name__ == "__main__":
    main()
