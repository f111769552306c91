"""Issues the secrets of mails, once a mail server has accepted their recipients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.transactions import in_transaction

from models.sql import among, fetch, is_sqlite
from services.common.clock import utc_now
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
_LIVES = {
    Secret.CODE: CODE_LIFE,
    Secret.PASSWORD: MAILED_PASSWORD_LIFE,
    Secret.EMAIL_CODE: CODE_LIFE,
    Secret.REVERTING_CODE: REVERTIBLE_FOR,
    Secret.EXPORT_TOKEN: EXPORT_LIFE,
}
_OWNERS = {
    "confirmation_code": "registration",
    "mailed_password": "account",
    "email_change_code": "email_change",
    "export_link": "account",
}
_REPLACING = {
    "export_link": "ON CONFLICT (account_id) DO UPDATE"
    " SET digest = excluded.digest, expires_at = excluded.expires_at, claimed_until = NULL"
}
"""What a new secret does to an earlier one of its owner, in tables that keep only one."""
_TABLES = {
    Secret.CODE: "confirmation_code",
    Secret.PASSWORD: "mailed_password",
    Secret.EMAIL_CODE: "email_change_code",
    Secret.REVERTING_CODE: "email_change_code",
    Secret.EXPORT_TOKEN: "export_link",
}

_HOLD = "SELECT id FROM delivery WHERE id = ANY($1) AND lease = ANY($2)"


def _insertion(table: str, owner: str, first: int) -> str:
    """Returns the part of `_ISSUE` for one table, whose four arrays are the parameters from `first` on."""
    return f"""
{table}_insertion AS (
  INSERT INTO {table} (digest, {owner}_id, expires_at)
  SELECT secret.digest, {owner}.id, secret.expires_at
  FROM unnest(${first}::text[], ${first + 1}::uuid[], ${first + 2}::uuid[], ${first + 3}::timestamptz[])
    AS secret (digest, owner, delivery, expires_at)
  JOIN held ON held.id = secret.delivery JOIN {owner} ON {owner}.id = secret.owner
  {_REPLACING.get(table, "")} RETURNING digest
)"""  # noqa: S608  # constants


# One statement of PostgreSQL, and so one commit. It locks the rows of the outbox before the owners of the secrets,
# which the foreign keys lock at its end. An owner who is gone gets no secret.
_ISSUE = "\n".join(
    (
        f"WITH held AS MATERIALIZED ({_HOLD} ORDER BY id FOR UPDATE),",
        ",".join(_insertion(table, owner, 3 + 4 * number) for number, (table, owner) in enumerate(_OWNERS.items())),
        "SELECT id, NULL AS digest FROM held",
        *(f"UNION ALL SELECT NULL, digest FROM {table}_insertion" for table in _OWNERS),  # noqa: S608  # constants
    )
)
_ISSUE_ONE = {
    table: f"INSERT INTO {table} (digest, {owner}_id, expires_at)"  # noqa: S608  # constants
    f" SELECT $1, id, $2 FROM {owner} WHERE id = $3 {_REPLACING.get(table, '')} RETURNING digest"
    for table, owner in _OWNERS.items()
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


async def store(issues: Sequence[Issue]) -> list[bool]:
    """Stores the digests in one transaction, in which it holds the leases. False if one is lost, or the owner is gone.

    So whatever cancels a mail first prevents its secret, too.
    """
    held, digests = await (_store_in_transaction if is_sqlite() else _store)(issues, utc_now())
    return [each.claim.id in held and (each.digest is None or each.digest in digests) for each in issues]


async def _store(issues: Sequence[Issue], now: datetime) -> tuple[set[object], set[object]]:
    """Returns the ids of the mails whose leases are held, and the digests that were stored."""
    values: list[object] = []
    for table in _OWNERS:
        of_table = [(each, each.secret) for each in issues if each.secret and _TABLES[each.secret] == table]
        values += ([each.digest for each, _ in of_table], [each.owner for each, _ in of_table])
        values += ([each.claim.id for each, _ in of_table], [now + _LIVES[secret] for _, secret in of_table])
    claims = [each.claim for each in issues]
    rows = await fetch(_ISSUE, [claim.id for claim in claims], [claim.lease for claim in claims], *values)
    return {row["id"] for row in rows}, {row["digest"] for row in rows}


async def _store_in_transaction(issues: Sequence[Issue], now: datetime) -> tuple[set[object], set[object]]:
    """Does the same in SQLite, which has no INSERT within a SELECT."""
    digests: set[object] = set()
    claims = [each.claim for each in issues]
    async with in_transaction():
        rows = await fetch(_HOLD, among(claim.id for claim in claims), among(claim.lease for claim in claims))
        held: set[object] = {UUID(row["id"]) for row in rows}
        for each in issues:
            if each.secret and each.claim.id in held:
                values = (each.digest, now + _LIVES[each.secret], str(each.owner))
                digests.update(row["digest"] for row in await fetch(_ISSUE_ONE[_TABLES[each.secret]], *values))
    return held, digests


def _in_groups(password: str) -> str:
    return "-".join(password[start : start + _GROUP_LENGTH] for start in range(0, len(password), _GROUP_LENGTH))
