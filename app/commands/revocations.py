"""Ends sessions, and optionally passwords, for example after a lost device or a leak."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from uuid import UUID

from app.commands.emails import keys_of
from app.commands.interruptions import run_interruptible
from app.commands.output import print_json
from app.composition import composed
from app.operator import current_operator
from app.settings import Settings
from services.accounts.revocation import Revocation, revoke_everything
from services.support import people

_PROGRESS_SECONDS = 5.0


def revoke_accounts(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if an e-mail has no account, and 2 for a text that is no e-mail."""
    keys = keys_of(arguments.emails)
    if keys is None:
        return 2
    return asyncio.run(_revoke(settings, keys, passwords=arguments.password, json=arguments.json))


def revoke_all(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if the database failed, and 130 if interrupted; both print the command to continue."""
    return _Everyone(passwords=arguments.password, after=arguments.after, json=arguments.json).run(settings)


async def _revoke(settings: Settings, email_keys: Sequence[str], *, passwords: bool, json: bool) -> int:
    status = 0
    ended = []
    async with composed(settings) as composition:
        services = composition.services
        for email_key in email_keys:
            person = await people.find(email_key, composition.support.lockout)
            if person is None or person.account is None:
                print(f"{email_key}: has no account", file=sys.stderr)
                status = 1
                continue
            if passwords:
                reset = await services.passwords.force_reset(current_operator(), email_key)
                counts = {"sessions": reset.sessions, "passwords": reset.passwords, "passkeys": reset.passkeys}
            else:
                counts = {"sessions": await services.sessions.revoke_all(current_operator(), email_key)}
            ended.append({"email": email_key, **counts})
            if not json:
                print(f"{email_key}: {', '.join(f'{count} {what}' for what, count in counts.items())}")
    if json:
        print_json(ended)
    return status


class _Everyone:
    """Revokes every account. Prints its progress on stderr, and what it ended on stdout."""

    def __init__(self, *, passwords: bool, after: UUID | None, json: bool) -> None:
        self._json = json
        self._passwords = passwords
        self._after = after
        self._done = Revocation(last=after)
        self._printed_at = time.monotonic()

    def run(self, settings: Settings) -> int:
        if status := run_interruptible(self._revoke(settings), self._print_stopped, needs="database"):
            return status
        if self._json:
            done = {"accounts": self._done.accounts, "sessions": self._done.sessions}
            print_json({**done, "passwords": self._done.passwords})
            return 0
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
        print(
            f"{why} after {counts}. Continue with: python -m app account revoke {' '.join(arguments)}", file=sys.stderr
        )
