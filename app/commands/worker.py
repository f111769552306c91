"""Sends mails, deletes expired rows and follows up on payments and events, without serving the API."""

import argparse
import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

from app.commands.migrate import is_up_to_date, wait_for_database
from app.composition import composed
from app.event_loops import run_on
from app.logs import running
from app.metrics_port import MetricsPort, metrics_port
from app.setting_warnings import print_warnings
from app.settings import Settings
from app.systemd import Notifier
from app.traces.extra import open_traces
from services.common.measures import IGNORED
from services.common.tracing import UNTRACED

if TYPE_CHECKING:
    from app.traces.spans import Traces


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(settings: Settings, _: argparse.Namespace) -> int:
    wait_for_database(settings)
    if not settings.development and not is_up_to_date(settings):
        return 1
    print_warnings(settings)
    with metrics_port(settings, ()) as metrics:
        run_on(settings.event_loop, _work(settings, metrics, open_traces(settings, ())))
    return 0


async def _work(settings: Settings, metrics: MetricsPort | None, traces: "Traces | None") -> None:
    stopped = asyncio.Event()
    notifier = Notifier()

    def stop() -> None:
        if stopped.is_set():
            os._exit(1)  # the second signal; mails in progress are sent again
        stopped.set()
        notifier.stopping()

    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop)
    with running("worker", settings):
        serving = metrics.serving() if metrics else contextlib.nullcontext()
        measures, tracer = metrics.metrics if metrics else IGNORED, traces or UNTRACED
        async with composed(settings, measures, tracer) as composition, serving:
            exporting = traces.exporting(composition.outages) if traces else contextlib.nullcontext()
            print("Working.", flush=True)
            notifier.ready()
            async with exporting, notifier.watched():
                await composition.work(stopped)
