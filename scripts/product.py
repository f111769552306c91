"""Starts the accounts service and examples/upload beside it, in development, until one ends or Ctrl-C: `make product`.

Before that, it registers the example as an API client and adds its endpoint of webhooks, unless they are there.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CLIENT = "upload"
_SCOPES = ("accounts:read", "invoices:write")
_PYTHON = ROOT / "examples/upload/.venv/bin/python"
_END_SECONDS = 30


@dataclass(frozen=True)
class Secrets:
    """What the service shows only once. `webhook_url` is the endpoint that the second one is for."""

    client_secret: str
    webhook_url: str
    webhook_secret: str


def main() -> int:
    folder = Path(os.environ.get("DATA_DIR", "data")).absolute() / "product"
    accounts = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
    upload = f"http://127.0.0.1:{os.environ.get('UPLOAD_PORT', '8100')}"
    for number in (signal.SIGINT, signal.SIGTERM):  # a background job of a shell ignores SIGINT by default
        signal.signal(number, signal.default_int_handler)
    try:
        secrets = prepare(folder, f"{upload}/webhooks/accounts", os.environ)
        with _running(accounts, upload, secrets, folder) as processes:
            _wait(f"{accounts}/health/ready", processes)
            _wait(f"{upload}/", processes)
            print(f"Sign up at {accounts}/, then issue invoices at {upload}/ (Ctrl-C stops both).", flush=True)
            while all(process.poll() is None for process in processes):
                time.sleep(0.2)
        return 1
    except KeyboardInterrupt:
        return 0


def prepare(folder: Path, webhook_url: str, environment: Mapping[str, str]) -> Secrets:
    """Returns the example's secrets: those of the last time, as long as the database knows what they are for."""
    file = folder / "secrets.json"
    known = Secrets(**json.loads(file.read_text())) if file.exists() else Secrets("", "", "")
    _app("migrate", environment=environment)
    client_secret = known.client_secret
    if CLIENT not in {client["name"] for client in _app("client", "list", "--json", environment=environment)}:
        scopes = [word for scope in _SCOPES for word in ("--scope", scope)]
        client_secret = _app("client", "create", CLIENT, *scopes, "--json", environment=environment)["secret"]
    elif not client_secret:
        client_secret = _app("client", "rotate", CLIENT, "--keep", "0m", "--json", environment=environment)["secret"]
    endpoints = {each["url"]: each["id"] for each in _app("webhook", "list", "--json", environment=environment)}
    webhook_secret = known.webhook_secret if known.webhook_url == webhook_url else ""
    if webhook_url not in endpoints:
        webhook_secret = _app("webhook", "add", webhook_url, "--json", environment=environment)["secret"]
    elif not webhook_secret:
        webhook_secret = _app("webhook", "rotate", endpoints[webhook_url], "--json", environment=environment)["secret"]
    secrets = Secrets(client_secret, webhook_url, webhook_secret)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(asdict(secrets)))
    new.replace(file)
    return secrets


def upload_settings(accounts: str, upload: str, secrets: Secrets, folder: Path) -> dict[str, str]:
    return {
        "ACCOUNTS_URL": accounts,
        "AUDIENCE": upload,
        "CLIENT_SECRET": secrets.client_secret,
        "WEBHOOK_SECRET": secrets.webhook_secret,
        "DATA_DIR": str(folder),
        "PORT": upload.rpartition(":")[2],
    }


@contextlib.contextmanager
def _running(accounts: str, upload: str, secrets: Secrets, folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Runs both in process groups of their own, so that Ctrl-C reaches them once, from here."""
    commands: list[tuple[list[str], Path, dict[str, str]]] = [
        ([sys.executable, "-m", "app", "serve"], ROOT, {"ACCESS_TOKEN_AUDIENCES": upload}),
        ([str(_PYTHON), "-m", "upload"], ROOT / "examples", upload_settings(accounts, upload, secrets, folder)),
    ]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for command, cwd, settings in commands:
            processes.append(subprocess.Popen(command, cwd=cwd, env=os.environ | settings, process_group=0))  # noqa: S603
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(_END_SECONDS)


def _wait(url: str, processes: list[subprocess.Popen[bytes]]) -> None:
    """Returns when the URL answers, or a process has ended."""
    while all(process.poll() is None for process in processes):
        with contextlib.suppress(urllib.error.URLError, TimeoutError):
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310  # our own http URLs
            return
        time.sleep(0.2)


def _app(*arguments: str, environment: Mapping[str, str]) -> Any:
    """Runs a command of the service, and returns its JSON. Ends this script with its status if it fails.

    A list that has nothing to show ends with status 1, too.
    """
    command = [sys.executable, "-m", "app", *arguments]
    run = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603
    if run.returncode and run.stdout.strip() != "[]":
        raise SystemExit(run.returncode)
    return json.loads(run.stdout) if "--json" in arguments else None


if __name__ == "__main__":
    sys.exit(main())
