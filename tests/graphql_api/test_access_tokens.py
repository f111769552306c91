"""Access tokens for the product's own API, verified by PyJWT, which the service does not use."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import jwt
import pytest
from pydantic import SecretStr

from app.asgi import create_app
from app.composition import compose
from models.account import Account
from models.audit_event import AuditEvent
from services.access.keys import SigningKeys
from services.common.clock import utc_now
from services.support.limit_subjects import counted_by
from tests.access_tokens import AUDIENCE, ISSUER, ec_key, forgeries, rsa_key, verify
from tests.api import Api
from tests.companies import signed_in
from tests.conftest import MakeApi
from tests.forms import EMAIL, RFC

SETTINGS: dict[str, Any] = {"access_token_audiences": (AUDIENCE, "reports"), "access_token_issuer": ISSUER}


async def _published(api: Api) -> Any:
    return (await api.http.get("/.well-known/jwks.json")).json()


async def _token(me: Api, audience: str = AUDIENCE) -> str:
    created = await me.act("CreateAccessToken", audience=audience)
    assert created["__typename"] == "CreateAccessTokenSuccess", created
    return str(created["accessToken"])


async def test_a_token_says_who_is_signed_in_and_another_implementation_verifies_it(make_api: MakeApi) -> None:
    me = await signed_in(await make_api(**SETTINGS))

    before = int(time.time())
    created = await me.act("CreateAccessToken", audience=AUDIENCE)

    assert created["__typename"] == "CreateAccessTokenSuccess"
    assert (created["message"], created["account"]["email"]) == ("Tu acceso está listo.", EMAIL)
    claims = verify(created["accessToken"], await _published(me))
    session = (await me.run("Me"))["sessions"][0]
    assert jwt.get_unverified_header(created["accessToken"])["alg"] == "ES256"
    assert before <= claims["iat"] <= time.time()
    assert claims["exp"] == claims["iat"] + 300 == datetime.fromisoformat(created["expiresAt"]).timestamp()
    assert UUID(claims.pop("jti"))
    del claims["iat"], claims["exp"]
    assert claims == {
        "iss": ISSUER,
        "sub": created["account"]["id"],
        "aud": AUDIENCE,
        "client_id": "timbrado-accounts",
        "sid": session["id"],
        "rfc": RFC,
        "taxpayer_type": "PERSONA_MORAL",
        "locale": "es",
    }


async def test_a_token_says_until_when_the_account_is_active(make_api: MakeApi) -> None:
    me = await signed_in(await make_api(**SETTINGS))
    until = utc_now() + timedelta(days=30)
    paid = {"active_since": utc_now(), "activated_by": "paypal", "active_plan": "negocio"}

    claims = []
    for stage, end in (("active", until), ("active", utc_now()), ("deactivated", until)):
        await Account.all().update(stage=stage, active_until=end, **paid)
        claims.append(verify(await _token(me), await _published(me)))

    assert (claims[0]["active_until"], claims[0]["plan"]) == (int(until.timestamp()), "negocio")
    assert [{"active_until", "plan"} & set(each) for each in claims[1:]] == [set(), set()]


async def test_each_token_has_its_own_id_and_counts_for_its_audience_alone(make_api: MakeApi) -> None:
    me = await signed_in(await make_api(**SETTINGS))
    published = await _published(me)

    first, second, reports = await _token(me), await _token(me), await _token(me, "reports")

    assert verify(first, published)["jti"] != verify(second, published)["jti"]
    assert verify(reports, published, "reports")
    with pytest.raises(jwt.InvalidAudienceError):
        verify(reports, published)


async def test_only_a_session_with_a_password_of_its_own_gets_a_token(make_api: MakeApi) -> None:
    api = await make_api(**SETTINGS)
    await api.account()
    ended = api.signed_in(await api.token())
    await ended.run("Logout")
    restricted = api.signed_in(await api.token(password=await api.recover()))

    answers = [await each.act("CreateAccessToken", audience=AUDIENCE) for each in (api, ended, restricted)]

    assert [answer["__typename"] for answer in answers] == [
        "NotAuthenticatedError",
        "NotAuthenticatedError",
        "PasswordChangeRequiredError",
    ]


@pytest.mark.parametrize("audience", ["", f"{AUDIENCE}/", "REPORTS", "reports ", "\x00", "\uffff", "x" * 10_000])
async def test_an_audience_that_the_operator_does_not_name_is_unknown(make_api: MakeApi, audience: str) -> None:
    me = await signed_in(await make_api(**SETTINGS))

    refused = await me.act("CreateAccessToken", audience=audience)

    assert refused["__typename"] == "AudienceUnknownError"
    assert refused["message"].startswith("La aplicación pidió acceso a un servicio que no está configurado.")


async def test_without_audiences_there_are_no_tokens_and_no_keys(api: Api) -> None:
    me = await signed_in(api)

    assert (await me.act("CreateAccessToken", audience=AUDIENCE))["__typename"] == "AudienceUnknownError"
    assert await _published(me) == {"keys": []}
    assert not (me.settings.data_dir / "access-token.pem").exists()


async def test_an_account_gets_only_so_many_tokens(make_api: MakeApi) -> None:
    api = await make_api(**SETTINGS, limit_access_token="2/hour")
    me = await signed_in(api)
    other = await signed_in(api, email="eva@example.com")

    answers = [await me.act("CreateAccessToken", audience=audience) for audience in ("?", AUDIENCE, AUDIENCE, AUDIENCE)]

    assert [answer["__typename"] for answer in answers] == [
        "AudienceUnknownError",
        "CreateAccessTokenSuccess",
        "CreateAccessTokenSuccess",
        "TooManyAttemptsError",
    ]
    assert await _token(other)
    counted = counted_by(api.composition.limits, (await me.run("Me"))["id"])
    assert counted
    usages = [each for limit, subject in counted for each in await api.composition.limiter.usage(limit, subject)]
    assert [(usage.limit, usage.count) for usage in usages] == [("access_token", 3)]


async def test_a_token_is_no_session_and_adds_nothing_to_the_audit_trail(make_api: MakeApi) -> None:
    me = await signed_in(await make_api(**SETTINGS))
    before = await AuditEvent.all().count()

    token = await _token(me)

    assert await me.signed_in(token).run("Me") is None
    assert await AuditEvent.all().count() == before


async def test_after_logout_a_token_still_counts_and_no_other_is_issued(make_api: MakeApi) -> None:
    """What docs/product.md says of revocation."""
    me = await signed_in(await make_api(**SETTINGS))
    token = await _token(me)

    await me.run("Logout")

    assert verify(token, await _published(me))
    assert (await me.act("CreateAccessToken", audience=AUDIENCE))["__typename"] == "NotAuthenticatedError"


async def test_a_forged_token_is_refused(make_api: MakeApi) -> None:
    me = await signed_in(await make_api(**SETTINGS))
    published, token = await _published(me), await _token(me)
    claims = verify(token, published)
    key = (me.settings.data_dir / "access-token.pem").read_text()
    assert verify(SigningKeys.parse(key).sign("at+jwt", claims), published) == claims

    accepted = []
    for name, forged in forgeries(key, claims).items():
        try:
            verify(forged, published)
        except jwt.PyJWTError:
            continue
        accepted.append(name)

    assert accepted == []


@pytest.mark.parametrize("stores", ["sqlite"])
async def test_tokens_count_in_every_phase_of_a_rotation(make_api: MakeApi) -> None:
    """Node by node, as docs/operations.md says: a verifier may ask any node, before or after, for the keys."""
    old, new = ec_key(), rsa_key()
    phases = [SecretStr(text) for text in (old, old + new, new + old, new)]
    api = await make_api(**SETTINGS, access_token_keys=phases[0])
    me = await signed_in(api)
    tokens, published = [], []

    for keys in phases:
        settings = api.settings.model_copy(update={"access_token_keys": keys})
        composition = compose(settings)
        transport = httpx2.ASGITransport(create_app(settings, composition=composition))
        http = httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000")
        node = Api(http, composition, settings, me.headers)
        tokens.append(await _token(node))
        published.append(await _published(node))

    algorithms = [jwt.get_unverified_header(token)["alg"] for token in tokens]
    assert algorithms == ["ES256", "ES256", "RS256", "RS256"]
    for phase, token in enumerate(tokens):
        for seen in published[max(phase - 1, 0) : phase + 2]:
            assert verify(token, seen)
    assert [len(each["keys"]) for each in published] == [1, 2, 2, 1]


async def test_the_time_of_a_token_is_in_utc(make_api: MakeApi) -> None:
    me = await signed_in(await make_api(**SETTINGS))

    created = await me.act("CreateAccessToken", audience=AUDIENCE)

    left = datetime.fromisoformat(created["expiresAt"]) - datetime.now(UTC)
    assert timedelta(seconds=280) < left <= timedelta(seconds=300)
