"""Access tokens for the product's own API: JWTs after RFC 9068, which its back end verifies without asking us."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from services.accounts.sessions import Principal, SessionService
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.limits import Limiter, Limits
from services.common.outcomes import NotAuthenticated, RestrictedSession, TooManyAttempts

TOKEN_TYPE = "at+jwt"  # noqa: S105
TOKEN_LIFE = timedelta(minutes=5)
CLIENT_ID = "timbrado-accounts"
"""What RFC 9068 requires of each token; our apps do not register as clients, so it is the same for all."""


@dataclass(frozen=True, slots=True)
class AccessTokenCreated:
    principal: Principal
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AudienceUnknown:
    """The operator names no such audience, or none at all."""


class TokenKeys(Protocol):
    def sign(self, type: str, claims: Mapping[str, object]) -> str: ...

    def verify(self, type: str, token: str) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Handover:
    """Who issues tokens, for which audiences, and what signs and verifies them."""

    issuer: str
    audiences: frozenset[str]
    keys: TokenKeys = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenService:
    """Without a `handover`, no audience is known."""

    handover: Handover | None
    sessions: SessionService
    limiter: Limiter
    limits: Limits
    clock: Clock = utc_now

    async def create(
        self, caller: Caller, audience: str
    ) -> AccessTokenCreated | AudienceUnknown | RestrictedSession | NotAuthenticated | TooManyAttempts:
        """Writes nothing but the limit's count: the session stands behind the token, and its login is in the trail."""
        principal = await self.sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        if self.handover is None or audience not in self.handover.audiences:
            return AudienceUnknown()
        if throttled := await self.limiter.hit(self.limits.access_token, str(principal.id)):
            return throttled
        issued = int(self.clock().timestamp())
        expires = issued + int(TOKEN_LIFE.total_seconds())
        claims = {
            "iss": self.handover.issuer,
            "sub": str(principal.id),
            "aud": audience,
            "client_id": CLIENT_ID,
            "iat": issued,
            "exp": expires,
            "jti": str(uuid4()),
            "sid": str(principal.session_id),
            **dict(_about(principal)),
        }
        token = self.handover.keys.sign(TOKEN_TYPE, claims)
        return AccessTokenCreated(principal, token, datetime.fromtimestamp(expires, UTC))


def _about(principal: Principal) -> Iterator[tuple[str, object]]:
    """Yields the claims about the taxpayer; those of the plan only while the account is active."""
    yield "rfc", principal.rfc
    yield "taxpayer_type", principal.taxpayer_type.name
    yield "locale", principal.language.value
    activation = principal.progress.activation
    if activation and activation.active:
        yield "active_until", int(activation.until.timestamp())
        yield "plan", activation.plan_id
