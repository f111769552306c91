"""Checks in headless Chromium; audits/node/ has the scripts."""

import socket
from pathlib import Path

from app.settings import Settings
from audits.conftest import RunScript
from models.migrator import upgrade
from tests.api import api_of
from tests.forms import EMAIL, PASSWORD
from tests.process.serving import serving


def test_graphiql_works_from_the_service_alone(run_script: RunScript, chromium: str, tmp_path: Path) -> None:
    with serving(tmp_path) as (url, _):
        audit = run_script("graphiql.js", chromium, url, str(tmp_path))

    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_the_development_pages_work(run_script: RunScript, chromium: str, tmp_path: Path) -> None:
    with serving(tmp_path, SITE_URL="http://localhost:5173") as (url, _):
        audit = run_script("development.js", chromium, url)

    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_a_proof_of_work_is_done_by_altchas_widget(run_script: RunScript, chromium: str, tmp_path: Path) -> None:
    with serving(tmp_path) as (url, _):
        audit = run_script("proof.js", chromium, url)

    assert audit.returncode == 0, audit.stdout + audit.stderr


async def test_the_cookie_works_only_for_allowed_origins(run_script: RunScript, chromium: str, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, worker_in_serve=False)
    await upgrade(settings.database)
    async with api_of(settings) as api:
        await api.account()
    with socket.create_server(("127.0.0.1", 0)) as listed:
        port, descriptor = listed.getsockname()[1], listed.fileno()
        named = {"ALLOWED_ORIGINS": f"http://app.site.example:{port}", "ALLOWED_HOSTS": "api.site.example"}
        with serving(tmp_path, **named) as (url, _):
            audit = run_script("origins.js", chromium, url, str(descriptor), EMAIL, PASSWORD, inherited=(descriptor,))

    assert audit.returncode == 0, audit.stdout + audit.stderr
