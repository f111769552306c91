"""Builds the web app of examples/web, and walks through it in headless Chromium."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from audits.conftest import CLIENT, PackedClient, RunScript, exclusively, install
from audits.ports import free_port
from tests.process.serving import CHEAP_ARGON2, ROOT, serving

APP = ROOT / "examples/web"
# The captcha comes with the third wrong password. A proof of work of the usual length is made by test_browser.py.
MODE = {
    "TEST_MODE": "true",
    "LIMIT_LOGIN_FAILURES": "2/15 minutes",
    "CAPTCHA_PROOF_OF_WORK": "100",
    **CHEAP_ARGON2,
}


@dataclass(frozen=True)
class Elsewhere:
    """The app on an origin of its own, built for a service on `service_port` and with the address of an upload."""

    folder: Path
    app_port: int
    service_port: int


@pytest.fixture(scope="module")
def checked(npm: str, packed_client: PackedClient) -> None:
    """Installs what the app needs from the locks, and checks its types."""
    with exclusively(CLIENT):
        install(APP)
        _run(npm, "run", "check", cwd=APP)


@pytest.fixture(scope="module")
def dist(checked: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with the app as the service serves it."""
    return _build(tmp_path_factory.mktemp("app"))


@pytest.fixture(scope="module")
def elsewhere(checked: None, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    service_port = free_port()
    folder = _build(
        tmp_path_factory.mktemp("app"),
        VITE_ACCOUNTS_URL=f"http://127.0.0.1:{service_port}/graphql",
        VITE_UPLOAD_URL="http://127.0.0.1:8100",
    )
    return Elsewhere(folder, free_port(), service_port)


@pytest.mark.parametrize(
    "script", ["web_flow.js", "web_security.js", "web_keyboard.js", "web_trouble.js", "web_clumsy.js"]
)
def test_the_app_works_on_the_origin_of_the_service(
    run_script: RunScript, chromium: str, dist: Path, tmp_path: Path, script: str
) -> None:
    with serving(tmp_path, WEB_APP_DIR=str(dist), **MODE) as (url, _):
        audit = run_script(script, chromium, url, url)

    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_the_app_works_with_passkeys(run_script: RunScript, chromium: str, dist: Path, tmp_path: Path) -> None:
    """Under the name localhost, since no passkey is made for an address."""
    with serving(tmp_path, WEB_APP_DIR=str(dist), **MODE) as (url, _):
        audit = run_script("web_passkeys.js", chromium, url.replace("127.0.0.1", "localhost"))

    assert audit.returncode == 0, audit.stdout + audit.stderr


@pytest.mark.parametrize("script", ["web_flow.js", "web_provider.js"])
def test_the_app_works_on_another_origin(
    run_script: RunScript, chromium: str, elsewhere: Elsewhere, tmp_path: Path, script: str
) -> None:
    """The page has no policy there, so that a provider's script is allowed."""
    provider_port = free_port()
    app = f"http://127.0.0.1:{elsewhere.app_port}"
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
    with (
        serving(tmp_path, PORT=str(elsewhere.service_port), ALLOWED_ORIGINS=app, **settings) as (url, _),
        _previewing(elsewhere.folder, elsewhere.app_port),
    ):
        audit = run_script(script, chromium, url, app, str(provider_port))

    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_the_app_leads_to_the_second_factor_that_is_demanded(
    run_script: RunScript, chromium: str, dist: Path, tmp_path: Path
) -> None:
    with serving(tmp_path, WEB_APP_DIR=str(dist), SECOND_FACTOR_REQUIRED="true", **MODE) as (url, _):
        audit = run_script("web_demand.js", chromium, url.replace("127.0.0.1", "localhost"))

    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_the_app_asks_for_the_privacy_notice(run_script: RunScript, chromium: str, dist: Path, tmp_path: Path) -> None:
    for version in ("1", "2"):
        notice = {"PRIVACY_NOTICE_VERSION": version, "PRIVACY_NOTICE_URL": f"http://localhost/aviso?v={version}"}
        with serving(tmp_path, WEB_APP_DIR=str(dist), **notice, **MODE) as (url, _):
            audit = run_script("web_notice.js", chromium, url, url, version, "notice@example.com")

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


def _run(*command: str, cwd: Path, **environment: str) -> None:
    run = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
