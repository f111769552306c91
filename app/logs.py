"""Logs to stderr: readable lines in development, JSON in production. docs/operations.md explains each field."""

import contextlib
import json
import logging
import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, TextIO

import orjson
import structlog
from pydantic import SecretStr

from app.observation import FinishedRequest, observed_request
from app.settings import Settings
from app.version import version

log = structlog.get_logger(__name__)

_LOG_VALUES = ("tortoise", "aiosqlite")  # at DEBUG they log statements with e-mails, digests and hashes
_LOGS_URLS = "httpx2"  # at INFO, with the path and the query, which a webhook's receiver may keep secret
_EDGE = r"\s<>\"'(),:;=/|"
_ADDRESS = re.compile(rf"(?<![^{_EDGE}])[^{_EDGE}@]++@[^{_EDGE}]*+")  # begins only at an edge, so it is linear


class _Logger(structlog.WriteLogger):
    """Writes lines, and drops those that cannot be written: a full disk must not fail a request."""

    def __init__(self, file: TextIO, name: str = "") -> None:
        super().__init__(file)
        self.name = name

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().msg(message)

    log = debug = info = warning = error = critical = msg


_requests: _Logger | None = None
"""Writes the lines of requests as JSON without structlog, which would take a tenth of `me`."""


def configure_logs(level: str, *, as_json: bool) -> None:
    """Configures our lines, which structlog writes without the standard library's logging, and those of libraries."""
    global _requests
    _requests = _Logger(sys.stderr) if as_json else None
    shared: list[structlog.typing.Processor] = [
        _add_request,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
    ]
    renderer: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_to_json)]
        if as_json
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer, _without_addresses],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in _LOG_VALUES:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.root.level))
    logging.getLogger(_LOGS_URLS).setLevel(max(logging.WARNING, logging.root.level))
    structlog.configure(
        processors=[*shared, *renderer, _without_addresses],
        logger_factory=partial(_Logger, sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level.lower()),
        cache_logger_on_first_use=False,
    )


def log_request(request: FinishedRequest) -> None:
    """Writes the line of a request, except of a probe that found the service healthy."""
    if request.kind == "health" and request.status == 200:
        return
    level = logging.INFO
    if request.code == "INTERNAL" or request.status == 500:
        level = logging.ERROR
    elif request.status == 503:
        level = logging.WARNING
    given = {
        "request": request.id,
        "trace_id": request.trace_id,
        "method": request.method,
        "kind": request.kind,
        "status": request.status,
        "ms": round(request.seconds * 1000, 1),
        "client": request.client,
        "account": request.account,
        "session": request.session,
        "api_client": request.api_client,
        "operation": request.operation,
        "digest": request.digest,
        "outcomes": request.outcomes or None,
        "code": request.code,
        "refused": request.refused,
        "failure": request.failure,
    }
    fields = {name: value for name, value in given.items() if value is not None}
    if _requests is None:
        log.log(level, "request", **fields)
    elif logging.root.isEnabledFor(level):
        timestamp = datetime.now(UTC).isoformat().removesuffix("+00:00") + "Z"
        name = logging.getLevelName(level).lower()
        named = {"event": "request", "level": name, "logger": __name__, "timestamp": timestamp}
        _requests.msg(_to_json({**fields, **named}))


@contextlib.contextmanager
def running(command: str, settings: Settings) -> Iterator[None]:
    """Logs the start and the end of a process that serves or works."""
    begun = time.monotonic()
    log.info("started", command=command, version=version(), process=os.getpid(), settings=changed(settings))
    try:
        yield
    finally:
        log.info("stopped", command=command, process=os.getpid(), seconds=round(time.monotonic() - begun, 1))


def changed(settings: Settings) -> dict[str, str]:
    """Returns the settings that are not the default, by their names; of a secret, only that it is set."""
    return {
        name.upper(): _shown(value)
        for name, field in Settings.model_fields.items()
        if (value := getattr(settings, name)) != field.default
    }


def _shown(value: object) -> str:
    match value:
        case SecretStr():
            return "set"
        case tuple():
            return ", ".join(_shown(each) for each in value)
        case _:
            return str(getattr(value, "value", value))


def _add_request(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Adds the id of the request that this task answers."""
    if request := observed_request():
        event.setdefault("request", request.id)
        if request.span:
            event.setdefault("trace_id", request.span.trace_id)
    return event


def _to_json(event: structlog.typing.EventDict, **_: object) -> str:
    """Returns the line. orjson takes a tenth of json's time, but refuses some texts, such as lone surrogates."""
    try:
        return orjson.dumps(event, default=repr).decode()
    except orjson.JSONEncodeError:
        return json.dumps(event, default=repr)


def _without_addresses(_logger: object, _method: str, line: Any) -> str:
    """Removes e-mail addresses, which a mail server, a database or a path may have put into the line."""
    return _ADDRESS.sub("…", line) if "@" in line else str(line)
