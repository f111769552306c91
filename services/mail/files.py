"""Mail in development: .eml files in a folder, readable only by their owner since they hold secrets."""

import asyncio
import os
import re
import time
from pathlib import Path

import structlog

from services.mail.transport import Write

log = structlog.get_logger(__name__)

_RETENTION_SECONDS = 7 * 24 * 3600


class FileTransport:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def deliver(self, recipient: str, write: Write) -> None:
        message = await write()
        await asyncio.to_thread(self._store, recipient, message)
        log.info("mail written", folder=str(self._folder))

    async def close(self) -> None:
        """Does nothing: each file is closed once it is written."""

    def clean_up(self) -> None:
        """Deletes files older than a week, and incomplete ones left by a crash."""
        for path in (*self._folder.glob("*.eml"), *self._folder.glob(".*.eml.part")):
            if path.stat().st_mtime < time.time() - _RETENTION_SECONDS:
                path.unlink(missing_ok=True)

    def _store(self, recipient: str, message: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{time.time_ns()}-{in_file_name(recipient)}.eml"
        part = self._folder / f".{name}.part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(message)
        part.rename(self._folder / name)


def in_file_name(recipient: str) -> str:
    """Returns the end of the names of a recipient's files."""
    return re.sub(r"[^A-Za-z0-9.@+-]", "_", recipient)[:100]
