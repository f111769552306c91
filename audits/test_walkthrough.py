"""The walkthrough works exactly as written."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process.serving import CHEAP_ARGON2, ROOT, clean_environment, serving


@pytest.mark.skipif(not shutil.which("curl"), reason="the walkthrough needs curl")
def test_every_command_of_the_walkthrough_works(tmp_path: Path) -> None:
    page = (ROOT / "docs/walkthrough.md").read_text("utf-8")
    commands = "".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    with serving(tmp_path, **CHEAP_ARGON2) as (url, _):
        commands = commands.replace("http://127.0.0.1:8000", url).replace("data/", f"{tmp_path}/")
        commands = commands.replace(".venv/bin/python", sys.executable)

        result = subprocess.run(
            ["/bin/sh", "-eu"],
            input=commands,
            cwd=ROOT,
            env=clean_environment(DATA_DIR=str(tmp_path)),
            capture_output=True,
            text=True,
            timeout=60,
        )

    log = (tmp_path / "serve.log").read_text("utf-8")
    typed = set(re.findall(r'(?:[pP]assword\w*|email|rfc|legalName|answer|code): *\\*"([^"\\$]{3,})', commands))
    assert len(typed) > 3
    assert [text for text in typed if text in log] == []
    assert result.stderr == ""
    assert result.returncode == 0
    assert re.findall(r'"__typename":"(\w+)"', result.stdout) == [
        "CreateAccountSuccess",
        "ConfirmAccountSuccess",
        "ConfigureCompanySuccess",
        "CreateSeriesSuccess",
        "RecoverPasswordSuccess",
        "ChangePasswordSuccess",
    ]
    assert '"currentStep":"CONFIGURE_COMPANY"' in result.stdout
    assert '"currentStep":"SELECT_PAYMENT_METHOD"' in result.stdout
    assert '"currentStep":null' in result.stdout
    assert '"activation":{"active":true' in result.stdout
    assert "Cerraste tu sesión." in result.stdout
    assert (tmp_path / "captcha.png").read_bytes().startswith(b"\x89PNG")
