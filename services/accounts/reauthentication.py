"""Asks the owner of a session for a proof again, for mutations that need a recent one."""

from dataclasses import dataclass, field
from functools import partial

from models.account import Account
from models.transactions import atomically
from services.accounts.factor_codes import verify_code
from services.accounts.hashing import Hasher
from services.accounts.passkey_proofs import PasskeyProofs, incorrect
from services.accounts.password_policy import is_missing, typed_password
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
    PasswordChangeRequired,
    TooManyAttempts,
)
from services.factors.passkey_answers import parse_answer
from services.factors.passkeys import AcceptedPasskey, RefusedPasskey
from services.factors.second_factors import INCORRECT, ProofWay, SecondFactors, WrongCode, code_problem


@dataclass(frozen=True, slots=True)
class Proof:
    """A password, a code of the second factor, or the answer of a passkey."""

    password: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)
    passkey: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reauthenticated:
    principal: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReauthenticationService:
    hasher: Hasher
    factors: SecondFactors
    passkeys: PasskeyProofs
    limiter: Limiter
    limits: Limits
    sessions: SessionService
    actors: Actors
    clock: Clock = utc_now

    async def reauthenticate(
        self, caller: Caller, proof: Proof
    ) -> (
        Reauthenticated
        | InvalidInput
        | ReauthenticationRequired
        | PasswordChangeRequired
        | NotAuthenticated
        | TooManyAttempts
    ):
        """Returns ReauthenticationRequired with the ways that the account has, if this proof is none of them."""
        principal = await self.sessions.require_own_password(caller)
        if not isinstance(principal, Principal):
            return principal
        ways = await principal.proof_ways()
        checked: AcceptedPasskey | InvalidInput | TooManyAttempts | None
        if proof.passkey is not None and ProofWay.PASSKEY in ways:
            checked = await self._check_passkey(caller, principal, proof.passkey)
        elif proof.code is not None and principal.second_factor_since:
            checked = await self._check_code(caller, principal, proof.code)
        elif proof.password is not None and ProofWay.PASSWORD in ways:
            checked = await self._check_password(caller, principal, proof.password)
        else:
            return ReauthenticationRequired(ways)
        if isinstance(checked, InvalidInput | TooManyAttempts):
            return checked
        proved = await self.sessions.prove(principal, checked)
        if not isinstance(proved, Principal):
            return proved
        await self._record(caller, proved, EventKind.REAUTHENTICATED)
        return Reauthenticated(proved)

    async def _check_password(
        self, caller: Caller, principal: Principal, password: str
    ) -> InvalidInput | TooManyAttempts | None:
        """Wrong passwords count together with those of changePassword: whoever holds the session could try either."""
        typed = typed_password(password)
        if is_missing(typed):
            return InvalidInput((FieldProblem("password", FieldErrorCode.MISSING),))
        async with self.limiter.tally() as tally:
            if throttled := await tally.hit(self.limits.current_password, str(principal.id)):
                return throttled
            account = await Account.get_or_none(id=principal.id)
            verified = await self.hasher.verify(account.password_hash if account else None, typed)
            if not verified:
                await self._record(caller, principal, EventKind.REAUTHENTICATION_FAILED)
                return InvalidInput((FieldProblem("password", FieldErrorCode.INCORRECT),))
            await tally.refund()
            if isinstance(verified, TooManyAttempts):
                return verified
        await self.limiter.clear(self.limits.current_password, str(principal.id))
        return None

    async def _check_code(
        self, caller: Caller, principal: Principal, code: str
    ) -> InvalidInput | TooManyAttempts | None:
        """Wrong codes count together with those of verifySecondFactor."""
        if problem := code_problem(code):
            return InvalidInput((problem,))
        async with self.limiter.tally() as tally:
            if throttled := await tally.hit(self.limits.second_factor, str(principal.id)):
                return throttled

            actor, now = self.actors.of(caller), self.clock()
            verify = partial(verify_code, self.factors, actor, principal.id, principal.email_key, code, now)
            if isinstance(await atomically(verify), WrongCode):
                await self._record(caller, principal, EventKind.REAUTHENTICATION_FAILED)
                return INCORRECT
            await tally.refund()
        return None

    async def _check_passkey(
        self, caller: Caller, principal: Principal, credential: str
    ) -> AcceptedPasskey | InvalidInput | TooManyAttempts:
        """A passkey that does not verify counts together with wrong codes."""
        answer = parse_answer(credential, "passkey")
        if isinstance(answer, FieldProblem):
            return InvalidInput((answer,))
        async with self.limiter.tally() as tally:
            if throttled := await tally.hit(self.limits.second_factor, str(principal.id)):
                return throttled
            accepted = await self.passkeys.proof(caller, answer, principal)
            if isinstance(accepted, RefusedPasskey):
                await self._record(caller, principal, EventKind.REAUTHENTICATION_FAILED)
                return incorrect("passkey")
            await tally.refund()
        return accepted

    async def _record(self, caller: Caller, principal: Principal, kind: EventKind) -> None:
        await record(self.actors.of(caller), kind, principal.id, subject=principal.session_id)
