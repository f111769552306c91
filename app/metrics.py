"""Metrics for Prometheus. docs/monitoring.md lists them.

Labels have values from short lists: an operation that is not trusted counts as `other`, since clients choose its name.
Import this module only after `app/metrics_port.py` has chosen where processes share their numbers.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from app.observation import FinishedRequest
from app.version import version
from models.engines.pool import Pool, PoolMonitor
from models.outage import DATABASE_ERRORS
from services.common.clock import utc_now
from services.common.heartbeat import Beat, newest_beat
from services.common.measures import Measures
from services.mail.backlog import mail_backlog
from services.payments.backlog import payment_backlog
from services.support.backlog import DeletionBacklog, deletion_backlog
from services.webhooks.backlog import WebhookBacklog, webhook_backlog

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SAMPLE_TIMEOUT = 2.0  # seconds for the queries of a scrape
_OTHER = "other"
_CODE_CLASSES = {"2": "2xx", "4": "4xx", "5": "5xx"}


class Metrics(Measures, PoolMonitor):
    """The metrics of this process, and with WORKERS those of its siblings. Create one per process, before forking."""

    def __init__(self, operations: Collection[str], folder: Path | None = None) -> None:
        """`operations` are the names that the label `operation` may have; processes share numbers in the `folder`."""
        self._folder = folder
        self._operations = frozenset(operations)
        self._registry = CollectorRegistry()
        counter, histogram, gauge = self._counter, self._histogram, self._gauge
        self._requests = counter("requests", "HTTP requests that have ended.", "kind", "operation", "status")
        self._seconds = histogram("request_seconds", "Seconds until a response was handed over.", "kind", "operation")
        self._outcomes = counter("outcomes", "Results of root fields, by GraphQL type.", "operation", "outcome")
        self._refused = counter("refused_requests", "Requests that were refused before execution.", "reason")
        self._errors = counter("errors", "Responses with an error of the request, by extensions.code.", "code")
        self._failures = counter("failures", "Requests and workers' turns that failed because of a part.", "part")
        self._outage = gauge("outage", "Whether a process notices an outage of the part.", "livemax", "part")
        self._hashes = gauge("hashes", "Password hashes that run or wait for a thread.", "livesum")
        self._hash_wait = histogram("hash_wait_seconds", "Seconds that a password hash waited for a thread.")
        self._hash_run = histogram("hash_seconds", "Seconds that a password hash ran.")
        self._hashes_refused = counter("refused_hashes", "Password hashes refused because the queue was full.")
        self._limits = counter("exceeded_limits", "Requests and mails that a limit denied.", "limit")
        self._drawn = counter("drawn_captchas", "Pictures and clips generated.", "form")
        self._answers = counter("captcha_answers", "Answers to captchas.", "result")
        self._mails = counter("mails", "Tries to send a mail.", "kind", "result", "code")
        self._taken = gauge("database_connections", "Connections of the pool in use (PostgreSQL).", "livesum")
        self._pool_wait = histogram("database_wait_seconds", "Seconds of waiting for a connection of the pool.")
        Pool.monitor = self

    async def render(self) -> bytes:
        """Returns everything in Prometheus' text format; what the database knows is left out while it is away."""
        sampled = CollectorRegistry()
        sampled.register(_Sampled([_info(), *await _sample()]))
        return self._shared() + generate_latest(sampled)

    def observe(self, request: FinishedRequest) -> None:
        operation = self._label(request.operation)
        self._requests.labels(request.kind, operation, str(request.status)).inc()
        self._seconds.labels(request.kind, operation).observe(request.seconds)
        for outcome in request.outcomes.values():
            self._outcomes.labels(operation, outcome).inc()
        if request.code:
            self._errors.labels(request.code).inc()
        if request.refused:
            self._refused.labels(request.refused).inc()

    def hash_queued(self) -> None:
        self._hashes.inc()

    def hash_finished(self, waited: float, ran: float) -> None:
        self._hashes.dec()
        self._hash_wait.observe(waited)
        self._hash_run.observe(ran)

    def hash_refused(self) -> None:
        self._hashes_refused.inc()

    def limit_exceeded(self, limit: str) -> None:
        self._limits.labels(limit).inc()

    def captcha_drawn(self, form: str) -> None:
        self._drawn.labels(form).inc()

    def captcha_answered(self, result: str) -> None:
        self._answers.labels(result).inc()

    def mail_tried(self, kind: str, result: str, reply: str) -> None:
        has_code = reply[:3].isdecimal() and not reply[3:4].isdecimal()
        self._mails.labels(kind, result, _CODE_CLASSES.get(reply[:1], "none") if has_code else "none").inc()

    def part_failed(self, part: str) -> None:
        self._failures.labels(part).inc()

    def outage_changed(self, part: str, *, away: bool) -> None:
        self._outage.labels(part).set(int(away))

    def taken(self, waited: float) -> None:
        self._taken.inc()
        self._pool_wait.observe(waited)

    def given_back(self) -> None:
        self._taken.dec()

    def _label(self, operation: str | None) -> str:
        if operation is None:
            return ""
        return operation if operation in self._operations else _OTHER

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"accounts_{name}", text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(f"accounts_{name}", text, labels, registry=self._registry, buckets=_SECONDS)

    def _gauge(self, name: str, text: str, mode: Literal["livemax", "livesum"], *labels: str) -> Gauge:
        return Gauge(f"accounts_{name}", text, labels, registry=self._registry, multiprocess_mode=mode)

    def _shared(self) -> bytes:
        if self._folder is None:
            return generate_latest(self._registry)
        _forget_dead(self._folder)
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone, str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(everyone)


class _Sampled(Collector):
    """What is read for each scrape, and nothing of it kept."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _info() -> Metric:
    info = GaugeMetricFamily("accounts_version_info", "The version that runs; the value is 1.", labels=["version"])
    info.add_metric([version()], 1)
    return info


async def _sample() -> list[Metric]:
    """Asks the database; every process of every node returns the same."""
    with suppress(TimeoutError, *DATABASE_ERRORS):
        async with asyncio.timeout(_SAMPLE_TIMEOUT):
            mails, payments, beat = await mail_backlog(), await payment_backlog(), await newest_beat()
            webhooks, deletions = await webhook_backlog(), await deletion_backlog()
        waiting = [((each.kind,), each.waiting, each.oldest) for each in mails]
        under_way = [((each.method, each.status), each.waiting, each.oldest) for each in payments]
        return [
            *_backlog("waiting_mails", "Mails in the outbox", ["kind"], waiting),
            *_backlog("open_payments", "Payments under way", ["method", "status"], under_way),
            *_worker(beat),
            *_webhooks(webhooks),
            *_deletions(deletions),
        ]
    return []


def _backlog(
    name: str, text: str, labels: list[str], rows: Sequence[tuple[Sequence[str], int, datetime]]
) -> tuple[Metric, Metric]:
    count = GaugeMetricFamily(f"accounts_{name}", f"{text}.", labels=labels)
    age = GaugeMetricFamily(f"accounts_{name}_oldest_seconds", f"{text}: age of the oldest one.", labels=labels)
    now = utc_now()
    for values, waiting, oldest in rows:
        count.add_metric(values, waiting)
        age.add_metric(values, max(0.0, (now - oldest).total_seconds()))
    return count, age


def _webhooks(backlog: WebhookBacklog) -> tuple[Metric, Metric]:
    count = GaugeMetricFamily("accounts_webhooks", "Endpoints of webhooks, by state.", labels=["state"])
    for state, endpoints in backlog.states.items():
        count.add_metric([state], endpoints)
    waiting = GaugeMetricFamily(
        "accounts_webhook_waiting_events",
        "Events before the end of the feed that the slowest endpoint has not got.",
    )
    waiting.add_metric([], backlog.waiting)
    return count, waiting


def _deletions(backlog: DeletionBacklog) -> tuple[Metric, Metric]:
    text = "Accounts whose owners asked for their deletion and whose day has come"
    waiting = [((), backlog.waiting, backlog.oldest or utc_now())]
    return _backlog("overdue_deletions", text, [], waiting)


def _worker(beat: Beat | None) -> tuple[Metric, Metric]:
    silence = GaugeMetricFamily("accounts_worker_silent_seconds", "Seconds since a worker's newest heartbeat.")
    turns = GaugeMetricFamily(
        "accounts_worker_turn_seconds", "Seconds since a loop of the newest worker finished a turn.", labels=["loop"]
    )
    if beat:
        now = utc_now()
        silence.add_metric([], max(0.0, (now - beat.beaten_at).total_seconds()))
        for loop, finished_at in beat.turns.items():
            turns.add_metric([loop], max(0.0, (now - finished_at).total_seconds()))
    return silence, turns


def _forget_dead(folder: Path) -> None:
    """Removes what ended processes were busy with; what they counted stays."""
    for file in folder.glob("gauge_live*.db"):
        pid = file.stem.rpartition("_")[2]
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]
