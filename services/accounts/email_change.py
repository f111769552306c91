"""Changes the e-mail of an account, which its owner signs in with.

The owner asks for it, with a recent proof; a code goes to the new e-mail. The code counts only in a session of the
account: whoever gets it because the e-mail was mistyped can do nothing with it. The old e-mail then gets another code,
which takes the change back for a week without a session, in case a stranger made it
(docs/decisions/0060-change-of-email.md).

Transactions lock as everywhere: outbox rows, then registrations or the account, then rows that belong to these.
"""

from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError

from models.account import Account
from models.confirmed_code import ConfirmedCode
from models.delivery import Delivery
from models.email_change import EmailChange
from models.email_change_code import EmailChangeCode
from models.export_link import ExportLink
from models.mailed_password import MailedPassword
from models.registration import Registration
from models.session import Session
from models.transactions import atomically
from services.accounts import pending_deletion
from services.accounts.confirmation_code import InvalidConfirmationCode, parse_confirmation_code
from services.accounts.email import MAX_LENGTH, Email, email_problem, parse_email
from services.accounts.lockout import LoginLockout
from services.accounts.recent_proof import ReauthenticationRequired
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.limits import Limiter, Limits
from services.common.outcomes import (
    FieldErrorCode,
    FieldProblem,
    InvalidInput,
    NotAuthenticated,
    RestrictedSession,
    TooManyAttempts,
)
from services.common.secrets import digest
from services.events.facts import AccountField, Details, EventType
from services.events.publishing import publish
from services.factors.second_factors import SecondFactors
from services.mail.issuing import CODE_LIFE, REVERTIBLE_FOR
from services.mail.outbox import (
    ADDRESSED,
    BEFORE_DELETION,
    GIVE_UP_AFTER,
    OF_EMAIL_CHANGES,
    MailKind,
    cancel,
    cancel_email_code,
    enqueue,
    enqueue_for_email_change,
    enqueue_to_address,
)

_TRIES = 3
_OF_AN_EMAIL = tuple(kind for kind in MailKind if kind not in ADDRESSED | OF_EMAIL_CHANGES)
# Kinds that follow the account to its new e-mail. The others carry a secret, or are about the old one.
_FOLLOWING = frozenset(
    {
        MailKind.PASSWORD_CHANGED,
        MailKind.PAYMENT_RECEIVED,
        MailKind.PAYMENT_REFUNDED,
        MailKind.PAYMENT_DECLINED,
        MailKind.STAMPS_LOW,
        MailKind.STAMPS_USED_UP,
        MailKind.RFC_CHANGED,
        MailKind.DELETION_REQUESTED,
        MailKind.DELETION_DUE,
        MailKind.DELETION_CANCELED,
    }
)


@dataclass(frozen=True, slots=True)
class EmailCodeSent:
    """A code is on its way to the new e-mail, or a notice if that has an account, which is deliberately unspecified."""

    principal: Principal
    email: str


@dataclass(frozen=True, slots=True)
class OwnEmailChanged:
    principal: Principal


@dataclass(frozen=True, slots=True)
class EmailReverted:
    """The account has its old e-mail again, and neither sessions nor a password."""

    email: str


@dataclass(frozen=True, slots=True)
class EmailTaken:
    """Another account has the e-mail."""


class GoneError(Exception):
    """The account has changed since it was read, so everything is rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangeService:
    """With `conceal_accounts`, changeEmail does not reveal whether an e-mail has an account."""

    limiter: Limiter
    limits: Limits
    lockout: LoginLockout
    sessions: SessionService
    factors: SecondFactors
    actors: Actors
    conceal_accounts: bool = False
    clock: Clock = utc_now

    async def request(
        self, caller: Caller, email: str
    ) -> (
        EmailCodeSent
        | EmailTaken
        | InvalidInput
        | ReauthenticationRequired
        | RestrictedSession
        | NotAuthenticated
        | TooManyAttempts
    ):
        """Asks for a change, in place of one that was asked for before."""
        principal = await self.sessions.require_recent_proof(caller)
        if not isinstance(principal, Principal):
            return principal
        new = parse_email(email)
        if new is None:
            return InvalidInput((email_problem(email),))
        if new.address == principal.email:
            return InvalidInput((FieldProblem("email", FieldErrorCode.NOT_NEW, maximum=MAX_LENGTH),))
        async with self.limiter.tally() as tally:
            if throttled := await tally.hit(self.limits.change_email, str(principal.id)):
                return throttled
            taken = await Account.filter(email_key=new.key).exclude(id=principal.id).exists()
            if taken and not self.conceal_accounts:
                return EmailTaken()
            return await atomically(partial(self._ask, caller, principal, new))

    async def confirm(
        self, caller: Caller, code: str
    ) -> (
        OwnEmailChanged
        | InvalidConfirmationCode
        | EmailTaken
        | InvalidInput
        | RestrictedSession
        | NotAuthenticated
        | TooManyAttempts
    ):
        """Makes the change that the code belongs to. This session stays, and all others end."""
        principal = await self.sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        found = await self._find(caller, code)
        if not isinstance(found, EmailChange):
            return found
        if found.account_id != principal.id or found.changed_at is not None:
            return InvalidConfirmationCode()
        new = Email(found.new_email)
        try:
            await atomically(partial(self._change, caller, principal, found, new))
        except IntegrityError:  # the e-mail has got an account in the meantime
            return EmailTaken()
        except GoneError:
            return InvalidConfirmationCode()
        await self.limiter.clear(self.limits.recover_password_email, new.key)
        return OwnEmailChanged(principal)

    async def revert(
        self, caller: Caller, code: str
    ) -> EmailReverted | InvalidConfirmationCode | EmailTaken | InvalidInput | TooManyAttempts:
        """Takes back the change that the code belongs to, and every later one.

        Ends all sessions, passwords and passkeys, and what the second factor has got since, or in the week before:
        whoever made the change may have them. A deletion that was asked for is off, too.
        """
        found = await self._find(caller, code)
        if not isinstance(found, EmailChange):
            return found
        if found.changed_at is None:
            return InvalidConfirmationCode()
        old = Email(found.old_email)
        for _ in range(_TRIES):
            try:
                await atomically(partial(self._revert, caller, found, old))
            except IntegrityError:
                return EmailTaken()
            except GoneError:  # the code was used, or somebody changed the e-mail once more at this moment
                continue
            await self.limiter.clear(self.limits.recover_password_email, old.key)
            return EmailReverted(old.address)
        return InvalidConfirmationCode()

    async def pending(self, principal: Principal) -> str | None:
        """Returns the e-mail that waits for its code."""
        if principal.restricted:
            return None
        waiting = EmailChange.filter(open_key=str(principal.id), expires_at__gt=self.clock())
        change = await waiting.select_related("account").first()
        if change is None or change.password_generation != change.account.password_generation:
            return None
        return change.new_email

    async def _find(
        self, caller: Caller, code: str
    ) -> EmailChange | InvalidConfirmationCode | InvalidInput | TooManyAttempts:
        typed = parse_confirmation_code(code)
        if not isinstance(typed, str):
            return typed
        if throttled := await self.limiter.hit_client(self.limits.confirm_account, caller):
            return throttled
        valid = EmailChangeCode.filter(digest=digest(typed), expires_at__gt=self.clock())
        found = await valid.select_related("email_change").first()
        return found.email_change if found else InvalidConfirmationCode()

    async def _ask(
        self, caller: Caller, principal: Principal, new: Email
    ) -> EmailCodeSent | ReauthenticationRequired | NotAuthenticated:
        now, change_id = self.clock(), uuid4()
        await enqueue_for_email_change(MailKind.EMAIL_CODE, new.address, change_id, principal.id)
        account = await self.sessions.lock_proved(principal)
        if not isinstance(account, Account):
            await cancel_email_code(principal.id)
            return account
        await EmailChange.filter(open_key=str(account.id)).delete()
        await EmailChange.create(
            id=change_id,
            account_id=account.id,
            open_key=str(account.id),
            password_generation=account.password_generation,
            old_email=account.email,
            new_email=new.address,
            requested_at=now,
            expires_at=now + GIVE_UP_AFTER + CODE_LIFE,
        )
        await record(self.actors.of(caller), EventKind.EMAIL_CHANGE_REQUESTED, account.id)
        return EmailCodeSent(principal, new.address)

    async def _change(self, caller: Caller, principal: Principal, change: EmailChange, new: Email) -> None:
        old = Email(change.old_email)
        if new.key != old.key:
            await enqueue_for_email_change(MailKind.EMAIL_REPLACED, old.address, change.id, principal.id)
            await redirect_mails(old.key, new.key)
        account = await lock_of(principal.id, old.key)
        now = self.clock()
        made = EmailChange.filter(id=change.id, open_key=str(account.id))
        expires_at = now if new.key == old.key else now + GIVE_UP_AFTER + REVERTIBLE_FOR
        if not await made.filter(password_generation=account.password_generation).update(
            open_key=None, changed_at=now, expires_at=expires_at
        ):
            raise GoneError
        await EmailChangeCode.filter(email_change_id=change.id).delete()
        if new.key == old.key:  # only its spelling changes
            await respell(account, new)
        else:
            await move(account, new, self.lockout, keep=principal.session_id)
            if account.deletion_due_at:
                await pending_deletion.schedule(account, account.deletion_due_at, now)
        await record(self.actors.of(caller), EventKind.EMAIL_CHANGED, account.id)

    async def _revert(self, caller: Caller, change: EmailChange, old: Email) -> None:
        before = await Account.get_or_none(id=change.account_id)
        if before is None or change.changed_at is None:
            raise GoneError
        if before.email_key != old.key:
            await enqueue_to_address(MailKind.EMAIL_CHANGED, before.email, before.language)
            await redirect_mails(before.email_key, old.key)
        await cancel_email_code(before.id)
        await cancel(BEFORE_DELETION, old.key)
        await enqueue(MailKind.EMAIL_RESTORED, old.key)
        account = await lock_of(before.id, before.email_key)
        later = EmailChange.filter(account_id=account.id, changed_at__gte=change.changed_at)
        if not await EmailChange.filter(id=change.id).delete():
            raise GoneError
        await later.delete()
        await EmailChange.filter(open_key=str(account.id)).delete()
        account.password_hash = None
        await account.save(update_fields=["password_hash"])
        undone = [EventKind.EMAIL_REVERTED]
        if account.deletion_due_at:
            await pending_deletion.clear(account)
            undone.append(EventKind.DELETION_CANCELED)
        if await self.factors.forget_since(account, change.changed_at - REVERTIBLE_FOR):
            undone.append(EventKind.SECOND_FACTOR_REMOVED)
        await move(account, old, self.lockout)
        for kind in undone:
            await record(self.actors.of(caller), kind, account.id)
        await publish(account.id, EventType.PASSWORD_CHANGED)


async def lock_of(account_id: UUID, email_key: str) -> Account:
    """Locks the account, in the caller's transaction. Raises GoneError unless it still has this e-mail."""
    account = await Account.select_for_update().get_or_none(id=account_id, email_key=email_key)
    if account is None:
        raise GoneError
    return account


async def redirect_mails(old_key: str, new_key: str) -> None:
    """Cancels what is owed to both e-mails, except what the account is to hear at its new one.

    Registrations of the new e-mail are deleted, as if one of them had been confirmed. In the caller's transaction.
    """
    waiting = await Delivery.filter(email_key=old_key, pending_key__isnull=False)
    names = {delivery.kind for delivery in waiting}
    await cancel(_OF_AN_EMAIL, old_key)
    await cancel(_OF_AN_EMAIL, new_key)
    for kind in _FOLLOWING:
        if kind.value in names:
            await enqueue(kind, new_key)
    await Registration.filter(email_key=new_key).delete()


async def move(account: Account, new: Email, lockout: LoginLockout, *, keep: UUID | None = None) -> int:
    """Gives a locked account another e-mail, in the caller's transaction. Raises IntegrityError if it is taken.

    Ends its mailed passwords and export link, every login in progress, and its sessions except the one to `keep`.
    Returns how many sessions ended.
    """
    sessions = await Session.filter(account_id=account.id).exclude(id=keep).delete()
    await MailedPassword.filter(account_id=account.id).delete()
    await ExportLink.filter(account_id=account.id).delete()
    await ConfirmedCode.filter(account_id=account.id).delete()  # a repeated code would show the new e-mail
    account.email, account.email_key = new.address, new.key
    account.password_generation += 1  # ends what was verified before and is written later
    await account.save(update_fields=["email", "email_key", "password_generation"])
    await lockout.reset(new.key)
    await publish(account.id, EventType.ACCOUNT_UPDATED, Details(changed=(AccountField.EMAIL,)))
    if sessions:
        await publish(account.id, EventType.SESSIONS_REVOKED)
    return sessions


async def respell(account: Account, new: Email) -> None:
    """Changes only the spelling of an account's e-mail, in the caller's transaction."""
    await Account.filter(id=account.id).update(email=new.address)
    await publish(account.id, EventType.ACCOUNT_UPDATED, Details(changed=(AccountField.EMAIL,)))
