"""`make product`: the web app, the service and examples/upload from one command, and their pages in Chromium."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from audits.conftest import CLIENT, PackedClient, RunScript, exclusively
from audits.ports import free_port
from audits.upload import draft
from tests.process.serving import CHEAP_ARGON2, ROOT, clean_environment


@pytest.fixture
def product(packed_client: PackedClient, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The URLs of the service and of the upload, as the script prints them; Ctrl-C stops both."""
    settings = {
        "DATA_DIR": str(tmp_path),
        "PORT": str(free_port()),
        "UPLOAD_PORT": str(free_port()),
        "WEB_APP_DIR": str(ROOT / "examples/web/dist"),
        **CHEAP_ARGON2,
    }
    with (tmp_path / "log").open("w+") as log, exclusively(CLIENT):
        process = subprocess.Popen(
            ["/bin/sh", "-c", "trap '' INT && exec sh scripts/product.sh"],  # as a shell starts background jobs
            cwd=ROOT,
            env=clean_environment(**settings),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            process_group=0,
        )
        assert process.stdout
        try:
            said = next((line for line in process.stdout if line.startswith("Sign up at")), None)
            assert said, (tmp_path / "log").read_text("utf-8")
            urls = [word.rstrip("/,") for word in said.split() if word.startswith("http")]
            yield urls[0], urls[1]
        finally:
            # As a terminal sends it: both services have process groups of their own.
            process.send_signal(signal.SIGINT)
            status = process.wait(40)
            process.stdout.close()
        assert status == 0, (tmp_path / "log").read_text("utf-8")
        assert "Traceback" not in (tmp_path / "log").read_text("utf-8")


def test_a_person_signs_up_pays_and_has_invoices_stamped(
    run_script: RunScript, chromium: str, product: tuple[str, str], tmp_path: Path
) -> None:
    for name, content in {"draft": draft(), "refused": draft("RECHAZAR"), "foreign": draft(rfc="URE180429TM6")}.items():
        (tmp_path / f"{name}.xml").write_bytes(content)

    audit = run_script("upload_page.js", chromium, *product, str(tmp_path))

    assert audit.returncode == 0, audit.stdout + audit.stderr
