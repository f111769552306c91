"""Accepts the answers of passkeys, and tells the owner if one may have been copied."""

from dataclasses import dataclass
from functools import partial

from models.account import Account
from models.login_challenge import LoginChallenge
from models.transactions import atomically
from services.accounts.sessions import Principal
from services.audit.actors import Actor, Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.outcomes import FieldErrorCode, InvalidInput
from services.factors.passkey_answers import Answer, answer_problem
from services.factors.passkeys import AcceptedPasskey, Passkeys, Purpose, RefusedPasskey
from services.mail.outbox import MailKind, enqueue


def incorrect(field: str) -> InvalidInput:
    """Unknown or removed passkey, wrong signature, or expired challenge; deliberately unspecified."""
    return InvalidInput((answer_problem(field, FieldErrorCode.INCORRECT),))


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyProofs:
    passkeys: Passkeys
    actors: Actors
    clock: Clock = utc_now

    async def sign_in(self, caller: Caller, answer: Answer) -> AcceptedPasskey | RefusedPasskey:
        return await self._tell(caller, await self.passkeys.accept(answer, Purpose.SIGN_IN, self.clock()))

    async def second_step(
        self, caller: Caller, answer: Answer, login: LoginChallenge
    ) -> AcceptedPasskey | RefusedPasskey:
        accepted = await self.passkeys.accept(
            answer, Purpose.SECOND_STEP, self.clock(), account_id=login.account_id, login=login.digest
        )
        return await self._tell(caller, accepted)

    async def proof(self, caller: Caller, answer: Answer, principal: Principal) -> AcceptedPasskey | RefusedPasskey:
        accepted = await self.passkeys.accept(
            answer, Purpose.PROOF, self.clock(), account_id=principal.id, session_id=principal.session_id
        )
        return await self._tell(caller, accepted)

    async def _tell(
        self, caller: Caller, outcome: AcceptedPasskey | RefusedPasskey
    ) -> AcceptedPasskey | RefusedPasskey:
        if isinstance(outcome, RefusedPasskey) and outcome.account and outcome.regressed:
            await atomically(partial(_report_copy, self.actors.of(caller), outcome.account))
        return outcome


async def _report_copy(actor: Actor, account: Account) -> None:
    await enqueue(MailKind.PASSKEY_REFUSED, account.email_key)
    await record(actor, EventKind.PASSKEY_REFUSED, account.id)
