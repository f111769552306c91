"""Serves the example on 127.0.0.1: python -m upload, in the folder examples/."""

import logging
import os
import socket
import sys

import uvicorn

from .app import build
from .changes import Changes
from .settings import Settings


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="upload: %(levelname)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    try:
        settings = Settings.parse(os.environ)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    changes = Changes()
    app = build(settings, changes)
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=settings.port,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    _Server(config, changes).run()
    return 0


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, changes: Changes) -> None:
        super().__init__(config)
        self._changes = changes

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._changes.close()
        await super().shutdown(sockets)


if __name__ == "__main__":
    sys.exit(main())
