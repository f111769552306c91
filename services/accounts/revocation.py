"""Ends the sessions of every account, with their passwords if need be, however many accounts there are."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from tortoise.expressions import F

from models.account import Account
from models.mailed_password import MailedPassword
from models.session import Session
from models.transactions import atomically

_BATCH = 500  # accounts a transaction: far below what PostgreSQL's statement time-out allows
_PAUSE = 0.01  # seconds between two transactions, in which SQLite's other writers get a turn
_IDS = 2**128  # they are random, so how far one lies along them says how many accounts come before it


@dataclass(frozen=True, slots=True)
class Revocation:
    """What a walk through the accounts has ended so far; `last` is the id of the account that it has come to."""

    accounts: int = 0
    sessions: int = 0
    passwords: int = 0
    last: UUID | None = None

    def expected(self, after: UUID | None) -> int:
        """About how many accounts a walk that began behind `after` has in all."""
        begun = after.int if after else 0
        return round(self.accounts * (_IDS - begun) / (self.last.int - begun)) if self.last else 0


async def revoke_everything(*, passwords: bool, after: UUID | None = None) -> AsyncIterator[Revocation]:
    """Ends every session, and with `passwords` every password, too, so that only recovery opens the accounts.

    Goes by account id, a batch a transaction, and yields after each what has been ended in all. A walk that stopped is
    continued behind `last`. An account is locked while its turn lasts: a sign-in that was under way is ended, or,
    without `passwords`, opens its session afterwards, as any later one does.
    """
    done = Revocation(last=after)
    while ids := await _next(done.last):
        done = await atomically(partial(_revoke, done, ids[-1], passwords=passwords))
        yield done
        await asyncio.sleep(_PAUSE)


async def _next(after: UUID | None) -> list[UUID]:
    accounts = Account.filter(id__gt=after) if after else Account.all()
    return [account.id for account in await accounts.order_by("id").limit(_BATCH).only("id")]


async def _revoke(done: Revocation, last: UUID, *, passwords: bool) -> Revocation:
    """Those behind `done.last`, up to `last`; in the order in which every transaction locks."""
    behind = {"id__gt": done.last} if done.last else {}
    batch = Account.filter(**behind, id__lte=last)
    ids = [account.id for account in await batch.order_by("id").select_for_update().only("id")]
    had_password = 0
    if passwords:
        had_password = await batch.filter(password_hash__isnull=False).count()
        # The generation of all of them: a change that was proved before and is written later finds out.
        await batch.update(password_hash=None, password_generation=F("password_generation") + 1)
        await MailedPassword.filter(account_id__in=ids).delete()
    sessions = await Session.filter(account_id__in=ids).delete()
    return Revocation(done.accounts + len(ids), done.sessions + sessions, done.passwords + had_password, last)
