"""Builds the web app of examples/web, and walks through it in headless Chromium."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from audits.conftest import RunScript, exclusively
from tests.process.serving import CHEAP_ARGON2, ROOT, serving

APP = ROOT / "examples/web"
CLIENT = ROOT / "clients/typescript"
# The captcha comes with the third wrong password.
MODE = {"TEST_MODE": "true", "LIMIT_LOGIN_FAILURES": "2/15 minutes", **CHEAP_ARGON2}


@pytest.fixture(scope="module")
def dist(npm: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with the app, built from the locks."""
    with exclusively(CLIENT):
        for folder, script in ((CLIENT, "prepack"), (APP, "check")):
            _run(npm, "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", cwd=folder)
            _run(npm, "run", script, cwd=folder)
    return _build(tmp_path_factory.mktemp("app"))


@pytest.mark.parametrize("script", ["web_flow.js", "web_trouble.js"])
def test_the_app_works_on_the_origin_of_the_service(
    run_script: RunScript, chromium: str, dist: Path, tmp_path: Path, script: str
) -> None:
    with serving(tmp_path, WEB_APP_DIR=str(dist), **MODE) as (url, _):
        audit = run_script(script, chromium, url, url)

    assert audit.returncode == 0, audit.stdout + audit.stderr


@pytest.mark.usefixtures("dist")  # which has installed what it takes to build
@pytest.mark.parametrize("script", ["web_flow.js", "web_provider.js"])
def test_the_app_works_on_another_origin(run_script: RunScript, chromium: str, tmp_path: Path, script: str) -> None:
    """The page has no policy there, so that a provider's script is allowed."""
    service_port, app_port, provider_port = _free_port(), _free_port(), _free_port()
    app = f"http://127.0.0.1:{app_port}"
    links = {
        "SITE_URL": app,
        "CONFIRM_URL": f"{app}/confirmar#{{code}}",
        "PAYPAL_RETURN_URL": f"{app}/pago/paypal",
        "PAYPAL_CANCEL_URL": f"{app}/pago",
    }
    provider = {
        "CAPTCHA_PROVIDER": "turnstile",
        "CAPTCHA_SITE_KEY": "site-key",
        "CAPTCHA_SECRET": "secret",
        "CAPTCHA_VERIFICATION_URL": f"http://127.0.0.1:{provider_port}/siteverify",
    }
    settings = {**links, **MODE, **(provider if script == "web_provider.js" else {})}
    data = tmp_path / "data"
    data.mkdir()
    with serving(data, PORT=str(service_port), ALLOWED_ORIGINS=app, **settings) as (url, _):
        built = _build(tmp_path / "app", VITE_ACCOUNTS_URL=f"{url}/graphql")
        with _previewing(built, app_port):
            audit = run_script(script, chromium, url, app, str(provider_port))

    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_the_lock_of_the_app_names_no_registry() -> None:
    lock = json.loads((APP / "package-lock.json").read_text("utf-8"))

    links = {path for path, package in lock["packages"].items() if "resolved" in package}
    assert links == {"node_modules/timbrado-accounts-client"}


def _build(folder: Path, **environment: str) -> Path:
    with exclusively(CLIENT):
        _run(_vite(), "build", "--outDir", str(folder), "--emptyOutDir", "--logLevel", "warn", cwd=APP, **environment)
    return folder


@contextmanager
def _previewing(folder: Path, port: int) -> Iterator[None]:
    command = [_vite(), "preview", "--outDir", str(folder), "--port", str(port), "--strictPort", "--host", "127.0.0.1"]
    preview = subprocess.Popen(command, cwd=APP, stdout=subprocess.PIPE, text=True)
    assert preview.stdout
    try:
        assert any("Local" in line for line in iter(preview.stdout.readline, ""))
        yield
    finally:
        preview.terminate()
        preview.wait(10)
        preview.stdout.close()


def _vite() -> str:
    return str(APP / "node_modules/.bin/vite")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _run(*command: str, cwd: Path, **environment: str) -> None:
    run = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
