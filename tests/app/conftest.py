"""What the tests of the application share."""

import os
from pathlib import Path

import pytest

from app.secret_files import SUFFIX
from app.settings import Settings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Removes the machine's settings and the developer's .env."""
    for name in list(os.environ):
        if name.lower().removesuffix(SUFFIX) in Settings.model_fields:
            monkeypatch.delenv(name)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
