"""Shows the audit trail."""

import argparse
import asyncio
import io
import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from app.commands.emails import keys_of
from app.commands.moments import since
from app.composition import composed
from app.setting_checks import KEYS
from app.settings import Settings
from services.audit.queries import EventView, events

NEEDS = KEYS
_MAX_EVENTS = 100_000
_COLUMNS = ("TIME (UTC)", "KIND", "ACTOR", "ACCOUNT", "CLIENT", "SUBJECT", "DETAIL", "AGENT")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("email", nargs="?", metavar="EMAIL", help="only what happened to this e-mail and its account")
    parser.add_argument("--since", type=since, metavar="WHEN", help="such as 2026-11-26, 2026-11-26T13:45, 90m or 7d")
    parser.add_argument("--limit", type=_limit, default=100, metavar="N", help="how many events to show (100)")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if nothing was found, and 2 for an invalid e-mail."""
    if arguments.email is None and arguments.since is None:
        print("Give an e-mail, --since, or both.", file=sys.stderr)
        return 2
    keys = keys_of([arguments.email] if arguments.email is not None else [])
    if keys is None:
        return 2
    found = asyncio.run(_find(settings, keys[0] if keys else None, arguments.since, arguments.limit))
    if not found:
        print("No events.", file=sys.stderr)
        return 1
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # of a console that cannot show a letter
    for line in map(_as_json, found) if arguments.json else _table(found):
        print(line)
    return 0


async def _find(settings: Settings, email_key: str | None, since: datetime | None, limit: int) -> list[EventView]:
    async with composed(settings) as composition:
        return await events(composition.actors, limit, email_key=email_key, since=since)


def _as_json(event: EventView) -> str:
    return json.dumps({**event.as_dict(), "at": event.at.isoformat()}, default=str)


def _table(found: Sequence[EventView]) -> list[str]:
    rows = [_COLUMNS, *map(_row, found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(event: EventView) -> tuple[str, ...]:
    cells = (event.kind, event.actor, event.account_id, event.client and event.client, event.subject, event.detail)
    return (event.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"), *map(_printable, (*cells, event.agent)))


def _printable(cell: object) -> str:
    """Keeps control characters from the terminal, since clients choose their agent."""
    return "-" if cell is None else "".join(each if each.isprintable() else "?" for each in str(cell))


def _limit(text: str) -> int:
    if not re.fullmatch("[0-9]{1,6}", text, re.ASCII) or not 1 <= int(text) <= _MAX_EVENTS:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to {_MAX_EVENTS}")
    return int(text)
