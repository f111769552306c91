"""Serves the API."""

import argparse
import asyncio
import sys

from app.asgi import create_app
from app.commands.migrate import prepare_data_dir
from app.server import listen, url_of
from app.server import run as run_server
from app.settings import Settings
from models.migrating import upgrade

HELP = "serve the API; in development on loopback, migrating first and with GraphiQL"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(settings: Settings, _: argparse.Namespace) -> int:
    if settings.development:
        prepare_data_dir(settings)
        asyncio.run(upgrade(settings.database))
    try:
        bound = listen(settings.host, settings.port)
    except OSError as error:
        print(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}.", file=sys.stderr)
        return 1
    print(url_of(bound), flush=True)
    return run_server(lambda: create_app(settings), bound, settings.workers)
