"""Ends sessions, and optionally passwords, for example after a lost device or a leak."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from uuid import UUID

from app.commands.emails import keys_of
from app.composition import composed
from app.operator import current_operator
from app.setting_checks import KEYS
from app.settings import Settings
from models.outage import is_outage
from services.accounts.revocation import Revocation, revoke_everything

HELP = "end the sessions of accounts; with --password also their passwords, so that only recovery opens the accounts"
NEEDS = KEYS
_PROGRESS_SECONDS = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("emails", nargs="*", default=[], metavar="EMAIL", help="the accounts' e-mails")
    who.add_argument("--all", action="store_true", help="every account")
    parser.add_argument("--password", action="store_true", help="end passwords too, including mailed ones")
    parser.add_argument("--after", type=UUID, metavar="ID", help="with --all, continue an earlier run after this id")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if the database failed, and 130 if interrupted; both print the command to continue."""
    if arguments.all:
        everyone = _Everyone(passwords=arguments.password, after=arguments.after)
        return everyone.run(settings)
    if arguments.after:
        print("--after requires --all.", file=sys.stderr)
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
                ended = await services.passwords.force_reset(current_operator(), email_key)
                print(f"{email_key}: {ended.sessions} sessions, {ended.passwords} passwords")
            else:
                print(f"{email_key}: {await services.sessions.revoke_all(current_operator(), email_key)} sessions")


class _Everyone:
    """Revokes every account. Prints its progress on stderr, and what it ended on stdout."""

    def __init__(self, *, passwords: bool, after: UUID | None) -> None:
        self._passwords = passwords
        self._after = after
        self._done = Revocation(last=after)
        self._printed_at = time.monotonic()

    def run(self, settings: Settings) -> int:
        try:
            asyncio.run(self._revoke(settings))
        except KeyboardInterrupt:
            self._print_stopped("Interrupted")
            return 130
        except Exception as error:
            if not is_outage(error):
                raise
            self._print_stopped(f"The database became unavailable ({type(error).__name__})")
            return 1
        passwords = f", {self._done.passwords} passwords" if self._passwords else ""
        print(f"all: {self._done.sessions} sessions{passwords}")
        return 0

    async def _revoke(self, settings: Settings) -> None:
        async with composed(settings):
            async for done in revoke_everything(current_operator(), passwords=self._passwords, after=self._after):
                self._done = done
                self._print_progress()

    def _print_progress(self) -> None:
        if time.monotonic() - self._printed_at < _PROGRESS_SECONDS:
            return
        self._printed_at = time.monotonic()
        expected = self._done.expected(self._after)
        print(f"{self._done.accounts:,} of about {expected:,} accounts, up to {self._done.last}", file=sys.stderr)

    def _print_stopped(self, why: str) -> None:
        arguments = ["--all", *(["--password"] if self._passwords else [])]
        arguments += ["--after", str(self._done.last)] if self._done.last else []
        counts = (
            f"{self._done.accounts:,} accounts, {self._done.sessions:,} sessions, {self._done.passwords:,} passwords"
        )
        print(f"{why} after {counts}. Continue with: python -m app revoke {' '.join(arguments)}", file=sys.stderr)
