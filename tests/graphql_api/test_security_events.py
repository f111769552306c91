"""me.securityEvents: what happened to an account, as its owner may see it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models.account import Account
from models.audit_event import AuditEvent
from services.accounts.email import Email
from services.accounts.rfc import Rfc
from services.accounts.security_events import SecurityEventKind
from services.audit.actors import WORKER
from services.audit.events import EventKind, record
from services.cleanup import Cleanup, Retention
from services.common.clock import utc_now
from services.common.pages import EPOCH, MomentCursors
from tests.actors import OPERATOR
from tests.api import Api
from tests.companies import problems, signed_in
from tests.conftest import MakeApi
from tests.exports import exported, tables
from tests.forms import COMPANY, EMAIL, NEW_PASSWORD, OTHER_RFC, PASSWORD, PASSWORD_CHANGE, WRONG_PASSWORD
from tests.statements import statements_run
from tests.stores import ON_SQLITE

PHONE = {"user-agent": f"Facturas/1.0 (contact: {EMAIL})"}
# Kinds of the trail that do not concern the account's owner: see `SecurityEventKind` before you add one.
HIDDEN = {
    "registered",  # before there was an account
    "captcha_failed",
    "everybody_revoked",  # bears no account
    "code_resent",
    "account_deleted",
    "accounts_exported",
    "mail_retried",
    "mail_dropped",
    "limits_reset",
    "invoice_confirmed",
    "invoice_released",
}
HIDDEN_GROUPS = ("webhook_", "api_client_", "series_", "payment_", "deposit_")  # `me` shows series and payments


async def _page(me: Api, **variables: Any) -> Any:
    page = (await me.run("SecurityEvents", variables))["securityEvents"]
    assert page["__typename"] == "SecurityEventConnection", page
    return page


async def _events(me: Api, **variables: Any) -> list[dict[str, Any]]:
    return [edge["node"] for edge in (await _page(me, **variables))["edges"]]


async def _kinds(me: Api) -> list[str]:
    return [event["kind"] for event in await _events(me)]


def test_every_kind_of_the_trail_is_shown_or_hidden() -> None:
    shown = {kind.value for kind in SecurityEventKind}
    hidden = {kind.value for kind in EventKind if kind.value in HIDDEN or kind.value.startswith(HIDDEN_GROUPS)}

    assert shown | hidden == {kind.value for kind in EventKind}
    assert shown & hidden == set()


async def test_people_see_what_happened_the_newest_first(api: Api) -> None:
    await api.confirmed()
    await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    mailed = await api.recover()
    restricted = api.signed_in(await api.token(password=mailed))
    while_restricted = await _events(restricted)
    await restricted.act("ChangePassword", **{**PASSWORD_CHANGE, "currentPassword": mailed})
    await restricted.act("Reauthenticate", password=WRONG_PASSWORD)
    await restricted.act("Reauthenticate", password=NEW_PASSWORD)
    await restricted.act("ConfigureCompany", **COMPANY)
    await restricted.act("CreateSeries", name="A")
    await restricted.act("UpdateAccount", language="EN")

    assert while_restricted == []
    assert await _kinds(restricted) == [
        "LANGUAGE_CHANGED",
        "COMPANY_CHANGED",
        "REAUTHENTICATED",
        "REAUTHENTICATION_FAILED",
        "PASSWORD_CHANGED",
        "SIGNED_IN",
        "RECOVERED",
        "RECOVERY_REQUESTED",
        "SIGN_IN_FAILED",
        "CONFIRMED",
    ]


async def test_an_event_says_who_did_it_and_from_where(make_api: MakeApi) -> None:
    api = await make_api(trusted_proxies=1)
    await api.confirmed()
    login = {"input": {"email": EMAIL, "password": PASSWORD}}
    wrong = {"input": {"email": EMAIL, "password": WRONG_PASSWORD}}
    await api.send("Login", wrong, {"x-forwarded-for": "203.0.113.1", "user-agent": "curl/8"})
    response = await api.send("Login", login, {"x-forwarded-for": "198.51.100.7", **PHONE})
    me = api.signed_in(response.json()["data"]["login"]["token"])
    (session,) = (await me.run("Me"))["sessions"]
    await record(WORKER, EventKind.SESSIONS_REVOKED, (await Account.get()).id)
    await api.composition.support.unlock(OPERATOR, EMAIL)
    me.headers["x-forwarded-for"] = "198.51.100.7"

    unlocked, revoked, signed_in, failed, confirmed = await _events(me)

    def seen(event: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(event[name] for name in ("kind", "actor", "userAgent", "sessionId", "fromThisAddress"))

    assert seen(unlocked) == ("UNLOCKED", "OPERATOR", None, None, None)
    assert seen(revoked) == ("SESSIONS_REVOKED", "SYSTEM", None, None, None)
    assert seen(signed_in) == ("SIGNED_IN", "OWNER", "Facturas/1.0 (contact: …)", session["id"], True)
    assert seen(failed) == ("SIGN_IN_FAILED", "ANYBODY", "curl/8", None, False)
    assert seen(confirmed)[:2] == ("CONFIRMED", "OWNER")
    assert signed_in["message"] == "Se inició sesión."
    assert signed_in["at"].endswith("Z")


async def test_what_operators_do_is_shown_without_their_names(api: Api) -> None:
    await api.confirmed()
    support = api.composition.support
    rfc = Rfc(OTHER_RFC)
    await support.set_rfc(OPERATOR, EMAIL, rfc)
    await support.set_email(OPERATOR, EMAIL, Email("Ana.Paz@example.com"))
    me = api.signed_in(await api.token("ana.paz@example.com"))

    events = await _events(me)

    assert [event["kind"] for event in events] == ["SIGNED_IN", "EMAIL_CHANGED", "RFC_CHANGED", "CONFIRMED"]
    assert [event["actor"] for event in events] == ["OWNER", "OPERATOR", "OPERATOR", "OWNER"]
    assert "maria" not in repr(events)


async def test_pages_follow_each_other_even_within_one_moment(api: Api) -> None:
    me = await signed_in(api)
    account, now = await Account.get(), utc_now()
    await AuditEvent.bulk_create(
        AuditEvent(id=uuid4(), at=now, kind="company_changed", actor="client", account_id=account.id) for _ in range(5)
    )

    pages = [await _page(me, first=3)]
    while pages[-1]["pageInfo"]["hasNextPage"]:
        pages.append(await _page(me, first=3, after=pages[-1]["pageInfo"]["endCursor"]))

    ids = [edge["node"]["id"] for page in pages for edge in page["edges"]]
    assert [len(page["edges"]) for page in pages] == [3, 3, 1]
    assert len(set(ids)) == 7  # with CONFIRMED and SIGNED_IN
    assert ids == [edge["node"]["id"] for edge in (await _page(me))["edges"]]
    assert (await _page(me, after=pages[-1]["pageInfo"]["endCursor"]))["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }


async def test_one_statement_reads_a_page(api: Api) -> None:
    me = await signed_in(api)

    with statements_run() as statements:
        await _page(me)

    assert len(statements) == 2  # the other one finds the session


@ON_SQLITE
@pytest.mark.parametrize(
    "after",
    [
        *("", "x", "\0", "ñ" * 1000, "c" * 34, "c3_______________________________w"),
        MomentCursors(b"a").write(EPOCH, UUID(int=0)),
    ],
)
async def test_a_cursor_of_something_else_is_refused(api: Api, after: str) -> None:
    me = await signed_in(api)

    answer = (await me.run("SecurityEvents", {"after": after, "first": 0}))["securityEvents"]

    assert problems(answer) == [("after", "MALFORMED"), ("first", "OUT_OF_RANGE")]


async def test_events_of_others_are_not_shown(make_api: MakeApi) -> None:
    api = await make_api()
    for email in (EMAIL, "eva@example.com"):
        await api.confirmed(email=email)
        await api.act("Login", email=email, password=WRONG_PASSWORD)
        await api.recover(email)
    me = api.signed_in(await api.token())

    assert await _kinds(me) == ["SIGNED_IN", "RECOVERY_REQUESTED", "SIGN_IN_FAILED", "CONFIRMED"]


async def test_requests_that_are_older_than_the_account_are_not_shown(api: Api) -> None:
    await api.confirmed()
    await api.recover()
    await api.composition.deletion.delete(OPERATOR, EMAIL)
    await api.forget_limits()
    await api.mails()
    me = await signed_in(api)

    assert await _kinds(me) == ["SIGNED_IN", "CONFIRMED"]


async def test_events_are_shown_as_long_as_the_trail_keeps_them(api: Api) -> None:
    me = await signed_in(api)
    await AuditEvent.all().update(at=utc_now() - timedelta(days=31))

    before = await _kinds(me)
    await Cleanup(Retention()).clean_up()

    assert sorted(before) == ["CONFIRMED", "SIGNED_IN"]
    assert await _kinds(me) == ["CONFIRMED"]


async def test_all_that_is_shown_is_in_the_export_of_personal_data(api: Api) -> None:
    await api.confirmed()
    await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    await api.recover()
    me = api.signed_in(await api.token())
    found = tables(await exported(api.composition, EMAIL))

    shown = {event["id"] for event in await _events(me)}
    assert len(shown) == 4
    assert shown <= {event["id"] for event in found["audit_events"]}
