"""Sends mails, deletes expired rows and follows up on payments, without serving the API."""

import argparse
import asyncio
import signal

from app.commands.migrate import is_up_to_date
from app.composition import composed
from app.logs import running
from app.setting_warnings import print_warnings
from app.settings import Settings

HELP = "send mails, delete expired rows and follow up payments, for `serve` with WORKER_IN_SERVE=false"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(settings: Settings, _: argparse.Namespace) -> int:
    if not settings.development and not is_up_to_date(settings):
        return 1
    print_warnings(settings)
    asyncio.run(_work(settings))
    return 0


async def _work(settings: Settings) -> None:
    stopped = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopped.set)
    with running("worker", settings):
        async with composed(settings) as composition:
            print("Working.", flush=True)
            await composition.work(stopped)
