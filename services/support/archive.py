"""Writes tables into a zip: one JSON with all of them, and for each a CSV that spreadsheets open as it is meant."""

import csv
import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from threading import Lock
from typing import IO, Any, Self

import orjson

from services.common.spreadsheets import BYTE_ORDER_MARK, plain_cell

JSON_NAME = "data.json"
Row = Mapping[str, Any]


def csv_name(table: str) -> str:
    return f"csv/{table}.csv"


class Archive:
    """A zip in `file`, dated `at`. Its methods block, and are called by one thread after another.

    The JSON is collected in a temporary file that has no name: a zip takes one member at a time.
    """

    def __init__(self, file: IO[bytes], at: datetime) -> None:
        self._at = at.timetuple()[:6]
        self._resources = ExitStack()
        self._zip = self._resources.enter_context(zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED))
        self._json = self._resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # the stack closes it
        self._lock = Lock()  # a thread may still write when the task that awaited it was canceled
        self._separator = b"{"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._resources.close()

    def begin(self, table: str, columns: Sequence[str]) -> None:
        with self._lock:
            self._columns = columns
            self._member = ExitStack()
            self._resources.push(self._member)
            member = self._member.enter_context(self._open(csv_name(table)))
            text = self._member.enter_context(io.TextIOWrapper(member, "utf-8", "replace", newline=""))
            text.write(BYTE_ORDER_MARK)
            self._csv = csv.writer(text, lineterminator="\r\n")
            self._csv.writerow(columns)
            self._json.write(self._separator + b"\n" + orjson.dumps(table) + b": [")
            self._separator = b"\n"

    def add(self, rows: Iterable[Row]) -> None:
        with self._lock:
            for row in rows:
                values = {column: row[column] for column in self._columns}
                self._csv.writerow([_cell(value) for value in values.values()])
                self._json.write(self._separator + orjson.dumps(values, default=str))
                self._separator = b",\n"

    def end(self) -> None:
        """Ends the table."""
        with self._lock:
            self._member.close()
            self._json.write(b"]")
            self._separator = b","

    def finish(self, texts: Mapping[str, str]) -> None:
        """Adds the JSON and the `texts`, each under its name."""
        with self._lock:
            self._json.write(b"\n}\n")
            self._json.seek(0)
            with self._open(JSON_NAME) as member:
                shutil.copyfileobj(self._json, member)
            for name, text in texts.items():
                with self._open(name) as member:
                    member.write(text.encode())

    def _open(self, name: str) -> IO[bytes]:
        member = zipfile.ZipInfo(name, self._at)
        member.compress_type = zipfile.ZIP_DEFLATED
        return self._zip.open(member, "w", force_zip64=True)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
        case str():
            return plain_cell(value)
        case dict() | list():
            return plain_cell(orjson.dumps(value, default=str).decode())
    return str(value)
