"""Registers back ends as clients of the API."""

import argparse
import asyncio
import sys

from app.commands.output import print_json, refuse
from app.composition import composed
from app.operator import current_operator
from app.setting_checks import KEYS
from app.settings import Settings
from services.access.client_registry import ClientCreated, is_name
from services.access.clients import Scope

HELP = "register a back end as a client of the API"
NEEDS = KEYS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "register a client and print its secret, which is shown only once"
    create = actions.add_parser("create", help=text, description=text)
    create.add_argument("name", metavar="NAME", help="letters a-z, digits, dots, hyphens and underscores: at most 40")
    choices = [scope.value for scope in Scope]
    create.add_argument(
        "--scope", action="append", required=True, choices=choices, help="what it may do; repeat it for several"
    )
    create.add_argument("--json", action="store_true", help="print JSON")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if nothing was done, and 2 for a text that cannot be a client's name."""
    if not is_name(arguments.name):
        print(f"{arguments.name[:100]!r} is not a client's name: at most 40 of a-z, 0-9, ., _ and -.", file=sys.stderr)
        return 2
    return asyncio.run(_create(settings, arguments))


async def _create(settings: Settings, arguments: argparse.Namespace) -> int:
    scopes = [Scope(name) for name in arguments.scope]
    async with composed(settings) as composition:
        created = await composition.client_registry.create(current_operator(), arguments.name, scopes)
    if not isinstance(created, ClientCreated):
        return refuse(f"{arguments.name}: a client has this name, or had it before", json=arguments.json)
    if arguments.json:
        print_json(created)
    else:
        print(f"{created.name}: created, for {', '.join(created.scopes)}. This is its only secret:", file=sys.stderr)
        print(created.secret)
    return 0
