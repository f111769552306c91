"""Accounts, as API clients with the scope `accounts:read` see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from models.sql import as_datetime, as_uuid, fetch
from services.access.clients import ApiClient, ApiClients, Scope
from services.accounts.email import parse_email
from services.accounts.onboarding import PROGRESS_COLUMNS, Progress, progress
from services.accounts.rfc import Rfc, TaxpayerType, parse_rfc
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.ids import parse_id
from services.common.outcomes import FieldProblem, InvalidInput, NotAuthorized, TooManyAttempts
from services.common.pages import EPOCH, MomentCursors, after_problem, first_problem
from services.common.translations import Language

MAX_SHARING = 100
"""How many accounts with the same RFC are listed."""

COLUMNS = f"""
account.id, email, rfc, language, account.created_at, confirmed_at, updated_at,
{PROGRESS_COLUMNS}
"""
_SELECT = f"SELECT {COLUMNS} FROM account"  # noqa: S608  # columns of ours, as below
_BY_ID = f"{_SELECT} WHERE id = $1"
_BY_EMAIL = f"{_SELECT} WHERE email_key = $1"
_BY_RFC = f"{_SELECT} WHERE rfc = $1 ORDER BY created_at, id LIMIT $2"
_PAGE = f"{_SELECT} WHERE (updated_at, id) > ($1, $2) ORDER BY updated_at, id LIMIT $3"

_CURSORS = MomentCursors(b"a")
_BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class AccountView:
    id: UUID
    email: str
    rfc: str
    language: Language
    created_at: datetime
    confirmed_at: datetime
    updated_at: datetime
    progress: Progress

    @property
    def taxpayer_type(self) -> TaxpayerType:
        return Rfc(self.rfc).taxpayer_type

    @property
    def cursor(self) -> str:
        return _CURSORS.write(self.updated_at, self.id)

    @classmethod
    def of(cls, row: Mapping[str, Any], now: datetime) -> "AccountView":
        """Reads the row of a statement that selects COLUMNS."""
        confirmed_at = as_datetime(row["confirmed_at"])
        return cls(
            id=as_uuid(row["id"]),
            email=row["email"],
            rfc=row["rfc"],
            language=Language(row["language"]),
            created_at=as_datetime(row["created_at"]),
            confirmed_at=confirmed_at,
            updated_at=as_datetime(row["updated_at"]) if row["updated_at"] else confirmed_at,
            progress=progress(row, now),
        )


@dataclass(frozen=True, slots=True)
class AccountKey:
    """By what an account is looked up: exactly one is set."""

    id: str | None = None
    rfc: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class AccountNotFound:
    """No account has this id, RFC or e-mail."""


@dataclass(frozen=True, slots=True)
class RfcNotUnique:
    """Several accounts have this RFC; `ids` are the oldest ones."""

    ids: list[str]


@dataclass(frozen=True, slots=True)
class AccountPage:
    views: tuple[AccountView, ...]
    has_next: bool


@dataclass(frozen=True, slots=True)
class AccountRecords:
    clients: ApiClients
    clock: Clock = utc_now

    async def find(
        self, caller: Caller, key: AccountKey
    ) -> AccountView | AccountNotFound | RfcNotUnique | NotAuthorized | TooManyAttempts:
        client = await self.clients.require(caller, Scope.ACCOUNTS_READ)
        if not isinstance(client, ApiClient):
            return client
        rows = await _rows_of(key)
        if len(rows) > 1:
            return RfcNotUnique([str(row["id"]) for row in rows[:MAX_SHARING]])
        return AccountView.of(rows[0], self.clock()) if rows else AccountNotFound()

    async def page(
        self, caller: Caller, *, after: str | None, first: int, updated_since: datetime | None
    ) -> AccountPage | InvalidInput | NotAuthorized | TooManyAttempts:
        """Returns the accounts in the order of their last update."""
        client = await self.clients.require(caller, Scope.ACCOUNTS_READ)
        if not isinstance(client, ApiClient):
            return client
        problems: list[FieldProblem] = []
        position = EPOCH, _BEFORE_ALL
        if after is not None:
            read = _CURSORS.read(after)
            if read is None:
                problems.append(after_problem())
            position = read or position
        if problem := first_problem(first):
            problems.append(problem)
        if problems:
            return InvalidInput(tuple(problems))
        if updated_since:
            position = max(position, (updated_since.astimezone(UTC), _BEFORE_ALL))
        rows = await fetch(_PAGE, position[0], str(position[1]), first + 1)
        now = self.clock()
        return AccountPage(tuple(AccountView.of(row, now) for row in rows[:first]), has_next=len(rows) > first)


async def _rows_of(key: AccountKey) -> Sequence[Mapping[str, Any]]:
    """Returns no rows for a text that is not an id, an RFC or an e-mail."""
    if key.id is not None:
        account_id = parse_id(key.id)
        return await fetch(_BY_ID, str(account_id)) if account_id else ()
    if key.rfc is not None:
        rfc = parse_rfc(key.rfc)
        return await fetch(_BY_RFC, rfc.text, MAX_SHARING) if isinstance(rfc, Rfc) else ()
    email = parse_email(key.email or "")
    return await fetch(_BY_EMAIL, email.key) if email else ()
