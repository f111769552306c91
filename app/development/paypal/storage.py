"""Keeps the stand-in's books in a file, so that they outlive a restart and all processes share them."""

import contextlib
import fcntl
import json
from collections.abc import Iterator
from pathlib import Path

import structlog

from app.development.paypal.books import Books, Fate
from app.development.paypal.replies import Json, Reply

log = structlog.get_logger(__name__)

_MAX_ORDERS = 200
_MAX_ANSWERS = 1000


class Storage:
    def __init__(self, file: Path, url: str) -> None:
        self._file = file
        self._url = url

    @contextlib.contextmanager
    def books(self) -> Iterator[Books]:
        """Holds the books alone, and stores them at the end; it blocks while another process holds them."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = self._read()
            books = _loaded(before, self._url)
            yield books
            after = _stored(books)
            if after != before:
                part = self._file.with_suffix(".part")
                part.write_text(json.dumps(after), "utf-8")
                part.rename(self._file)

    def _read(self) -> Json:
        try:
            read = json.loads(self._file.read_text("utf-8"))
            _loaded(read, self._url)
        except FileNotFoundError:
            return _stored(Books())
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            log.warning("paypal stand-in starts over", unreadable=str(self._file))
            return _stored(Books())
        return dict(read)


def _stored(books: Books) -> Json:
    """Returns the newest orders, and what was answered about them."""
    orders = dict([*books.orders.items()][-_MAX_ORDERS:])
    answers = [
        [path, request_id, reply.status, reply.body.get("id") if reply.body.get("id") in orders else reply.body]
        for (path, request_id), reply in books.answered.items()
        if reply.status >= 400 or reply.body["id"] in orders
    ]
    return {
        "orders": orders,
        "contexts": {order: context for order, context in books.contexts.items() if order in orders},
        "fates": {order: fate.value for order, fate in books.fates.items() if order in orders},
        "answered": answers[-_MAX_ANSWERS:],
    }


def _loaded(stored: Json, url: str) -> Books:
    """Captures and refunds are parts of their orders, and answers repeat an order as it is now."""
    stored = json.loads(json.dumps(stored))
    books = Books(url, orders=stored["orders"], contexts=stored["contexts"])
    books.fates = {order: Fate(fate) for order, fate in stored["fates"].items()}
    for order in books.orders.values():
        payments = order["purchase_units"][0].get("payments", {})
        books.captures |= {capture["id"]: capture for capture in payments.get("captures", [])}
        books.refunds |= {refund["id"]: refund for refund in payments.get("refunds", [])}
    for path, request_id, status, body in stored["answered"]:
        books.answered[path, request_id] = Reply(status, books.orders[body] if isinstance(body, str) else body)
    return books
