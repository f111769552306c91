"""Ends sessions, and passwords with them, where an operator has to: a lost device, a leak."""

import argparse
import asyncio
from collections.abc import Sequence

from app.commands.emails import keys_of
from app.composition import composed
from app.settings import Settings

HELP = "end the sessions of accounts, and with --password their passwords, so that only recovery opens them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("emails", nargs="*", default=[], metavar="EMAIL", help="the accounts' e-mails")
    who.add_argument("--all", action="store_true", help="every account there is")
    parser.add_argument("--password", action="store_true", help="end passwords too, mailed ones among them")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    keys = keys_of(arguments.emails)
    if keys is None:
        return 2
    asyncio.run(_revoke(settings, [None] if arguments.all else keys, passwords=arguments.password))
    return 0


async def _revoke(settings: Settings, email_keys: Sequence[str | None], *, passwords: bool) -> None:
    async with composed(settings) as composition:
        services = composition.services
        for email_key in email_keys:
            if passwords:
                ended = await services.recovery.demand(email_key)
                print(f"{email_key or 'all'}: {ended.sessions} sessions, {ended.passwords} passwords")
            else:
                print(f"{email_key or 'all'}: {await services.sessions.revoke_all(email_key)} sessions")
