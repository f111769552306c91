"""Serves the example on 127.0.0.1: python -m upload, in the folder examples/."""

import logging
import os
import sys

import uvicorn

from .app import build
from .settings import Settings


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="upload: %(levelname)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    try:
        settings = Settings.parse(os.environ)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    uvicorn.run(
        build(settings),
        host="127.0.0.1",
        port=settings.port,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,  # pages wait for changes longer than that
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
