"""Records what a worker does: for all of its senders with one statement, and so one commit.

A mail is recorded twice: just before it leaves, when a mail server has accepted its recipient, and after it was sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from tortoise.transactions import in_transaction

from models.sql import among, fetch, is_sqlite
from services.common.clock import utc_now
from services.mail.issuing import LIVES, Issue
from services.mail.letters import Secret
from services.mail.outbox import Claim, held, holds

_TABLES = {
    Secret.CODE: "confirmation_code",
    Secret.PASSWORD: "mailed_password",
    Secret.EMAIL_CODE: "email_change_code",
    Secret.REVERTING_CODE: "email_change_code",
    Secret.EXPORT_TOKEN: "export_link",
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

_HOLD = f"SELECT id, lease FROM delivery WHERE {holds()}"  # noqa: S608  # constants
_MARK_MAILED = "UPDATE registration SET mailed_at = $2 WHERE id = ANY($1)"
_ISSUE = {
    table: f"INSERT INTO {table} (digest, {owner}_id, expires_at)"  # noqa: S608  # constants
    f" SELECT $1, id, $2 FROM {owner} WHERE id = $3 {_REPLACING.get(table, '')} RETURNING digest"
    for table, owner in _OWNERS.items()
}

_Leases = dict[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Sent:
    """Says that a mail server has accepted the mail."""

    claim: Claim


async def record(entries: Sequence[Issue | Sent]) -> list[bool]:
    """Stores the digests of mails that leave, and ends the rows of those that were sent, in one transaction.

    It holds the leases of mails that leave: False if one is lost, or its owner is gone. So whatever cancels a mail
    first prevents its secret, too. A registration also records when it last got a mail.
    """
    issues = [each for each in entries if isinstance(each, Issue)]
    sent = [each.claim for each in entries if isinstance(each, Sent)]
    leases, digests = await (_record_in_sqlite if is_sqlite() else _record)(issues, sent, utc_now())
    return [
        isinstance(each, Sent)
        or (leases.get(each.claim.id) == each.claim.lease and (each.digest is None or each.digest in digests))
        for each in entries
    ]


async def _record(issues: Sequence[Issue], sent: Sequence[Claim], now: datetime) -> tuple[_Leases, set[object]]:
    """Returns the leases that are held, by the mails' ids, and the digests that were stored."""
    by_table: dict[str, list[tuple[Issue, Secret]]] = {}
    for each in issues:
        if each.secret:
            by_table.setdefault(_TABLES[each.secret], []).append((each, each.secret))
    values: list[object] = [*held([each.claim for each in issues]), *held(sent), now]
    for _, of_table in sorted(by_table.items()):
        values += ([each.digest for each, _ in of_table], [each.owner for each, _ in of_table])
        values += ([each.claim.id for each, _ in of_table], [now + LIVES[secret] for _, secret in of_table])
    rows = await fetch(_statement(*sorted(by_table)), *values)
    return {row["id"]: row["lease"] for row in rows}, {row["digest"] for row in rows}


@cache
def _statement(*tables: str) -> str:
    """Returns the statement that stores digests in these tables.

    It locks the rows of the outbox before the owners of the secrets, which the foreign keys lock at its end. An owner
    who is gone gets no secret.
    """
    parts = [
        f"held AS MATERIALIZED ({_HOLD} ORDER BY id FOR UPDATE)",
        *(_insertion(table, 6 + 4 * number) for number, table in enumerate(tables)),
        f"ended AS ({_end(3)} RETURNING registration_id)",
        "mailed AS (UPDATE registration SET mailed_at = $5 FROM ended WHERE registration.id = ended.registration_id)",
    ]
    results = ["SELECT id, lease, NULL AS digest FROM held"]
    results += [f"SELECT NULL, NULL, digest FROM {table}_insertion" for table in tables]  # noqa: S608  # constants
    return f"WITH {', '.join(parts)} {' UNION ALL '.join(results)}"


def _end(first: int) -> str:
    """Returns the statement that ends rows. `held`, and the time, are the parameters from `first` on."""
    return f"""
UPDATE delivery SET pending_key = NULL, lease = NULL, finished_at = ${first + 2}, outcome = 'delivered', reason = NULL
WHERE {holds(first)}"""  # noqa: S608  # constants


def _insertion(table: str, first: int) -> str:
    """Returns the part of a statement for one table, whose four arrays are the parameters from `first` on."""
    owner = _OWNERS[table]
    return f"""
{table}_insertion AS (
  INSERT INTO {table} (digest, {owner}_id, expires_at)
  SELECT secret.digest, {owner}.id, secret.expires_at
  FROM unnest(${first}::text[], ${first + 1}::uuid[], ${first + 2}::uuid[], ${first + 3}::timestamptz[])
    AS secret (digest, owner, delivery, expires_at)
  JOIN held ON held.id = secret.delivery JOIN {owner} ON {owner}.id = secret.owner
  {_REPLACING.get(table, "")} RETURNING digest
)"""  # noqa: S608  # constants


async def _record_in_sqlite(
    issues: Sequence[Issue], sent: Sequence[Claim], now: datetime
) -> tuple[_Leases, set[object]]:
    """Does the same in SQLite, which has no INSERT within a SELECT."""
    leases: _Leases = {}
    digests: set[object] = set()
    async with in_transaction():
        if issues:
            rows = await fetch(_HOLD, *held([each.claim for each in issues]))
            leases = {UUID(row["id"]): UUID(row["lease"]) for row in rows}
        for each in issues:
            if each.secret and leases.get(each.claim.id) == each.claim.lease:
                values = (each.digest, now + LIVES[each.secret], str(each.owner))
                digests.update(row["digest"] for row in await fetch(_ISSUE[_TABLES[each.secret]], *values))
        if sent:
            await fetch(_end(1), *held(sent), now)
        if registrations := [claim.registration_id for claim in sent if claim.registration_id]:
            await fetch(_MARK_MAILED, among(registrations), now)
    return leases, digests
