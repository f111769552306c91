import shutil
from pathlib import Path

import pytest


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The endpoint is the same over any database."""
    shutil.copytree(sqlite_template.parent, tmp_path, dirs_exist_ok=True)
    return f"sqlite://{tmp_path / 'accounts.sqlite3'}"
