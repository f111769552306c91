"""Ends sessions, and passwords with them, where an operator has to: a lost device, a leak."""

import argparse
import asyncio
import sys
from contextlib import aclosing

from app.composition import compose
from app.database import connected
from app.settings import Settings
from services.validation.email import parse_email

HELP = "end the sessions of accounts, and with --password their passwords, so that only recovery opens them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("emails", nargs="*", default=[], metavar="EMAIL", help="the accounts' e-mails")
    who.add_argument("--all", action="store_true", help="every account there is")
    parser.add_argument("--password", action="store_true", help="end passwords too, mailed ones among them")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    keys: list[str | None] = [None] if arguments.all else []
    for text in arguments.emails:
        email = parse_email(text)
        if email is None:
            print(f"{text!r} is no e-mail.", file=sys.stderr)
            return 2
        keys.append(email.key)
    asyncio.run(_revoke(settings, keys, passwords=arguments.password))
    return 0


async def _revoke(settings: Settings, email_keys: list[str | None], *, passwords: bool) -> None:
    composition = compose(settings)
    services = composition.services
    async with connected(settings.database), aclosing(composition):
        for email_key in email_keys:
            if passwords:
                ended = await services.recovery.demand(email_key)
                print(f"{email_key or 'all'}: {ended.sessions} sessions, {ended.passwords} passwords")
            else:
                print(f"{email_key or 'all'}: {await services.sessions.revoke_all(email_key)} sessions")
