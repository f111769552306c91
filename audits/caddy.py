"""Caddy with deploy/Caddyfile, without TLS, in front of nodes on this machine."""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from audits.ports import free_port
from tests.process.serving import ROOT

_STOP_SECONDS = 10.0


@contextlib.contextmanager
def caddy(path: str, folder: Path, ports: Sequence[int]) -> Iterator[str]:
    """Runs Caddy in front of the nodes' ports, and yields its URL. It logs to `folder / "caddy.log"`."""
    site = f"http://127.0.0.1:{free_port()}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "CADDY_ADMIN": f"127.0.0.1:{free_port()}",
        "SITE_HOST": site,
        "NODES": " ".join(f"127.0.0.1:{port}" for port in ports),
    }
    command = [path, "run", "--config", str(ROOT / "deploy/Caddyfile"), "--adapter", "caddyfile"]
    with (folder / "caddy.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield site
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)
