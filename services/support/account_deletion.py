"""The deletion of an account by its owner: asked for, thought over, taken back or done by a worker.

docs/decisions/0058-rights-of-the-person.md says why it takes days, and what happens in between.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog

from models.account import Account
from models.outage import DATABASE_ERRORS
from models.sql import as_datetime, as_uuid, fetch
from models.transactions import atomically
from services.accounts import pending_deletion
from services.accounts.recent_proof import ReauthenticationRequired, UnprovedError
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actor, Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.outcomes import NotAuthenticated, RestrictedSession
from services.mail.outbox import BEFORE_DELETION, MailKind, cancel, enqueue
from services.payments.lifecycle import cancel_open
from services.payments.queries import PaymentStatus
from services.support.deletion import (
    Deleted,
    DeletionService,
    InvoicesOpen,
    PaymentUndecided,
    Undecided,
    lock_decided_payments,
)

log = structlog.get_logger(__name__)

RETRY_AFTER = timedelta(hours=1)
"""When a worker looks again at what another one has begun, or what something undecided holds up."""
_BATCH_SIZE = 100
_DUE = """
SELECT id, deletion_turn_at, deletion_due_at FROM account
WHERE deletion_turn_at <= $1 AND NOT "deletion_turn_at" IS NULL
ORDER BY deletion_turn_at LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class DeletionRequested:
    principal: Principal
    due_at: datetime


@dataclass(frozen=True, slots=True)
class DeletionCanceled:
    """There is no deletion to come, perhaps because there was none."""

    principal: Principal


class _PendingError(Exception):
    """The account has a day on which it is deleted, so the mail about a new one is rolled back."""

    def __init__(self, due_at: datetime) -> None:
        super().__init__("pending")
        self.due_at = due_at


class _UndecidedError(Exception):
    """Something is undecided, so the mail is rolled back."""

    def __init__(self, undecided: Undecided) -> None:
        super().__init__("undecided")
        self.undecided = undecided


class _NotPendingError(Exception):
    """The deletion was taken back or done in the meantime, so the mail about it is rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDeletion:
    """`delay` is how long a person has to think."""

    delay: timedelta
    deletion: DeletionService
    sessions: SessionService
    actors: Actors
    clock: Clock = utc_now

    async def request(
        self, caller: Caller
    ) -> (
        DeletionRequested
        | PaymentUndecided
        | InvoicesOpen
        | ReauthenticationRequired
        | RestrictedSession
        | NotAuthenticated
    ):
        """Sets the day of the deletion, cancels what can still be paid, and enqueues the mail. A day that is set stays.

        Refuses what the deletion would refuse now, so that the person knows.
        """
        principal = await self.sessions.require_recent_proof(caller)
        if not isinstance(principal, Principal):
            return principal
        try:
            due_at = await atomically(partial(self._request, self.actors.of(caller), principal))
        except UnprovedError as error:
            return error.refusal
        except _PendingError as error:
            due_at = error.due_at
        except _UndecidedError as error:
            return error.undecided
        return DeletionRequested(principal, due_at)

    async def cancel(self, caller: Caller) -> DeletionCanceled | RestrictedSession | NotAuthenticated:
        """Keeps the account, and enqueues a mail that says so. Needs no recent proof: it only undoes."""
        principal = await self.sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        account = await Account.get_or_none(id=principal.id)
        if account is None:
            return NotAuthenticated()
        if account.deletion_due_at is None:
            return DeletionCanceled(principal)
        try:
            await atomically(partial(self._cancel, self.actors.of(caller), account))
        except _NotPendingError:
            return DeletionCanceled(principal) if await Account.exists(id=account.id) else NotAuthenticated()
        return DeletionCanceled(principal)

    async def run_due(self) -> None:
        """Reminds people a day before, and deletes the accounts that are due. Several workers share them.

        A worker claims an account by moving its turn, so that one that fails, or whose worker is killed, comes again
        after RETRY_AFTER.
        """
        now = self.clock()
        while due := await fetch(_DUE, now, _BATCH_SIZE):
            for row in due:
                account_id, turn_at = as_uuid(row["id"]), as_datetime(row["deletion_turn_at"])
                claimed = Account.filter(id=account_id, deletion_turn_at=turn_at)
                if await claimed.update(deletion_turn_at=now + RETRY_AFTER):
                    await self._take_turn(
                        account_id, now + RETRY_AFTER, is_due=as_datetime(row["deletion_due_at"]) <= now
                    )

    async def _request(self, actor: Actor, principal: Principal) -> datetime:
        await cancel((MailKind.DELETION_CANCELED,), principal.email_key)
        await enqueue(MailKind.DELETION_REQUESTED, principal.email_key)
        account = await self.sessions.lock_proved_or_raise(principal)
        if account.deletion_due_at:
            raise _PendingError(account.deletion_due_at)
        now = self.clock()
        if not isinstance(payments := await lock_decided_payments(account.id), list):
            raise _UndecidedError(payments)
        if not await cancel_open(actor, account.id, now):
            waiting = [each.id for each in payments if each.status == PaymentStatus.OPEN.value]
            raise _UndecidedError(PaymentUndecided(waiting))
        due_at = await pending_deletion.schedule(account, now + self.delay, now)
        await record(actor, EventKind.DELETION_REQUESTED, account.id)
        return due_at

    async def _cancel(self, actor: Actor, before: Account) -> None:
        await cancel(BEFORE_DELETION, before.email_key)
        await enqueue(MailKind.DELETION_CANCELED, before.email_key)
        account = await Account.select_for_update().get_or_none(id=before.id)
        if account is None or account.deletion_due_at is None:
            raise _NotPendingError
        await pending_deletion.clear(account)
        await record(actor, EventKind.DELETION_CANCELED, account.id)

    async def _take_turn(self, account_id: UUID, turn_at: datetime, *, is_due: bool) -> None:
        try:
            if not is_due:
                await self._remind(account_id, turn_at)
                return
            match await self.deletion.delete_due(account_id):
                case Deleted():
                    log.info("account deleted", account=str(account_id))
                case PaymentUndecided(payments):
                    log.warning("deletion waits for payments", account=str(account_id), payments=[*map(str, payments)])
                case InvoicesOpen(reservations):
                    ids = [*map(str, reservations)]
                    log.warning("deletion waits for invoices", account=str(account_id), reservations=ids)
        except DATABASE_ERRORS:
            raise
        except Exception:
            log.exception("deletion failed", account=str(account_id))

    async def _remind(self, account_id: UUID, turn_at: datetime) -> None:
        """Enqueues the reminder, unless the deletion has been taken back; the next turn is the deletion."""
        account = await Account.get_or_none(id=account_id)
        if account is None or account.deletion_due_at is None:
            return
        claimed = Account.filter(id=account_id, email_key=account.email_key, deletion_turn_at=turn_at)

        async def remind() -> None:
            await enqueue(MailKind.DELETION_DUE, account.email_key)
            if not await claimed.update(deletion_turn_at=account.deletion_due_at):
                raise _NotPendingError

        with suppress(_NotPendingError):
            await atomically(remind)
