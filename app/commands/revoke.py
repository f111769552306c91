"""Ends sessions, and passwords with them, where an operator has to: a lost device, a leak."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from uuid import UUID

from app.commands.emails import keys_of
from app.composition import composed
from app.settings import Settings
from models.outage import is_outage
from services.accounts.revocation import Revocation, revoke_everything

HELP = "end the sessions of accounts, and with --password their passwords, so that only recovery opens them"
_SAID_EVERY = 5.0  # seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("emails", nargs="*", default=[], metavar="EMAIL", help="the accounts' e-mails")
    who.add_argument("--all", action="store_true", help="every account there is")
    parser.add_argument("--password", action="store_true", help="end passwords too, mailed ones among them")
    parser.add_argument("--after", type=UUID, metavar="ID", help="with --all, go on where an earlier run had come to")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """1 where the database went away, and 130 where it was interrupted; both say how to go on."""
    if arguments.all:
        walk = _Walk(passwords=arguments.password, after=arguments.after)
        return walk.run(settings)
    if arguments.after:
        print("--after goes with --all.", file=sys.stderr)
        return 2
    keys = keys_of(arguments.emails)
    if keys is None:
        return 2
    asyncio.run(_revoke(settings, keys, passwords=arguments.password))
    return 0


async def _revoke(settings: Settings, email_keys: Sequence[str], *, passwords: bool) -> None:
    async with composed(settings) as composition:
        services = composition.services
        for email_key in email_keys:
            if passwords:
                ended = await services.passwords.force_reset(email_key)
                print(f"{email_key}: {ended.sessions} sessions, {ended.passwords} passwords")
            else:
                print(f"{email_key}: {await services.sessions.revoke_all(email_key)} sessions")


class _Walk:
    """Through every account. It says on stderr how far it has come, and on stdout what it has ended."""

    def __init__(self, *, passwords: bool, after: UUID | None) -> None:
        self._passwords = passwords
        self._after = after
        self._done = Revocation(last=after)
        self._said_at = time.monotonic()

    def run(self, settings: Settings) -> int:
        try:
            asyncio.run(self._walk(settings))
        except KeyboardInterrupt:
            self._say_stopped("Interrupted")
            return 130
        except Exception as error:
            if not is_outage(error):
                raise
            self._say_stopped(f"The database is away ({type(error).__name__})")
            return 1
        passwords = f", {self._done.passwords} passwords" if self._passwords else ""
        print(f"all: {self._done.sessions} sessions{passwords}")
        return 0

    async def _walk(self, settings: Settings) -> None:
        async with composed(settings):
            async for done in revoke_everything(passwords=self._passwords, after=self._after):
                self._done = done
                self._say_progress()

    def _say_progress(self) -> None:
        if time.monotonic() - self._said_at < _SAID_EVERY:
            return
        self._said_at = time.monotonic()
        expected = self._done.expected(self._after)
        print(f"{self._done.accounts:,} of about {expected:,} accounts, to {self._done.last}", file=sys.stderr)

    def _say_stopped(self, why: str) -> None:
        again = ["--all", *(["--password"] if self._passwords else [])]
        again += ["--after", str(self._done.last)] if self._done.last else []
        counts = (
            f"{self._done.accounts:,} accounts, {self._done.sessions:,} sessions, {self._done.passwords:,} passwords"
        )
        print(f"{why} after {counts}. Go on with: python -m app revoke {' '.join(again)}", file=sys.stderr)
