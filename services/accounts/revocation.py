"""Ends the sessions and, if requested, the passwords of any number of accounts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from tortoise.expressions import F

from models.account import Account
from models.export_link import ExportLink
from models.mailed_password import MailedPassword
from models.remembered_device import RememberedDevice
from models.session import Session
from models.transactions import atomically
from services.audit.actors import Actor
from services.audit.events import EventKind, record
from services.events.facts import NO_DETAILS, EventType
from services.events.publishing import publish_for_each
from services.mail.outbox import MailKind, cancel

_BATCH_SIZE = 500  # accounts per transaction: far below what PostgreSQL's statement timeout allows
_PAUSE_SECONDS = 0.01  # between two transactions, for SQLite's other writers
_ID_RANGE = 2**128  # ids are random, so the position of one estimates how many accounts precede it


@dataclass(frozen=True, slots=True)
class Revocation:
    """What has been ended so far; `last` is the id of the last account processed."""

    accounts: int = 0
    sessions: int = 0
    passwords: int = 0
    last: UUID | None = None

    def expected(self, after: UUID | None) -> int:
        """Estimates the total number of accounts after `after`."""
        begun = after.int if after else 0
        return round(self.accounts * (_ID_RANGE - begun) / (self.last.int - begun)) if self.last else 0


async def revoke_everything(actor: Actor, *, passwords: bool, after: UUID | None = None) -> AsyncIterator[Revocation]:
    """Ends every session and, with `passwords`, every password, so that only recovery gives access.

    Proceeds by account id, one batch per transaction, and yields the totals after each. To resume, pass `last` as
    `after`. An account is locked during its batch: a login in progress is ended or, without `passwords`, opens its
    session afterwards, as any later one does.
    """
    done = Revocation(last=after)
    while ids := await _next(done.last):
        done = await atomically(partial(_revoke, actor, done, ids[-1], passwords=passwords))
        yield done
        await asyncio.sleep(_PAUSE_SECONDS)


async def _next(after: UUID | None) -> list[UUID]:
    accounts = Account.filter(id__gt=after) if after else Account.all()
    return [account.id for account in await accounts.order_by("id").limit(_BATCH_SIZE).only("id")]


async def _revoke(actor: Actor, done: Revocation, last: UUID, *, passwords: bool) -> Revocation:
    """Processes the accounts after `done.last`, up to `last`, in the order in which every transaction locks."""
    behind = {"id__gt": done.last} if done.last else {}
    batch = Account.filter(**behind, id__lte=last)
    if passwords:
        await cancel((MailKind.DATA_EXPORT,), *(account.email_key for account in await batch.only("id", "email_key")))
    ids = [account.id for account in await batch.order_by("id").select_for_update().only("id")]
    had_password: list[UUID] = []
    if passwords:
        having = batch.filter(password_hash__isnull=False).order_by("id")
        had_password = [account.id for account in await having.only("id")]
        # All generations: a change that was verified before and is written later then fails.
        await batch.update(password_hash=None, password_generation=F("password_generation") + 1)
        await MailedPassword.filter(account_id__in=ids).delete()
        await ExportLink.filter(account_id__in=ids).delete()
    open_sessions = Session.filter(account_id__in=ids)
    signed_in = [
        session.account_id for session in await open_sessions.distinct().order_by("account_id").only("account_id")
    ]
    sessions = await open_sessions.delete()
    await RememberedDevice.filter(account_id__in=ids).delete()
    detail = f"{len(ids)} accounts, {sessions} sessions, {len(had_password)} passwords"
    await record(actor, EventKind.EVERYBODY_REVOKED, detail=detail, subject=last)
    facts = [(account_id, EventType.PASSWORD_CHANGED, NO_DETAILS) for account_id in had_password]
    facts += [(account_id, EventType.SESSIONS_REVOKED, NO_DETAILS) for account_id in signed_in]
    await publish_for_each(facts)
    return Revocation(done.accounts + len(ids), done.sessions + sessions, done.passwords + len(had_password), last)
