"""Says whether `serve` or the worker of this machine works, for the health checks of containers."""

import argparse
import asyncio
import http.client
import json
from urllib.parse import urlsplit

from app.health import READY, failing_worker
from app.settings import Settings
from models.outage import DATABASE_ERRORS

NEEDS = ()
_SECONDS = 4.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--worker", action="store_true", help="judge the workers of this machine by their heartbeats")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    failed = asyncio.run(_failing_worker(settings)) if arguments.worker else _failing_parts(settings)
    what = "worker" if arguments.worker else "serve"
    print(f"{what}: {failed or 'ok'}")
    return 1 if failed else 0


async def _failing_worker(settings: Settings) -> str | None:
    try:
        return await failing_worker(settings.database)
    except DATABASE_ERRORS:
        return "cannot read the heartbeats from the database"


def _failing_parts(settings: Settings) -> str | None:
    connection = http.client.HTTPConnection(urlsplit(settings.own_url).netloc, timeout=_SECONDS)
    try:
        connection.request("GET", READY)
        response = connection.getresponse()
        status, body = response.status, response.read(10_000)
        parts = json.loads(body)["parts"].items()
    except (OSError, http.client.HTTPException, ValueError, LookupError, AttributeError, TypeError):
        return f"no answer from {settings.own_url}"
    finally:
        connection.close()
    if status == 200:
        return None
    return f"not ready: {', '.join(f'{name} {state}' for name, state in parts if state not in {'ok', 'no'})}"
