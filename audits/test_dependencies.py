"""No locked package has a vulnerability that the package index knows of."""

import json
import subprocess
import sys

import pytest

from tests.process.serving import ROOT

LOCKS = [
    "requirements.lock",
    "requirements-audit.lock",
    "examples/python/requirements.lock",
    "examples/upload/requirements.lock",
    "benchmarks/peers/python/requirements.lock",
]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_locked_package_is_known_to_be_vulnerable(lock: str) -> None:
    audit = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]

    run = subprocess.run([*audit, "-f", "json", "-r", lock], cwd=ROOT, capture_output=True, text=True)

    packages = json.loads(run.stdout or "{}").get("dependencies", [])
    looked_up = [package for package in packages if "skip_reason" not in package]
    if not looked_up:
        pytest.skip("the package index does not report vulnerabilities")
    assert [(package["name"], package["vulns"]) for package in looked_up if package["vulns"]] == []
