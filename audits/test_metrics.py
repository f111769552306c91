"""The metrics of several processes, and the alerts in Prometheus' own tool."""

import subprocess
from pathlib import Path

import httpx2
import pytest

from audits.ports import free_port
from tests.process.serving import CHEAP_ARGON2, ROOT, serving

PROMETHEUS = ROOT / "deploy/prometheus"
ASKED = 60


@pytest.mark.parametrize("command", [["check", "config", "prometheus.yaml"], ["test", "rules", "alerts.test.yaml"]])
def test_promtool_accepts_the_alerts(promtool: str, command: list[str]) -> None:
    run = subprocess.run([promtool, *command], cwd=PROMETHEUS, capture_output=True, text=True)

    assert run.returncode == 0, run.stdout + run.stderr


def test_any_process_answers_for_all_of_them(tmp_path: Path) -> None:
    port = free_port()
    settings = {**CHEAP_ARGON2, "WORKERS": "3", "METRICS_PORT": str(port), "WORKER_IN_SERVE": "false"}
    with serving(tmp_path, **settings) as (url, _):
        one_request = httpx2.Limits(max_keepalive_connections=0)  # to a connection, so that every process gets some
        with httpx2.Client(verify=False, limits=one_request) as http:
            for _ in range(ASKED):
                http.get(f"{url}/graphql", params={"query": "{ __typename }"}).raise_for_status()
            texts = {_requests(http, port) for _ in range(12)}

    assert texts == {f'accounts_requests_total{{kind="graphql",operation="",status="200"}} {ASKED}.0'}


def _requests(http: httpx2.Client, port: int) -> str:
    text = http.get(f"http://127.0.0.1:{port}/metrics").text
    return next(line for line in text.splitlines() if line.startswith("accounts_requests_total{"))
