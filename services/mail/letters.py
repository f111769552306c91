"""Who gets a mail of some kind, what it says, and the secret that is minted when it leaves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from models.account import Account
from models.confirmation_code import ConfirmationCode
from models.mailed_password import MailedPassword
from models.registration import Registration
from services.language import Language
from services.mail.outbox import Kind
from services.secrets import digest, mint

CODE_LENGTH = 40  # 198 bits
CODE_LIFE = timedelta(hours=24)
MAILED_PASSWORD_LENGTH = 24  # 118 bits
MAILED_PASSWORD_LIFE = timedelta(hours=24)


class Letter(Protocol):
    """A mail before it is written. `template` names its files and its texts; `values` hold no secret."""

    @property
    def email(self) -> str: ...

    @property
    def language(self) -> Language: ...

    @property
    def template(self) -> str: ...

    @property
    def values(self) -> dict[str, str]: ...

    async def mint(self, now: datetime) -> str | None:
        """Makes the mail's secret and keeps its digest, in the caller's transaction."""


async def letter_for(kind: Kind, email_key: str) -> Letter | None:
    """None where nobody is to be written to: an unknown e-mail, or one whose state has moved on."""
    account = await Account.get_or_none(email_key=email_key)
    if account:
        match kind:
            case Kind.CONFIRMATION:
                return None
            case Kind.RECOVERY:
                return _MailedPasswordLetter(account)
            case _:
                return _Notice(account, kind)
    if kind in {Kind.CONFIRMATION, Kind.RECOVERY}:
        registration = await Registration.filter(email_key=email_key).order_by("-created_at").first()
        return _CodeLetter(registration, recovering=kind is Kind.RECOVERY) if registration else None
    return None


@dataclass(frozen=True)
class _CodeLetter:
    """The confirmation code; with `recovering` for somebody who asked for a password before having confirmed."""

    registration: Registration
    recovering: bool

    @property
    def email(self) -> str:
        return self.registration.email

    @property
    def language(self) -> Language:
        return Language(self.registration.language)

    @property
    def template(self) -> str:
        return "unconfirmed" if self.recovering else "confirmation"

    @property
    def values(self) -> dict[str, str]:
        return {"user": self.registration.email, "rfc": self.registration.rfc}

    async def mint(self, now: datetime) -> str:
        code = mint(CODE_LENGTH)
        await ConfirmationCode.create(
            digest=digest(code), registration_id=self.registration.id, expires_at=now + CODE_LIFE
        )
        return code


@dataclass(frozen=True)
class _MailedPasswordLetter:
    account: Account
    template: str = "recovery"

    @property
    def email(self) -> str:
        return self.account.email

    @property
    def language(self) -> Language:
        return Language(self.account.language)

    @property
    def values(self) -> dict[str, str]:
        return {"user": self.account.email, "rfc": self.account.rfc}

    async def mint(self, now: datetime) -> str:
        password = mint(MAILED_PASSWORD_LENGTH)
        await MailedPassword.create(
            digest=digest(password), account_id=self.account.id, expires_at=now + MAILED_PASSWORD_LIFE
        )
        return "-".join(password[start : start + 6] for start in range(0, MAILED_PASSWORD_LENGTH, 6))


@dataclass(frozen=True)
class _Notice:
    account: Account
    kind: Kind

    @property
    def email(self) -> str:
        return self.account.email

    @property
    def language(self) -> Language:
        return Language(self.account.language)

    @property
    def template(self) -> str:
        return self.kind.value

    @property
    def values(self) -> dict[str, str]:
        return {"user": self.account.email}

    async def mint(self, now: datetime) -> None:
        del now
