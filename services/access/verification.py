"""Says to a back end which account is behind a person's session or access token, after RFC 7662.

For what must be certain now: an access token alone does not show that its session has ended since.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from models.sql import as_datetime, as_uuid, fetch
from services.access.clients import ApiClient, ApiClients, Scope
from services.access.records import COLUMNS, AccountView
from services.access.tokens import TOKEN_LIFE, TOKEN_TYPE, Handover
from services.accounts.second_factor_demand import SecondFactorDemand
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.ids import parse_id
from services.common.outcomes import NotAuthorized, TooManyAttempts
from services.common.secrets import digest

_CLOCK_SKEW = timedelta(minutes=1)  # between the node that issued a token and this one
_SESSION_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_SELECT = f"""
SELECT {COLUMNS}, session.id AS session_id, session.expires_at, password_change_required, second_factor_since
FROM session JOIN account ON account.id = session.account_id
"""  # noqa: S608  # columns of ours
_BY_TOKEN = f"{_SELECT} WHERE session.digest = $1"
_BY_SESSION = f"{_SELECT} WHERE session.id = $1 AND account.id = $2"


class VerifiedTokenKind(enum.Enum):
    SESSION = "SESSION"
    ACCESS_TOKEN = "ACCESS_TOKEN"  # noqa: S105


@dataclass(frozen=True, slots=True)
class SessionVerified:
    """`expires_at` is the token's. `audience` is set for an access token."""

    account: AccountView
    session_id: UUID
    kind: VerifiedTokenKind
    expires_at: datetime
    audience: str | None
    password_change_required: bool
    second_factor_enrollment_required: bool


@dataclass(frozen=True, slots=True)
class SessionNotActive:
    """No open session is behind the token; deliberately unspecified."""


@dataclass(frozen=True, slots=True)
class SessionVerification:
    """Without a `handover`, no access token counts."""

    clients: ApiClients
    handover: Handover | None
    demand: SecondFactorDemand
    clock: Clock = utc_now

    async def verify(
        self, caller: Caller, token: str
    ) -> SessionVerified | SessionNotActive | NotAuthorized | TooManyAttempts:
        """Reads only: the session counts as unused, and idles on."""
        client = await self.clients.require(caller, Scope.ACCOUNTS_READ)
        if not isinstance(client, ApiClient):
            return client
        now = self.clock()
        if _SESSION_TOKEN.fullmatch(token):
            rows = await fetch(_BY_TOKEN, digest(token))
            return self._verified(rows[0], now) if rows else SessionNotActive()
        claims = self._claims(token, now)
        if claims is None:
            return SessionNotActive()
        rows = await fetch(_BY_SESSION, str(claims.session_id), str(claims.account_id))
        return self._verified(rows[0], now, claims) if rows else SessionNotActive()

    def _claims(self, token: str, now: datetime) -> "_Claims | None":
        """Returns the claims of an access token of ours that has not expired, for one of our audiences."""
        claims = self.handover.keys.verify(TOKEN_TYPE, token) if self.handover else None
        if claims is None or self.handover is None or claims.get("iss") != self.handover.issuer:
            return None
        match claims:
            case {"aud": str(audience), "exp": int(expires), "sid": str(sid), "sub": str(sub)}:
                session_id, account_id = parse_id(sid), parse_id(sub)
            case _:
                return None
        if audience not in self.handover.audiences or not (session_id and account_id):
            return None
        if not now.timestamp() < expires <= (now + TOKEN_LIFE + _CLOCK_SKEW).timestamp():
            return None
        return _Claims(audience, datetime.fromtimestamp(expires, UTC), session_id, account_id)

    def _verified(
        self, row: Mapping[str, Any], now: datetime, claims: "_Claims | None" = None
    ) -> SessionVerified | SessionNotActive:
        session_ends_at = as_datetime(row["expires_at"])
        if session_ends_at <= now:
            return SessionNotActive()
        return SessionVerified(
            account=AccountView.of(row, now),
            session_id=as_uuid(row["session_id"]),
            kind=VerifiedTokenKind.ACCESS_TOKEN if claims else VerifiedTokenKind.SESSION,
            expires_at=claims.expires_at if claims else session_ends_at,
            audience=claims.audience if claims else None,
            password_change_required=bool(row["password_change_required"]),
            second_factor_enrollment_required=self.demand.is_unmet(row["second_factor_since"]),
        )


@dataclass(frozen=True, slots=True)
class _Claims:
    audience: str
    expires_at: datetime
    session_id: UUID
    account_id: UUID
