"""SMTP servers for whatever delivers mails."""

from collections.abc import AsyncIterator

import pytest

from tests.smtp_servers import ScriptedServer, SoundServer, scripted_server, sound_server


@pytest.fixture
async def sound() -> AsyncIterator[SoundServer]:
    """A server that works."""
    async with sound_server() as server:
        yield server


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedServer]:
    """A server that misbehaves as it is told."""
    async with scripted_server() as server:
        yield server
