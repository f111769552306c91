"""Shows and resets what the limits have counted for somebody."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from limits.errors import StorageError

from app.commands.output import print_json, refuse
from app.composition import composed
from app.operator import current_operator
from app.setting_checks import KEYS
from app.settings import Settings
from services.audit.events import EventKind, record
from services.support import limit_subjects

NEEDS = KEYS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text in (("show", "show what is counted now"), ("reset", "start counting from zero")):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument(
            "subject", metavar="SUBJECT", help="an e-mail, an IP address, an IPv6 /64, or an account's or payment's id"
        )
        action.add_argument("--json", action="store_true", help="print JSON")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if nothing is counted or the storage is unavailable, and 2 for another kind of subject."""
    return asyncio.run(_run(settings, arguments))


async def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    async with composed(settings) as composition:
        counted = limit_subjects.counted_by(composition.limits, arguments.subject)
        if counted is None:
            print(f"{arguments.subject[:100]!r} is not an e-mail, an address or an id.", file=sys.stderr)
            return 2
        try:
            found = await limit_subjects.usage(composition.limiter, counted)
            if arguments.action == "reset":
                await limit_subjects.reset(composition.limiter, counted)
                email = composition.actors.email(arguments.subject)
                await record(current_operator(), EventKind.LIMITS_RESET, email=email)
        except StorageError as error:
            return refuse(f"The limits' storage is unavailable: {type(error.storage_error).__name__}", json=False)
        if arguments.json:
            print_json(found)
        for each in () if arguments.json else found:
            ends_at = datetime.fromtimestamp(each.ends_at, UTC).isoformat(timespec="seconds")
            done = "was" if arguments.action == "reset" else "is"
            print(each.limit, each.window, f"{done} {each.count} of {each.allowed}", f"until {ends_at}", sep="\t")
        return 0 if found else 1
