"""Every migration can be taken back, and an empty database is built by several processes at once."""

import asyncio

from app.database import connected, tortoise_configuration
from models.account import Account
from models.migrator import EMPTY, go_to, pending_migrations, upgrade


async def test_everything_can_be_taken_back_and_built_again(database_url: str) -> None:
    configuration = tortoise_configuration(database_url)
    await go_to(configuration, EMPTY)

    missing = await pending_migrations(configuration)
    await asyncio.gather(*(upgrade(configuration) for _ in range(8)))

    assert missing[0] == "0001_initial"
    assert await pending_migrations(configuration) == []
    async with connected(configuration):
        assert await Account.all().count() == 0
