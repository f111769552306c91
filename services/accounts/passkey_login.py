"""Login with a passkey: without a password, and without an e-mail, which the passkey stands for.

A passkey with user verification is two factors in one, so that this opens the session also of an account with a second
factor. It cannot be guessed, so that a bucket which wrong passwords have locked does not refuse it.
"""

from dataclasses import dataclass, replace
from functools import partial

from models.account import Account
from models.transactions import atomically
from services.accounts.device_name import parse_device_name
from services.accounts.lockout import LoginAttempt, LoginLockout
from services.accounts.passkey_proofs import PasskeyProofs, incorrect
from services.accounts.sessions import LoggedIn, SessionService
from services.accounts.sign_ins import SignIns
from services.audit.actors import Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.limits import Limiter, Limits
from services.common.outcomes import FieldProblem, InvalidInput, TooManyAttempts
from services.factors.passkey_answers import Answer, parse_answer
from services.factors.passkeys import AcceptedPasskey, PasskeyOptions, Passkeys, RefusedPasskey
from services.factors.second_factors import ProofWay


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyLoginService:
    limiter: Limiter
    limits: Limits
    lockout: LoginLockout
    sessions: SessionService
    sign_ins: SignIns
    passkeys: Passkeys
    proofs: PasskeyProofs
    actors: Actors
    clock: Clock = utc_now

    async def begin(self, caller: Caller) -> PasskeyOptions | TooManyAttempts:
        """Returns options that are the same for everybody but for the challenge."""
        if throttled := await self.limiter.hit_client(self.limits.passkey_options, caller):
            return throttled
        return await self.passkeys.begin_sign_in(self.clock())

    async def login(
        self, caller: Caller, credential: str, device_name: str | None
    ) -> LoggedIn | InvalidInput | TooManyAttempts:
        """Opens a session, and ends the one that the caller was signed in with."""
        name, answer = parse_device_name(device_name or ""), parse_answer(credential, "credential")
        if isinstance(name, FieldProblem) or isinstance(answer, FieldProblem):
            return InvalidInput(tuple(each for each in (answer, name) if isinstance(each, FieldProblem)))
        caller = replace(caller, device_name=name)
        async with self.limiter.tally() as tally:
            (throttled,) = await tally.hit_all((self.limits.login, caller))
            if throttled:
                return throttled
            opened = await self._try(caller, answer)
            if opened:
                await tally.refund()
        if opened is None:
            return incorrect("credential")
        await self.sessions.logout(caller)
        return opened

    async def _try(self, caller: Caller, answer: Answer) -> LoggedIn | None:
        accepted = await self.proofs.sign_in(caller, answer)
        if isinstance(accepted, RefusedPasskey):
            if accepted.account:
                await self._fail(caller, accepted.account)
            return None
        async with self.lockout.attempt(accepted.email_key, caller) as attempt:
            opened = await atomically(partial(self._open, caller, accepted, attempt))
            if opened is None:
                await self.lockout.withdraw(attempt)
            return opened

    async def _open(self, caller: Caller, accepted: AcceptedPasskey, attempt: LoginAttempt) -> LoggedIn | None:
        """None if the passkey was removed in the meantime, or ends with a second factor that an operator ended."""
        account = await Account.select_for_update().get_or_none(id=accepted.account_id)
        if account is None or not await accepted.exists():
            return None
        if account.second_factor_ends_at:
            if account.second_factor_ends_at <= self.clock():
                return None
            account.second_factor_ends_at = None  # its owner still has a passkey
            await account.save(update_fields=["second_factor_ends_at"])
        return await self.sign_ins.complete(caller, account, attempt, step=ProofWay.PASSKEY.value)

    async def _fail(self, caller: Caller, account: Account) -> None:
        await record(self.actors.of(caller), EventKind.SIGN_IN_FAILED, account.id, detail="wrong passkey")
