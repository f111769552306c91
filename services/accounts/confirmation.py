"""The transaction of step 2: a mailed code turns its registration into an account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from models.account import Account
from models.confirmation_code import ConfirmationCode
from models.confirmed_code import ConfirmedCode
from models.privacy_acceptance import PrivacyAcceptance
from models.registration import Registration
from services.accounts.onboarding import Event, Stage, transition
from services.mail.outbox import MailKind, cancel


@dataclass(frozen=True, slots=True)
class Redeemed:
    """`again` if the account already existed, so that nothing was done."""

    account_id: UUID
    email: str
    email_key: str
    again: bool


async def redeem(code_digest: str, now: datetime) -> Redeemed | None:
    """Creates the account, once, and deletes the e-mail's other registrations, in the caller's transaction.

    Any code of the registration that became the account gives the same result until it expires. Any other code
    returns None.
    """
    code = await ConfirmationCode.get_or_none(digest=code_digest, expires_at__gt=now).select_related("registration")
    if code is None:
        return await redeemed_before(code_digest, now)
    email_key = code.registration.email_key
    account = await confirm(email_key, code.registration_id, now)
    if account is None:
        return await redeemed_before(code_digest, now)
    return Redeemed(account.id, account.email, email_key, again=False)


async def confirm(email_key: str, registration_id: UUID, now: datetime) -> Account | None:
    """Turns a registration into the account of its e-mail, in the caller's transaction. None if it is gone.

    Raises IntegrityError if the e-mail has an account.
    """
    await cancel((MailKind.CONFIRMATION, MailKind.RECOVERY), email_key)
    rivals = await Registration.filter(email_key=email_key).order_by("id").select_for_update()
    # Read again: since it was found, it may have got another RFC or become an account.
    registration = next((rival for rival in rivals if rival.id == registration_id), None)
    return await _make_account(registration, now) if registration else None


async def redeemed_before(code_digest: str, now: datetime) -> Redeemed | None:
    code = await ConfirmedCode.get_or_none(digest=code_digest, expires_at__gt=now).select_related("account")
    return Redeemed(code.account_id, code.account.email, code.account.email_key, again=True) if code else None


async def _make_account(registration: Registration, now: datetime) -> Account:
    codes = await ConfirmationCode.filter(registration_id=registration.id)
    account = await Account.create(
        id=uuid4(),
        email_key=registration.email_key,
        email=registration.email,
        rfc=registration.rfc,
        password_hash=registration.password_hash,
        language=registration.language,
        created_at=registration.created_at,
        confirmed_at=now,
        updated_at=now,
        stage=transition(Stage.REGISTERED, Event.CONFIRMED).value,
    )
    await ConfirmedCode.bulk_create(
        ConfirmedCode(digest=code.digest, account_id=account.id, expires_at=code.expires_at) for code in codes
    )
    if version := registration.privacy_notice:
        await PrivacyAcceptance.create(
            id=uuid4(), account_id=account.id, version=version, accepted_at=registration.created_at
        )
    await Registration.filter(email_key=registration.email_key).delete()
    return account
