"""Deletes expired rows, and fills in a column that is new, in small batches, by one worker at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Subquery
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from models.api_client_secret import ApiClientSecret
from models.audit_event import AuditEvent
from models.confirmation_code import ConfirmationCode
from models.confirmed_code import ConfirmedCode
from models.delivery import Delivery
from models.email_change import EmailChange
from models.email_change_code import EmailChangeCode
from models.export_link import ExportLink
from models.failure_streak import FailureStreak
from models.heartbeat import Heartbeat
from models.known_network import KnownNetwork
from models.limit_counter import LimitCounter
from models.login_challenge import LoginChallenge
from models.mailed_password import MailedPassword
from models.passkey_challenge import PasskeyChallenge
from models.payment import Payment
from models.registration import Registration
from models.remembered_device import RememberedDevice
from models.retained_payment import RetainedPayment
from models.session import Session
from models.spent_captcha import SpentCaptcha
from models.sql import try_lock
from services.accounts.lockout import KNOWN_FOR, MAX_FAILURES
from services.accounts.onboarding import PaymentMethod
from services.accounts.update_times import START, fill_in_update_times
from services.audit.events import ATTEMPTS
from services.common.clock import Clock, pause, utc_now
from services.common.heartbeat import Turns
from services.common.outages import Outages
from services.events.retention import delete_oldest
from services.payments.queries import ENDED_UNPAID

log = structlog.get_logger(__name__)

LOCK = 0x53574550  # the number of cleanup in the database's lock space
_INTERVAL_SECONDS = 600.0
_BATCH_SIZE = 500
_REGISTRATION_LIFE = timedelta(days=7)
_CAPTCHA_GRACE = timedelta(hours=1)
_DELIVERY_RETENTION = timedelta(days=30)  # for an operator who is asked why a mail did not arrive
_ENDED_UNPAID = [status.value for status in ENDED_UNPAID]
_HEARTBEAT_RETENTION = timedelta(days=1)  # of a process that was killed
_ATTEMPTS = [kind.value for kind in ATTEMPTS]
_MAX_FILLED_BATCHES = 200  # in a turn, so that it does not seem to hang
_SECRET_RETENTION = timedelta(days=30)  # for an operator who asks whether it was still used
_STREAK_RETENTION = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the audit trail is kept, and the feed of events.

    Of the trail, `attempts` are what anybody can cause, or everybody does every day.
    """

    trail: timedelta = timedelta(days=365)
    attempts: timedelta = timedelta(days=30)
    events: timedelta = timedelta(days=30)


class _OtherWorkerError(Exception):
    """Another worker is cleaning up."""


@asynccontextmanager
async def _alone() -> AsyncIterator[BaseDBAsyncClient]:
    """Begins a transaction in which no other worker cleans up. Raises _OtherWorkerError if one does."""
    async with in_transaction() as connection:
        if not await try_lock(LOCK):
            raise _OtherWorkerError
        yield connection


class Cleanup:
    """`clean_up_files` cleans up outside the database, such as the mail files of development.

    `delete_accounts` deletes the accounts whose owners asked for it.
    """

    def __init__(
        self,
        retention: Retention = Retention(),
        *,
        clean_up_files: Callable[[], None] | None = None,
        delete_accounts: Callable[[], Awaitable[object]] | None = None,
        clock: Clock = utc_now,
        outages: Outages | None = None,
    ) -> None:
        self._retention = retention
        self._outages = outages or Outages()
        self._clean_up_files = clean_up_files
        self._works = (delete_accounts, self.clean_up) if delete_accounts else (self.clean_up,)
        self._clock = clock

    async def run(self, stopped: asyncio.Event, turns: Turns) -> None:
        """Cleans up about every ten minutes, until `stopped`."""
        finish_turn = turns.begin()
        while not stopped.is_set():
            for work in self._works:  # a failure of one does not affect the other
                try:
                    await work()
                except Exception as error:
                    if not self._outages.report(error):
                        log.exception("cleanup failed")
            finish_turn()
            await pause(stopped, _INTERVAL_SECONDS)

    async def clean_up(self) -> int:
        """Deletes what has expired, and returns how many rows. Stops if another worker is cleaning up.

        Accounts of an earlier version get their `updated_at`.
        """
        removed = 0
        with suppress(_OtherWorkerError):
            for expired in self._expired():
                while batch := await self._remove_some(expired):
                    removed += batch
            while batch := await self._remove_events():
                removed += batch
            await self._fill_in()
        if self._clean_up_files:
            await asyncio.to_thread(self._clean_up_files)
        return removed

    async def _remove_some(self, expired: QuerySet[Any]) -> int:
        """Locks a batch and deletes it by its keys.

        With the conditions in the DELETE as well, SQLite may read all that has expired by their index, in each batch.
        """
        meta = expired.model._meta
        async with _alone() as connection:
            locked = expired.using_db(connection).select_for_update(of=(meta.db_table,))
            keys = [row.pk for row in await locked.only(meta.pk_attr).limit(_BATCH_SIZE)]  # values_list locks nothing
            batch = expired.model.filter(pk__in=keys).using_db(connection)
            return await batch.delete() if keys else 0

    async def _remove_events(self) -> int:
        async with _alone():
            return await delete_oldest(self._clock() - self._retention.events, _BATCH_SIZE)

    async def _fill_in(self) -> None:
        last: UUID | None = START
        for _ in range(_MAX_FILLED_BATCHES):
            if last is None:
                return
            async with _alone():
                last = await fill_in_update_times(self._clock(), last, _BATCH_SIZE)

    def _expired(self) -> tuple[QuerySet[Any], ...]:
        now = self._clock()
        return (
            ApiClientSecret.filter(expires_at__lte=now - _SECRET_RETENTION),
            ConfirmationCode.filter(expires_at__lte=now),
            ConfirmedCode.filter(expires_at__lte=now),
            EmailChangeCode.filter(expires_at__lte=now),
            EmailChange.filter(expires_at__lte=now),
            ExportLink.filter(expires_at__lte=now),
            LoginChallenge.filter(expires_at__lte=now),
            PasskeyChallenge.filter(expires_at__lte=now),
            MailedPassword.filter(expires_at__lte=now),
            RememberedDevice.filter(expires_at__lte=now),
            Session.filter(expires_at__lte=now),
            SpentCaptcha.filter(expires_at__lte=now - _CAPTCHA_GRACE),
            Delivery.filter(finished_at__lte=now - _DELIVERY_RETENTION),
            Heartbeat.filter(beaten_at__lte=now - _HEARTBEAT_RETENTION),
            LimitCounter.filter(expires_at__lte=now.timestamp()),
            # A locked bucket stays locked until the password is recovered or changed.
            FailureStreak.filter(count__lt=MAX_FAILURES, touched_at__lte=(now - _STREAK_RETENTION).timestamp()),
            Payment.filter(method=PaymentMethod.BANK_DEPOSIT.value, status__in=_ENDED_UNPAID, due_at__lte=now),
            KnownNetwork.filter(last_seen_at__lte=now - KNOWN_FOR),
            AuditEvent.filter(at__lte=now - self._retention.trail),
            AuditEvent.filter(kind__in=_ATTEMPTS, at__lte=now - self._retention.attempts),
            RetainedPayment.filter(retained_until__lte=now),
            # A week old, without a valid code (expired ones were deleted above) and without a pending mail.
            Registration.filter(created_at__lte=now - _REGISTRATION_LIFE, codes__digest__isnull=True).exclude(
                email_key__in=Subquery(Delivery.filter(pending_key__isnull=False).values("email_key"))
            ),
        )
