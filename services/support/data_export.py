"""Hands people a copy of what is kept about them, by a mailed link (docs/decisions/0058-rights-of-the-person.md).

The owner asks for it with a recent proof. The link's token lives an hour from the mail on, and works once: a request
that sends the file claims the link, and deletes it once the whole file was handed over. One that fails, or whose client
breaks off, gives it back; one that is killed, when its claim ends.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import IO

import structlog
from tortoise.expressions import Q

from models.account import Account
from models.export_link import ExportLink
from models.outage import DATABASE_ERRORS
from models.transactions import atomically
from services.accounts.confirmation_code import parse_confirmation_code
from services.accounts.recent_proof import ReauthenticationRequired, UnprovedError
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.limits import Limiter, Limits
from services.common.outcomes import NotAuthenticated, RestrictedSession, TooManyAttempts
from services.common.secrets import digest
from services.mail.outbox import MailKind, enqueue
from services.support.personal_data import PersonalData, Subject

log = structlog.get_logger(__name__)

SENDING_SECONDS = 300
"""How long a request may take to write the file and to send it."""
_CLAIM = timedelta(seconds=SENDING_SECONDS + 30)
_BUILD_SECONDS = SENDING_SECONDS - 60
_MAX_BUILDS = 2  # at once in a process; others wait
_MAX_IN_MEMORY = 1_000_000  # bytes of a file; larger ones are on disk, without a name


@dataclass(frozen=True, slots=True)
class ExportMailed:
    """The link is on its way to the account's e-mail."""

    principal: Principal


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A zip, at its beginning, of `size` bytes."""

    file: IO[bytes]
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ExportLinkInvalid:
    """Unknown, used, replaced or expired; deliberately unspecified."""


@dataclass(frozen=True, slots=True)
class ExportBusy:
    """Another request is sending the file."""

    retry_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class DataExport:
    limiter: Limiter
    limits: Limits
    sessions: SessionService
    personal_data: PersonalData
    actors: Actors
    clock: Clock = utc_now
    _builds: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MAX_BUILDS))

    async def request(
        self, caller: Caller
    ) -> ExportMailed | ReauthenticationRequired | RestrictedSession | NotAuthenticated | TooManyAttempts:
        """Enqueues the mail with the link, in place of one that waits."""
        principal = await self.sessions.require_recent_proof(caller)
        if not isinstance(principal, Principal):
            return principal
        async with self.limiter.tally() as tally:
            if throttled := await tally.hit(self.limits.export_account, str(principal.id)):
                return throttled
            try:
                await atomically(partial(self._enqueue, caller, principal))
            except UnprovedError as error:
                return error.refusal
        return ExportMailed(principal)

    @asynccontextmanager
    async def open(
        self, caller: Caller, token: str
    ) -> AsyncIterator[ExportFile | ExportLinkInvalid | ExportBusy | TooManyAttempts]:
        """Yields the file that the token opens. The link is used once the block ends, and stays if the block raises.

        The token may be part of the mail's link. Raises TimeoutError if writing the file takes too long.
        All must not take longer than SENDING_SECONDS.
        """
        claimed = await self._claim(caller, token)
        if not isinstance(claimed, _Claim):
            yield claimed
            return
        try:
            with tempfile.SpooledTemporaryFile(_MAX_IN_MEMORY) as file:
                async with asyncio.timeout(_BUILD_SECONDS), self._builds:
                    await self.personal_data.write(claimed.subject, file)
                size = file.tell()
                file.seek(0)
                yield ExportFile(file, size, self.clock())
        except BaseException:
            await asyncio.shield(_release(claimed))
            raise
        await ExportLink.filter(digest=claimed.digest).delete()

    async def _enqueue(self, caller: Caller, principal: Principal) -> None:
        await enqueue(MailKind.DATA_EXPORT, principal.email_key)
        account = await self.sessions.lock_proved_or_raise(principal)
        await record(self.actors.of(caller), EventKind.EXPORT_REQUESTED, account.id)

    async def _claim(self, caller: Caller, token: str) -> "_Claim | ExportLinkInvalid | ExportBusy | TooManyAttempts":
        typed = parse_confirmation_code(token)
        if not isinstance(typed, str):
            return ExportLinkInvalid()
        if throttled := await self.limiter.hit_client(self.limits.download_export, caller):
            return throttled
        return await atomically(partial(self._claim_link, caller, digest(typed)))

    async def _claim_link(self, caller: Caller, token_digest: str) -> "_Claim | ExportLinkInvalid | ExportBusy":
        """Records the download with the claim, so that no data leaves without it."""
        now = self.clock()
        valid = ExportLink.filter(digest=token_digest, expires_at__gt=now)
        free = valid.filter(Q(claimed_until__isnull=True) | Q(claimed_until__lte=now))
        until = now + _CLAIM
        if not await free.update(claimed_until=until):
            link = await valid.get_or_none()
            return ExportBusy(link.claimed_until - now) if link and link.claimed_until else ExportLinkInvalid()
        link = await valid.get()
        account = await Account.get(id=link.account_id).only("email_key")
        await record(self.actors.of(caller), EventKind.EXPORT_DOWNLOADED, link.account_id)
        return _Claim(token_digest, until, Subject(account.email_key, link.account_id))


@dataclass(frozen=True, slots=True)
class _Claim:
    digest: str
    until: datetime
    subject: Subject


async def _release(claim: _Claim) -> None:
    """Lets the link be claimed again, unless it was replaced or claimed anew. Without a database, the claim ends."""
    try:
        await ExportLink.filter(digest=claim.digest, claimed_until=claim.until).update(claimed_until=None)
    except DATABASE_ERRORS as error:
        log.warning("export link stays claimed", until=claim.until.isoformat(), error=type(error).__name__)
