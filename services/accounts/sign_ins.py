"""The end of every login: opens the session, and mails the owner about a sign-in that may be a stranger's.

docs/decisions/0057-mails-about-sign-ins.md says which these are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.account import Account
from services.accounts.lockout import LoginAttempt, LoginLockout, Success
from services.accounts.sessions import LoggedIn, SessionService
from services.audit.actors import Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.devices import device_of
from services.mail.outbox import MailKind, count_about_sign_ins, enqueue_about_sign_in
from services.mail.sign_in_facts import SignInFacts

MANY_FAILURES = 5  # as many as lead to a captcha
MAX_MAILS = 5  # within an hour, to one account
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SignIns:
    sessions: SessionService
    lockout: LoginLockout
    actors: Actors
    clock: Clock = utc_now

    async def complete(
        self,
        caller: Caller,
        account: Account,
        attempt: LoginAttempt,
        *,
        step: str | None = None,
        proved: bool = True,
        restricted_until: datetime | None = None,
    ) -> LoggedIn:
        """Opens a session, in the caller's transaction, which has locked the account.

        `step` is what came after the password, or a passkey alone, for the audit trail. A session with
        `restricted_until` is that of a mailed password, about whose use there is a mail already.
        """
        opened = await self.sessions.open(caller, account, proved=proved, restricted_until=restricted_until)
        success = await self.lockout.record_success(attempt, account.email_key, caller)
        kind = _mail_about(success, account) if restricted_until is None else None
        if kind:
            await self._mail(kind, caller, account, success)
        if not account.devices_known:
            account.devices_known = True
            await account.save(update_fields=["devices_known"])
        details = ("mailed password" if restricted_until else None, step, kind and _DETAILS[kind])
        await record(
            self.actors.of(caller),
            EventKind.SIGNED_IN,
            account.id,
            subject=opened.principal.session_id,
            detail=", ".join(detail for detail in details if detail) or None,
        )
        return opened

    async def _mail(self, kind: MailKind, caller: Caller, account: Account, success: Success) -> None:
        now, device = self.clock(), device_of(caller.user_agent)
        if await count_about_sign_ins(account.email_key, now - _HOUR) < MAX_MAILS:
            facts = SignInFacts(now, device.browser, device.system, success.failures)
            await enqueue_about_sign_in(kind, account.email_key, facts)


_DETAILS = {MailKind.SIGN_IN_AFTER_FAILURES: "after failures", MailKind.NEW_DEVICE: "new device"}


def _mail_about(success: Success, account: Account) -> MailKind | None:
    if success.failures >= MANY_FAILURES:
        return MailKind.SIGN_IN_AFTER_FAILURES
    return MailKind.NEW_DEVICE if account.devices_known and not success.familiar else None
