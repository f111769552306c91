"""What an operator changes for a person who asked. Whoever is affected gets a mail.

Transactions lock as everywhere: outbox rows, then registrations or the account, then rows that belong to these.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from tortoise.exceptions import IntegrityError

from models.account import Account
from models.registration import Registration
from models.remembered_device import RememberedDevice
from models.transactions import atomically
from services.accounts import confirmation
from services.accounts.email import Email
from services.accounts.email_change import EmailTaken, GoneError, lock_of, move, redirect_mails, respell
from services.accounts.lockout import Failures, LoginLockout
from services.accounts.rfc import Rfc
from services.accounts.rfc_change import RfcChanged, UnchangedError, change_rfc
from services.audit.actors import Actor, Actors
from services.audit.events import EventKind, record
from services.common.clock import Clock, utc_now
from services.common.limits import Limiter, Limits
from services.events.facts import EventType
from services.events.publishing import publish
from services.mail.outbox import MailKind, cancel, enqueue, enqueue_to_address
from services.support.people import RegistrationSummary, registrations_of

SECOND_FACTOR_NOTICE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class NobodyFound:
    """The e-mail has neither an account nor a registration."""


@dataclass(frozen=True, slots=True)
class NotConfirmed:
    """The e-mail has only registrations, which a person corrects by registering again."""


@dataclass(frozen=True, slots=True)
class AlreadyConfirmed:
    """The e-mail has an account."""


@dataclass(frozen=True, slots=True)
class SeveralRegistrations:
    """The operator has to choose one: each has a password of its own."""

    registrations: list[RegistrationSummary]


@dataclass(frozen=True, slots=True)
class AccountConfirmed:
    email: str
    rfc: str


@dataclass(frozen=True, slots=True)
class MailQueued:
    """`registrations` wait; the worker mails at most three of them."""

    registrations: int


@dataclass(frozen=True, slots=True)
class Unlocked:
    """`before` is what was counted."""

    before: Failures


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The account has this value already."""


@dataclass(frozen=True, slots=True)
class EmailChanged:
    old: str
    new: str
    sessions: int


@dataclass(frozen=True, slots=True)
class SecondFactorEnds:
    """From `at`, the password is enough, unless the owner signs in with the second factor before."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSupport:
    limiter: Limiter
    limits: Limits
    lockout: LoginLockout
    actors: Actors
    clock: Clock = utc_now

    async def confirm(
        self, actor: Actor, email_key: str, registration_id: UUID | None = None
    ) -> AccountConfirmed | AlreadyConfirmed | SeveralRegistrations | NobodyFound:
        """Confirms a registration without its code, for a person whose mailbox gets no mail.

        The operator answers for the mailbox: whoever registered knows the account's password. If several wait, one
        has to be chosen.
        """
        waiting = await registrations_of(email_key)
        chosen = [each for each in waiting if registration_id in {None, each.id}]
        if await Account.exists(email_key=email_key):
            return AlreadyConfirmed()
        if not chosen:
            return NobodyFound()
        if len(chosen) > 1:
            return SeveralRegistrations(chosen)
        try:
            confirmed = await atomically(partial(self._confirm, actor, email_key, chosen[0].id))
        except IntegrityError:  # its owner confirmed another one at the same time
            return AlreadyConfirmed()
        if confirmed is None:
            return NobodyFound()
        await self.limiter.clear(self.limits.recover_password_email, email_key)
        return AccountConfirmed(confirmed.email, confirmed.rfc)

    async def resend(self, actor: Actor, email_key: str) -> MailQueued | AlreadyConfirmed | NobodyFound:
        """Queues the confirmation mail as resendConfirmationCode does, without counting it toward its limits.

        A mail that waits becomes due now. The worker still applies the limit of mails to an e-mail.
        """
        waiting = await Registration.filter(email_key=email_key).count()
        if await Account.exists(email_key=email_key):
            return AlreadyConfirmed()
        if not waiting:
            return NobodyFound()

        async def queue() -> None:
            await enqueue(MailKind.CONFIRMATION, email_key)
            await record(actor, EventKind.CODE_RESENT, email=self.actors.email(email_key))

        await atomically(queue)
        return MailQueued(waiting)

    async def unlock(self, actor: Actor, email_key: str) -> Unlocked | NobodyFound:
        """Empties both lockouts and the count that asks for a captcha. Sessions and passwords stay."""
        account = await Account.get_or_none(email_key=email_key)
        if account is None and not await Registration.exists(email_key=email_key):
            return NobodyFound()
        before = await self.lockout.failures(email_key)

        async def reset() -> None:
            await self.lockout.reset(email_key)
            email = self.actors.email(email_key)
            await record(actor, EventKind.UNLOCKED, account.id if account else None, email=email)

        await atomically(reset)
        await self.limiter.clear(self.limits.login_failures, email_key)
        return Unlocked(before)

    async def set_email(
        self, actor: Actor, email_key: str, new: Email
    ) -> EmailChanged | EmailTaken | Unchanged | NotConfirmed | NobodyFound:
        """Moves the account to another e-mail, which nobody confirms. Both e-mails get a notice.

        Ends its sessions, its mailed passwords and every login in progress; the password stays. Registrations of the
        new e-mail are deleted, as if one of them had been confirmed.
        """
        account = await Account.get_or_none(email_key=email_key)
        if account is None:
            return await _nobody(email_key)
        if new.address == account.email:
            return Unchanged()
        if new.key == email_key:  # only its spelling changes
            await atomically(partial(self._respell, actor, account, new))
            return EmailChanged(account.email, new.address, 0)
        if await Account.exists(email_key=new.key):
            return EmailTaken()
        try:
            sessions = await atomically(partial(self._move, actor, account, new))
        except IntegrityError:  # somebody confirmed the new e-mail at the same time
            return EmailTaken()
        except GoneError:
            return NobodyFound()
        await self.limiter.clear(self.limits.recover_password_email, new.key)
        return EmailChanged(account.email, new.address, sessions)

    async def set_rfc(
        self, actor: Actor, email_key: str, rfc: Rfc
    ) -> RfcChanged | Unchanged | NotConfirmed | NobodyFound:
        """Corrects the RFC, and mails a notice. Sessions stay, since they hold no RFC.

        If the taxpayer is now of another type, the company's data no longer fit: step 3 has to be done again. Paid time
        and series stay.
        """
        account = await Account.get_or_none(email_key=email_key)
        if account is None:
            return await _nobody(email_key)
        try:
            return await atomically(partial(self._set_rfc, actor, account, rfc))
        except UnchangedError:
            return Unchanged()
        except GoneError:
            return NobodyFound()

    async def end_second_factor(self, actor: Actor, email_key: str) -> SecondFactorEnds | Unchanged | NobodyFound:
        """Announces that the second factor ends in SECOND_FACTOR_NOTICE, for an owner who has lost it.

        Devices that skip it may be lost as well, so they no longer do. Using the second factor or a passkey before
        then takes this back. Login removes the factor, and all passkeys, once the time has come.
        """
        return await atomically(partial(self._end_second_factor, actor, email_key))

    async def _end_second_factor(self, actor: Actor, email_key: str) -> SecondFactorEnds | Unchanged | NobodyFound:
        account = await Account.filter(email_key=email_key).select_for_update().get_or_none()
        if account is None:
            return NobodyFound()
        if account.second_factor_since is None or account.second_factor_ends_at:
            return Unchanged()
        ends_at = self.clock() + SECOND_FACTOR_NOTICE
        await Account.filter(id=account.id).update(second_factor_ends_at=ends_at)
        await RememberedDevice.filter(account_id=account.id).delete()
        await enqueue(MailKind.SECOND_FACTOR_ENDS, account.email_key)
        await record(actor, EventKind.SECOND_FACTOR_ENDS, account.id)
        return SecondFactorEnds(ends_at)

    async def _confirm(self, actor: Actor, email_key: str, registration_id: UUID) -> Account | None:
        await enqueue(MailKind.ACCOUNT_CONFIRMED, email_key)
        account = await confirmation.confirm(email_key, registration_id, self.clock())
        if account is None:
            await cancel((MailKind.ACCOUNT_CONFIRMED,), email_key)
            return None
        await self.lockout.reset(email_key)  # strangers may have locked it before there was an account
        await record(actor, EventKind.CONFIRMED, account.id)
        await publish(account.id, EventType.ACCOUNT_CONFIRMED)
        return account

    async def _set_rfc(self, actor: Actor, before: Account, rfc: Rfc) -> RfcChanged:
        await enqueue(MailKind.RFC_CHANGED, before.email_key)
        return await change_rfc(actor, await lock_of(before.id, before.email_key), rfc)

    async def _respell(self, actor: Actor, account: Account, new: Email) -> None:
        await respell(account, new)
        await record(actor, EventKind.EMAIL_CHANGED, account.id)

    async def _move(self, actor: Actor, before: Account, new: Email) -> int:
        await redirect_mails(before.email_key, new.key)
        await enqueue_to_address(MailKind.EMAIL_CHANGED, before.email, before.language)
        await enqueue(MailKind.EMAIL_ASSIGNED, new.key)
        account = await lock_of(before.id, before.email_key)
        sessions = await move(account, new, self.lockout)
        await record(actor, EventKind.EMAIL_CHANGED, account.id)
        return sessions


async def _nobody(email_key: str) -> NotConfirmed | NobodyFound:
    return NotConfirmed() if await Registration.exists(email_key=email_key) else NobodyFound()
