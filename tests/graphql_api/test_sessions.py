"""Devices that are signed in."""

from models.session import Session
from tests.api import EMAIL, Api
from tests.conftest import MakeApi


async def test_logging_out_ends_the_session_and_may_be_repeated(api: Api) -> None:
    await api.account()
    session = api.signed_in(await api.token())

    answers = [await session.run("Logout"), await session.run("Logout"), await api.run("Logout")]

    assert {answer["__typename"] for answer in answers} == {"LogoutSuccess"}
    assert await session.run("Me") is None


async def test_a_session_can_be_ended_from_another_and_once(api: Api) -> None:
    await api.account()
    here, there = api.signed_in(await api.token()), api.signed_in(await api.token())
    (elsewhere,) = [entry for entry in (await here.run("Me"))["sessions"] if not entry["current"]]

    revoked = await here.act("RevokeSession", id=elsewhere["id"])
    again = await here.act("RevokeSession", id=elsewhere["id"])

    assert revoked == {"__typename": "RevokeSessionSuccess", "id": elsewhere["id"]}
    assert again["__typename"] == "SessionNotFoundError"
    assert await there.run("Me") is None


async def test_nobody_ends_the_session_of_another_account(make_api: MakeApi) -> None:
    api = await make_api()
    await api.account()
    await api.account(email="eva@example.com")
    ana, eva = api.signed_in(await api.token()), api.signed_in(await api.token("eva@example.com"))
    (foreign,) = (await eva.run("Me"))["sessions"]

    revoked = await ana.act("RevokeSession", id=foreign["id"])

    assert revoked["__typename"] == "SessionNotFoundError"
    assert (await eva.run("Me"))["email"] == "eva@example.com"


async def test_ids_that_are_none_are_not_found(api: Api) -> None:
    await api.account()
    session = api.signed_in(await api.token())

    names = [
        (await session.act("RevokeSession", id=session_id))["__typename"]
        for session_id in ("", "x", "\0", "1" * 10_000)
    ]

    assert set(names) == {"SessionNotFoundError"}


async def test_all_other_sessions_can_be_ended_at_once(api: Api) -> None:
    await api.account()
    here = api.signed_in(await api.token())
    for _ in range(3):
        await api.token()

    revoked = await here.run("RevokeOtherSessions")

    assert revoked == {"__typename": "RevokeOtherSessionsSuccess", "count": 3}
    assert await Session.all().count() == 1


async def test_who_is_not_signed_in_can_end_nothing(api: Api) -> None:
    one = await api.act("RevokeSession", id="x")
    all_others = await api.run("RevokeOtherSessions")

    assert (one["__typename"], all_others["__typename"]) == ("NotAuthenticatedError", "NotAuthenticatedError")


async def test_sessions_are_listed_the_current_one_first_then_by_last_use(api: Api) -> None:
    await api.account()
    tokens = [await api.token(EMAIL) for _ in range(3)]

    sessions = (await api.signed_in(tokens[0]).run("Me"))["sessions"]

    seen = [session["lastSeenAt"] for session in sessions[1:]]
    assert [session["current"] for session in sessions] == [True, False, False]
    assert seen == sorted(seen, reverse=True)
