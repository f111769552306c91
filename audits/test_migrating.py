"""Every migration can be taken back, and an empty database is built by several processes at once."""

import asyncio
import subprocess
import sys
from pathlib import Path

from app.database import connected, tortoise_configuration
from models.account import Account
from models.migrator import EMPTY, go_to, pending_migrations, upgrade
from tests.process.serving import ROOT, clean_environment


async def test_everything_can_be_taken_back_and_built_again(database_url: str) -> None:
    configuration = tortoise_configuration(database_url)
    await go_to(configuration, EMPTY)

    missing = await pending_migrations(configuration)
    await asyncio.gather(*(upgrade(configuration) for _ in range(8)))

    assert missing[0] == "0001_initial"
    assert await pending_migrations(configuration) == []
    async with connected(configuration):
        assert await Account.all().count() == 0


def test_migrate_from_many_nodes_at_once_succeeds_everywhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app", "migrate"]
    environment = clean_environment(DATA_DIR=str(tmp_path))
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]

    outcomes = {(*process.communicate(timeout=60), process.returncode) for process in processes}

    assert outcomes == {("The database is up to date.\n", "", 0)}
    assert (tmp_path / "accounts.sqlite3").is_file()
