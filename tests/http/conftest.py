import shutil
from pathlib import Path

import pytest

from app.database import sqlite_url


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The endpoint is the same over any database."""
    shutil.copytree(sqlite_template.parent, tmp_path, dirs_exist_ok=True)
    return sqlite_url(tmp_path)
