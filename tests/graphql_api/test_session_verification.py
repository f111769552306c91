"""Back ends ask which account is behind a person's token."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.account import Account
from models.audit_event import AuditEvent
from models.session import Session
from services.access.clients import Scope
from services.access.keys import SigningKeys
from services.common.clock import utc_now
from services.common.secrets import generate_token
from tests.access_tokens import AUDIENCE, ISSUER, ec_key, forgeries, rsa_key, verify
from tests.api import Api
from tests.companies import signed_in
from tests.conftest import MakeApi
from tests.forms import EMAIL, RFC
from tests.statements import statements_run
from tests.stores import ON_SQLITE

_NOT_ACTIVE = {"__typename": "SessionNotActiveError", "message": "Ninguna sesión abierta corresponde a este token."}
_SETTINGS: dict[str, Any] = {"access_token_audiences": (AUDIENCE, "reports"), "access_token_issuer": ISSUER}


@pytest.fixture
async def api(make_api: MakeApi) -> Api:
    return await make_api(**_SETTINGS)


@pytest.fixture
async def back_end(api: Api) -> Api:
    return api.signed_in(await api.api_client(Scope.ACCOUNTS_READ))


async def _access_token(me: Api, audience: str = AUDIENCE) -> str:
    return str((await me.act("CreateAccessToken", audience=audience))["accessToken"])


def _token_of(me: Api) -> str:
    return me.headers["authorization"].removeprefix("Bearer ")


async def test_a_session_leads_to_its_account(api: Api, back_end: Api) -> None:
    me = await signed_in(api)
    session = await Session.get()

    verified = await back_end.act("VerifySession", token=_token_of(me))

    own = await me.run("Me")
    account = verified.pop("account")
    assert (account["id"], account["email"], account["rfc"]) == (own["id"], EMAIL, RFC)
    assert verified == {
        "__typename": "VerifySessionSuccess",
        "message": "La sesión está abierta.",
        "kind": "SESSION",
        "sessionId": str(session.id),
        "audience": None,
        "expiresAt": _text(session.expires_at),
        "passwordChangeRequired": False,
        "secondFactorEnrollmentRequired": False,
    }


@pytest.mark.parametrize("audience", [AUDIENCE, "reports"])
async def test_an_access_token_leads_to_the_account_and_names_its_audience(
    api: Api, back_end: Api, audience: str
) -> None:
    me = await signed_in(api)
    created = await me.act("CreateAccessToken", audience=audience)

    verified = await back_end.act("VerifySession", token=created["accessToken"])

    assert verified["__typename"] == "VerifySessionSuccess"
    assert (verified["kind"], verified["audience"]) == ("ACCESS_TOKEN", audience)
    assert verified["expiresAt"] == created["expiresAt"]
    assert verified["account"]["id"] == created["account"]["id"]
    assert verified["sessionId"] == str((await Session.get()).id)


async def test_a_token_of_an_earlier_key_counts_as_long_as_the_key_is_listed(make_api: MakeApi) -> None:
    old, new = rsa_key(), ec_key()
    api = await make_api(**_SETTINGS, access_token_keys=new + old)
    back_end, me = api.signed_in(await api.api_client()), await signed_in(api)
    claims = verify(await _access_token(me), (await api.http.get("/.well-known/jwks.json")).json())

    kinds = [
        (await back_end.act("VerifySession", token=SigningKeys.parse(key).sign("at+jwt", claims)))["__typename"]
        for key in (old, new, rsa_key())
    ]

    assert kinds == ["VerifySessionSuccess", "VerifySessionSuccess", "SessionNotActiveError"]


async def test_what_changed_since_the_access_token_was_issued_is_seen(api: Api, back_end: Api) -> None:
    me = await signed_in(api)
    token = await _access_token(me)

    async def answer() -> Any:
        return await back_end.act("VerifySession", token=token)

    await Account.all().update(email="eva@example.com", email_key="eva@example.com")
    assert (await answer())["account"]["email"] == "eva@example.com"
    await Session.all().update(expires_at=utc_now())
    assert await answer() == _NOT_ACTIVE
    await Session.all().update(expires_at=utc_now() + timedelta(minutes=1))
    assert (await answer())["__typename"] == "VerifySessionSuccess"
    await me.run("Logout")
    assert await answer() == _NOT_ACTIVE


async def test_no_token_outlives_its_account(api: Api, back_end: Api) -> None:
    me = await signed_in(api)
    tokens = [_token_of(me), await _access_token(me)]
    await Account.all().delete()

    assert [await back_end.act("VerifySession", token=token) for token in tokens] == [_NOT_ACTIVE] * 2


async def test_an_access_token_needs_its_own_accounts_session(api: Api, back_end: Api) -> None:
    me, eva = await signed_in(api), await signed_in(api, email="eva@example.com")
    token = await _access_token(me)
    [mine] = (await me.run("Me"))["sessions"]
    await Session.filter(id=mine["id"]).update(account_id=(await eva.run("Me"))["id"])

    assert await back_end.act("VerifySession", token=token) == _NOT_ACTIVE


async def test_a_session_of_a_mailed_password_says_so(api: Api, back_end: Api) -> None:
    await api.account()
    token = await api.token(password=await api.recover())

    restricted = await back_end.act("VerifySession", token=token)
    await Session.all().update(password_change_required=False)
    free = await back_end.act("VerifySession", token=token)

    assert (restricted["passwordChangeRequired"], free["passwordChangeRequired"]) == (True, False)


async def test_asking_changes_nothing(api: Api, back_end: Api) -> None:
    me = await signed_in(api)
    token = await _access_token(me)
    then = utc_now() - timedelta(days=1)
    await Session.all().update(last_seen_at=then)
    before, events = await Session.all().values(), await AuditEvent.all().values()

    for each in (_token_of(me), token):
        assert (await back_end.act("VerifySession", token=each))["__typename"] == "VerifySessionSuccess"

    assert await Session.all().values() == before
    assert await AuditEvent.all().values() == events


async def test_a_forged_or_expired_access_token_is_refused(make_api: MakeApi) -> None:
    key = ec_key()
    api = await make_api(**{**_SETTINGS, "access_token_audiences": (AUDIENCE,)}, access_token_keys=key)
    back_end, me = api.signed_in(await api.api_client()), await signed_in(api)
    token = await _access_token(me)
    claims = verify(token, (await api.http.get("/.well-known/jwks.json")).json())
    ours = SigningKeys.parse(key)
    wrong: dict[str, dict[str, Any]] = {
        "audiences": {"aud": [AUDIENCE]},
        "no sid": {"sid": None},
        "sid of another shape": {"sid": "x"},
        "sub of another shape": {"sub": 5},
        "expiry as a text": {"exp": str(claims["exp"])},
        "endless": {"exp": 10**30},
        "living longer than any of ours": {"exp": claims["exp"] + 120},
    }
    tokens = forgeries(key, claims)
    tokens |= {name: ours.sign("at+jwt", {**claims, **change}) for name, change in wrong.items()}

    accepted = {
        name
        for name, forged in tokens.items()
        if (await back_end.act("VerifySession", token=forged))["__typename"] != "SessionNotActiveError"
    }

    assert accepted == set()
    assert (await back_end.act("VerifySession", token=token))["__typename"] == "VerifySessionSuccess"


@pytest.mark.parametrize(
    "token",
    [
        *("", " ", "x", "\0", "\0" * 43, "a" * 43, "a" * 44, "a.b.c", "..", "a" * 15_000, "a.a." + "a" * 15_000),
        *("eyJhbGciOiJub25lIn0.e30.", "é" * 43, "ª" * 43, "null", "tac_" + "0" * 42, "{" * 400 + ".e30.AA"),
        *("Bearer " + "a" * 43, "W10.W10.W10", "MA.MA.MA", "ew.ew.ew", "_-_.-_-._-_"),
    ],
    ids=lambda token: repr(token[:24]),
)
async def test_a_hostile_text_is_refused_without_a_session_look_up(api: Api, back_end: Api, token: str) -> None:
    await signed_in(api)

    with statements_run() as statements:
        answer = await back_end.act("VerifySession", token=token)

    assert answer == _NOT_ACTIVE
    looks = [each for each in statements if "session" in each.text]
    assert len(looks) == (1 if token == "a" * 43 else 0)


@ON_SQLITE
async def test_a_lone_surrogate_and_megabytes_never_reach_it(api: Api, back_end: Api) -> None:
    query = 'mutation { verifySession(input: {token: "\\ud800"}) { __typename } }'

    surrogate = await api.http.post("/graphql", json={"query": query}, headers=back_end.headers)
    megabytes = await back_end.send("VerifySession", {"input": {"token": "a" * 5_000_000}})

    assert surrogate.json()["errors"][0]["extensions"]["code"] == "PARSE_FAILED"
    assert megabytes.status_code == 413


async def test_a_session_counts_until_the_moment_it_expires(api: Api, back_end: Api) -> None:
    me = await signed_in(api)
    await Session.all().update(expires_at=utc_now() - timedelta(milliseconds=1))

    assert await back_end.act("VerifySession", token=_token_of(me)) == _NOT_ACTIVE
    assert await back_end.act("VerifySession", token=generate_token()) == _NOT_ACTIVE


async def test_a_session_that_ends_while_it_is_verified_is_open_or_not(api: Api, back_end: Api) -> None:
    me = await signed_in(api)

    answers = await asyncio.gather(
        *(back_end.act("VerifySession", token=_token_of(me)) for _ in range(5)), me.run("Logout")
    )

    assert {each["__typename"] for each in answers[:5]} <= {"VerifySessionSuccess", "SessionNotActiveError"}
    assert await back_end.act("VerifySession", token=_token_of(me)) == _NOT_ACTIVE


async def test_without_audiences_only_sessions_count(make_api: MakeApi) -> None:
    api = await make_api()
    back_end, me = api.signed_in(await api.api_client()), await signed_in(api)
    token = SigningKeys.parse(ec_key()).sign("at+jwt", {"sub": "x"})

    assert await back_end.act("VerifySession", token=token) == _NOT_ACTIVE
    assert (await back_end.act("VerifySession", token=_token_of(me)))["__typename"] == "VerifySessionSuccess"


async def test_nobody_without_the_scope_can_ask(api: Api) -> None:
    me = await signed_in(api)
    other = api.signed_in(await api.api_client(Scope.INVOICES_WRITE, Scope.EVENTS_READ))

    for asker in (api, me, other, api.signed_in(await _access_token(me))):
        for token in (_token_of(me), "x"):
            answer = await asker.act("VerifySession", token=token)
            assert (answer["__typename"], answer.get("scope")) == ("NotAuthorizedError", "accounts:read")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
