"""Changes the RFC of an account: by its owner while nothing hangs on it, afterwards only by an operator."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from models.account import Account
from models.company import Company
from models.invoice_reservation import InvoiceReservation
from models.payment import Payment
from models.transactions import atomically
from services.accounts.recent_proof import ReauthenticationRequired, UnprovedError
from services.accounts.rfc import COMPANY_LENGTH, PERSON_LENGTH, Rfc, parse_rfc
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actor, Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.outcomes import (
    FieldErrorCode,
    FieldProblem,
    InvalidInput,
    NotAuthenticated,
    RestrictedSession,
)
from services.events.facts import AccountField, Details, EventType
from services.events.publishing import publish
from services.mail.outbox import MailKind, enqueue


@dataclass(frozen=True, slots=True)
class RfcChanged:
    """`company_outdated`: step 3 has to be done again, since the taxpayer is of another type."""

    old: str
    new: str
    company_outdated: bool


@dataclass(frozen=True, slots=True)
class OwnRfcChanged:
    principal: Principal


@dataclass(frozen=True, slots=True)
class RfcInUse:
    """Something was paid or invoiced under the RFC, so that only an operator may change it."""


class UnchangedError(Exception):
    """Nothing is left to change, so the mail is rolled back."""


class _InUseError(Exception):
    """The RFC must stay, so the mail is rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RfcChangeService:
    sessions: SessionService
    actors: Actors

    async def change(
        self, caller: Caller, rfc: str
    ) -> OwnRfcChanged | RfcInUse | InvalidInput | ReauthenticationRequired | RestrictedSession | NotAuthenticated:
        principal = await self.sessions.require_recent_proof(caller)
        if not isinstance(principal, Principal):
            return principal
        parsed = parse_rfc(rfc)
        if not isinstance(parsed, Rfc):
            return InvalidInput((FieldProblem.of("rfc", parsed, COMPANY_LENGTH, PERSON_LENGTH),))
        try:
            await atomically(partial(self._change, caller, principal, parsed))
        except UnprovedError as error:
            return error.refusal
        except _InUseError:
            return RfcInUse()
        except UnchangedError:
            return InvalidInput((FieldProblem("rfc", FieldErrorCode.NOT_NEW, COMPANY_LENGTH, PERSON_LENGTH),))
        return OwnRfcChanged(principal)

    async def _change(self, caller: Caller, principal: Principal, rfc: Rfc) -> None:
        await enqueue(MailKind.RFC_CHANGED, principal.email_key)
        account = await self.sessions.lock_proved_or_raise(principal)
        await change_rfc(self.actors.of(caller), account, rfc)
        if await _is_used(account.id):
            raise _InUseError


async def change_rfc(actor: Actor, account: Account, rfc: Rfc) -> RfcChanged:
    """Changes the RFC of a locked account, in the caller's transaction, which has enqueued the mail before.

    Raises UnchangedError.
    """
    if account.rfc == rfc.text:
        raise UnchangedError
    old = Rfc(account.rfc)
    account.rfc = rfc.text
    changed = [AccountField.RFC]
    if old.taxpayer_type is not rfc.taxpayer_type and await Company.exists(account_id=account.id):
        account.company_outdated = True
        changed.append(AccountField.COMPANY)
    await account.save(update_fields=["rfc", "company_outdated"])
    await record(actor, EventKind.RFC_CHANGED, account.id)
    await publish(account.id, EventType.ACCOUNT_UPDATED, Details(changed=tuple(changed)))
    return RfcChanged(old.text, rfc.text, account.company_outdated)


async def _is_used(account_id: UUID) -> bool:
    """Whether money ever moved, or an invoice was ever reserved. Exact only while the account is locked."""
    moved = Payment.filter(account_id=account_id, paid_at__isnull=False)
    return await moved.exists() or await InvoiceReservation.filter(account_id=account_id).exists()
