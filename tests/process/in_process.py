"""The commands without a process of their own: what they do, and not how Python starts."""

import contextlib
import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import structlog

from app.command_line import parse, run
from app.logs import configure_logs
from tests.process.serving import clean_environment


def run_here(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `python -m app` with these arguments would write if it were started in the folder."""
    out, error = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        patch.dict(os.environ, clean_environment(**environment), clear=True),
        patch.object(sys, "argv", ["app", *arguments]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(error),
        _undoing_what_a_command_sets(),
    ):
        try:
            status = run(*parse())
        except SystemExit as end:
            status = int(end.code or 0)
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), error.getvalue())


@contextlib.contextmanager
def _undoing_what_a_command_sets() -> Iterator[None]:
    mask, level, handlers = os.umask(0), logging.root.level, logging.root.handlers[:]
    structlog_configuration = structlog.get_config()
    os.umask(mask)
    try:
        yield
    finally:
        os.umask(mask)
        configure_logs("info", as_json=False)
        structlog.configure(**structlog_configuration)
        logging.root.setLevel(level)
        logging.root.handlers[:] = handlers
