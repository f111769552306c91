"""Imports accounts of another system, with their password hashes."""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import orjson

from app.commands.interruptions import run_interruptible
from app.commands.output import print_json
from app.composition import composed
from app.operator import current_operator
from app.setting_checks import KEYS
from app.settings import Settings
from services.support.account_import import ImportedBatch, RefusedLine
from services.support.account_lines import MAX_BYTES

NEEDS = KEYS
_PROGRESS_SECONDS = 5.0
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "create an account for each line of a file; accounts that are there already stay as they are"
    accounts = actions.add_parser("accounts", help=text, description=text)
    accounts.add_argument("file", metavar="FILE", help="one JSON object a line, or - for the standard input")
    accounts.add_argument("--dry-run", action="store_true", help="only report what would be done")
    accounts.add_argument("--json", action="store_true", help="print JSON, and each refused line as JSON on stderr")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if a line was refused or the database failed, 2 if the file cannot be read, 130 if interrupted."""
    if arguments.file == "-":
        return _Import(sys.stdin.buffer, dry_run=arguments.dry_run, json=arguments.json).run(settings)
    try:
        with Path(arguments.file).open("rb") as file:
            return _Import(file, dry_run=arguments.dry_run, json=arguments.json).run(settings)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        print(f"Cannot read {arguments.file!r}: {error.strerror}", file=sys.stderr)
        return 2


class _Import:
    """Prints refused lines and its progress on stderr, and what was done on stdout."""

    def __init__(self, file: BinaryIO, *, dry_run: bool, json: bool) -> None:
        self._file = file
        self._dry_run = dry_run
        self._json = json
        self._lines = self._imported = self._there = self._refused = 0
        self._printed_at = time.monotonic()

    def run(self, settings: Settings) -> int:
        if status := run_interruptible(self._import(settings), self._print_stopped, needs="database or the file"):
            return status
        self._print_totals()
        return 1 if self._refused else 0

    async def _import(self, settings: Settings) -> None:
        async with composed(settings) as composition:
            lines = _lines(self._file)
            async for batch in composition.account_import.run(current_operator(), lines, dry_run=self._dry_run):
                self._count(batch)

    def _count(self, batch: ImportedBatch) -> None:
        self._lines += batch.lines
        self._imported += batch.imported
        self._there += batch.there
        self._refused += len(batch.refused)
        for refused in batch.refused:
            print(self._described(refused), file=sys.stderr)
        if time.monotonic() - self._printed_at >= _PROGRESS_SECONDS:
            self._printed_at = time.monotonic()
            print(
                orjson.dumps({"lines": self._lines}).decode() if self._json else f"{self._lines:,} lines",
                file=sys.stderr,
            )

    def _described(self, refused: RefusedLine) -> str:
        if self._json:
            return orjson.dumps({"line": refused.number, "problems": refused.problems}).decode()
        return f"line {refused.number}: {'; '.join(map(str, refused.problems))}"

    def _print_totals(self) -> None:
        if self._json:
            counts = {"imported": self._imported, "there_already": self._there, "refused": self._refused}
            print_json({"lines": self._lines, **counts, "dry_run": self._dry_run})
            return
        would = "would be " if self._dry_run else ""
        print(f"{self._imported:,} {would}imported, {self._there:,} there already, {self._refused:,} refused")

    def _print_stopped(self, why: str) -> None:
        print(
            f"{why} after {self._lines:,} lines. Run the same command again: accounts that are there stay.",
            file=sys.stderr,
        )


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Yields the lines, or None for one that is too long, of which no more than a piece is in memory."""
    first = True
    while line := file.readline(MAX_BYTES + 1):
        too_long = len(line) > MAX_BYTES
        while line and not line.endswith(b"\n") and too_long:
            line = file.readline(MAX_BYTES)
        yield None if too_long else line.removeprefix(_BYTE_ORDER_MARK) if first else line
        first = False
