"""Registers back ends as clients of the API."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime, timedelta

from app.commands.durations import parse_duration
from app.commands.output import print_json, refuse
from app.composition import composed
from app.operator import current_operator
from app.setting_checks import KEYS
from app.settings import Settings
from services.access.client_registry import (
    ClientCreated,
    ClientNameTaken,
    ClientNotFound,
    ClientRegistry,
    ClientRevoked,
    ClientRotated,
    ClientView,
    is_name,
)
from services.access.clients import Scope

NEEDS = KEYS
_MAX_KEPT = timedelta(days=90)
_COLUMNS = ("NAME", "SCOPES", "LAST USE (UTC)", "SECRETS", "STATE")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    texts = {
        "create": "register a client and print its secret, which is shown only once",
        "list": "list all clients, their scopes and when they were last used",
        "rotate": "print a new secret; the earlier ones expire after a while",
        "revoke": "end all secrets of a client at once and for ever",
    }
    commands = {name: actions.add_parser(name, help=text, description=text) for name, text in texts.items()}
    for name, command in commands.items():
        if name != "list":
            command.add_argument("name", metavar="NAME", help="at most 40 of a-z, 0-9, dot, underscore and hyphen")
        command.add_argument("--json", action="store_true", help="print JSON")
    commands["create"].add_argument(
        "--scope",
        action="append",
        required=True,
        choices=[scope.value for scope in Scope],
        help="what the client may do; repeat it for several",
    )
    commands["rotate"].add_argument(
        "--keep",
        type=_keep,
        default=timedelta(hours=24),
        metavar="DURATION",
        help="how long the earlier secrets count: such as 90m, 24h (the default) or 7d; 0m if one has leaked",
    )


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if nothing was done, and 2 for a text that cannot be a client's name."""
    if arguments.action != "list" and not is_name(arguments.name):
        print(f"{arguments.name[:100]!r} is not a client's name: at most 40 of a-z, 0-9, ., _ and -.", file=sys.stderr)
        return 2
    return asyncio.run(_run(settings, arguments))


async def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    async with composed(settings) as composition:
        registry = composition.client_registry
        if arguments.action == "list":
            _print_clients(await registry.list(), json=arguments.json)
            return 0
        done = await _change(registry, arguments)
    match done:
        case ClientCreated(_, name, scopes, secret):
            return _print(
                done, f"{name}: created, for {', '.join(scopes)}. This is its only secret:", secret, arguments
            )
        case ClientRotated(_, name, expire_at, secret):
            sentence = f"{name}: earlier secrets count until {_text(expire_at)} UTC at the latest. This is the new one:"
            return _print(done, sentence, secret, arguments)
        case ClientRevoked(_, name):
            return _print(done, f"{name}: revoked; none of its secrets counts any more", None, arguments)
        case ClientNameTaken():
            return refuse(f"{arguments.name}: a client has this name, or had it before", json=arguments.json)
        case ClientNotFound():
            return refuse(f"{arguments.name}: no client has this name, or it was revoked", json=arguments.json)


async def _change(
    registry: ClientRegistry, arguments: argparse.Namespace
) -> ClientCreated | ClientRotated | ClientRevoked | ClientNameTaken | ClientNotFound:
    match arguments.action:
        case "create":
            scopes = [Scope(name) for name in arguments.scope]
            return await registry.create(current_operator(), arguments.name, scopes)
        case "rotate":
            return await registry.rotate(current_operator(), arguments.name, arguments.keep)
        case _:
            return await registry.revoke(current_operator(), arguments.name)


def _print(done: object, sentence: str, secret: str | None, arguments: argparse.Namespace) -> int:
    """Prints a secret alone on stdout, so that a pipe gets nothing else."""
    if arguments.json:
        print_json(done)
    else:
        print(sentence, file=sys.stderr if secret else sys.stdout)
        if secret:
            print(secret)
    return 0


def _print_clients(clients: list[ClientView], *, json: bool) -> None:
    if json:
        print_json(clients)
        return
    now = datetime.now(UTC)
    rows = [_COLUMNS, *(_row(client, now) for client in clients)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(client: ClientView, now: datetime) -> tuple[str, ...]:
    counting = sum(secret.expires_at is None or secret.expires_at > now for secret in client.secrets)
    state = f"revoked {_text(client.revoked_at)}" if client.revoked_at else "good"
    return (client.name, ",".join(client.scopes), _text(client.last_used_at), str(counting), state)


def _text(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if moment else "-"


def _keep(text: str) -> timedelta:
    duration = parse_duration(text)
    if duration is None or duration > _MAX_KEPT:
        raise argparse.ArgumentTypeError(f"must be such as 90m, 24h or 7d, and at most {_MAX_KEPT.days}d")
    return duration
