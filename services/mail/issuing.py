"""Generates the secrets that mails carry."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.common.secrets import digest, generate
from services.mail.letters import MailContent, Secret
from services.mail.outbox import Claim

CODE_LENGTH = 40  # 198 bits
CODE_LIFE = timedelta(hours=24)
MAILED_PASSWORD_LENGTH = 24  # 118 bits
MAILED_PASSWORD_LIFE = timedelta(hours=24)
_GROUP_LENGTH = 6  # characters of a mailed password between hyphens
MAILED_PASSWORD_GROUPS = (_GROUP_LENGTH, MAILED_PASSWORD_LENGTH // _GROUP_LENGTH)  # their length and number

REVERTIBLE_FOR = timedelta(days=7)
EXPORT_LIFE = timedelta(hours=1)
_LENGTHS = {
    Secret.CODE: CODE_LENGTH,
    Secret.PASSWORD: MAILED_PASSWORD_LENGTH,
    Secret.EMAIL_CODE: CODE_LENGTH,
    Secret.REVERTING_CODE: CODE_LENGTH,
    Secret.EXPORT_TOKEN: CODE_LENGTH,
}
LIVES = {
    Secret.CODE: CODE_LIFE,
    Secret.PASSWORD: MAILED_PASSWORD_LIFE,
    Secret.EMAIL_CODE: CODE_LIFE,
    Secret.REVERTING_CODE: REVERTIBLE_FOR,
    Secret.EXPORT_TOKEN: EXPORT_LIFE,
}


@dataclass(frozen=True, slots=True)
class Issue:
    """What is stored when a mail leaves: the digest of its secret, or nothing of a notice."""

    claim: Claim
    secret: Secret | None
    owner: UUID | None
    digest: str | None


def generate_secret(claim: Claim, content: MailContent) -> tuple[str | None, Issue]:
    """Returns a secret as the mail shows it, and what is to be stored of it. None and nothing for a notice."""
    if content.secret is None:
        return None, Issue(claim, None, None, None)
    text = generate(_LENGTHS[content.secret])
    issue = Issue(claim, content.secret, content.owner, digest(text))
    return _in_groups(text) if content.secret is Secret.PASSWORD else text, issue


def _in_groups(password: str) -> str:
    return "-".join(password[start : start + _GROUP_LENGTH] for start in range(0, len(password), _GROUP_LENGTH))
