"""The recent proof that sensitive mutations ask for, and reauthenticate, which gives it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from models.account import Account
from models.audit_event import AuditEvent
from models.session import Session
from services.accounts.recent_proof import PROOF_LIFE
from services.accounts.sessions import SessionService
from services.common.caller import Caller
from tests.api import Api
from tests.companies import problems
from tests.conftest import MakeApi
from tests.forms import NEW_PASSWORD, PASSWORD, PASSWORD_CHANGE, RFC, WRONG_PASSWORD

OTHER_RFC = "XIA190128J61"
AGES_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def me(api: Api) -> Api:
    """Signed in, with a proof that has expired."""
    await api.account()
    signed_in = api.signed_in(await api.token())
    await Session.all().update(proved_at=AGES_AGO)
    return signed_in


async def _proved_until(api: Api) -> datetime | None:
    until = (await api.run("Me"))["recentProofUntil"]
    return datetime.fromisoformat(until) if until else None


async def _is_proved(api: Api) -> bool:
    until = await _proved_until(api)
    return until is not None and timedelta(0) < until - datetime.now(UTC) <= PROOF_LIFE


async def test_a_login_is_a_proof_for_ten_minutes(api: Api) -> None:
    await api.account()
    me = api.signed_in(await api.token())

    proved = await _is_proved(me)
    await Session.all().update(proved_at=AGES_AGO)

    assert proved
    assert await _proved_until(me) == AGES_AGO + PROOF_LIFE


async def test_the_password_is_a_proof_for_this_session_alone(api: Api, me: Api) -> None:
    elsewhere = api.signed_in(await api.token())
    await Session.all().update(proved_at=None)

    answer = await me.act("Reauthenticate", password=f"{PASSWORD}\n")

    assert answer["__typename"] == "ReauthenticateSuccess"
    assert answer["account"]["recentProofUntil"]
    assert await _is_proved(me)
    assert await _proved_until(elsewhere) is None


async def test_a_wrong_password_is_no_proof(me: Api) -> None:
    answers = [
        await me.act("Reauthenticate", password=typed) for typed in (WRONG_PASSWORD, "", "\0" * 300, "🐍" * 2000)
    ]

    assert [problems(answer) for answer in answers] == [
        [("password", "INCORRECT")],
        [("password", "MISSING")],
        [("password", "INCORRECT")],
        [("password", "INCORRECT")],
    ]
    assert await _proved_until(me) == AGES_AGO + PROOF_LIFE


async def test_changing_the_password_is_a_proof(me: Api) -> None:
    changed = await me.act("ChangePassword", **PASSWORD_CHANGE)

    assert changed["account"]["recentProofUntil"]
    assert await _is_proved(me)


async def test_a_mailed_password_is_no_proof_until_it_is_changed(api: Api) -> None:
    await api.account()
    mailed = await api.recover()
    me = api.signed_in(await api.token(password=mailed))
    assert await _proved_until(me) is None

    refused = await me.act("Reauthenticate", password=mailed)
    await me.act("ChangePassword", **{**PASSWORD_CHANGE, "currentPassword": mailed})

    assert refused["__typename"] == "PasswordChangeRequiredError"
    assert await _is_proved(me)


async def test_guesses_count_together_with_those_of_change_password(make_api: MakeApi) -> None:
    api = await make_api(limit_current_password="2/15 minutes")
    await api.account()
    me = api.signed_in(await api.token())

    await me.act("Reauthenticate", password=WRONG_PASSWORD)
    await me.act("ChangePassword", **{**PASSWORD_CHANGE, "currentPassword": WRONG_PASSWORD})
    throttled = [
        await me.act("Reauthenticate", password=PASSWORD),
        await me.act("ChangePassword", **PASSWORD_CHANGE),
    ]

    assert {answer["__typename"] for answer in throttled} == {"TooManyAttemptsError"}


async def test_a_new_password_is_no_second_guess_of_the_current_one(me: Api) -> None:
    guess = {"currentPassword": WRONG_PASSWORD, "newPassword": PASSWORD, "newPasswordConfirmation": PASSWORD}

    answer = await me.act("ChangePassword", **guess)

    assert problems(answer) == [("currentPassword", "INCORRECT")]


async def test_right_passwords_are_not_counted(make_api: MakeApi) -> None:
    api = await make_api(limit_current_password="2/15 minutes")
    await api.account()
    me = api.signed_in(await api.token())

    typed = [PASSWORD, WRONG_PASSWORD, PASSWORD, WRONG_PASSWORD, PASSWORD]
    answers = [await me.act("Reauthenticate", password=each) for each in typed]

    assert [answer["__typename"] for answer in answers[::2]] == ["ReauthenticateSuccess"] * 3


@pytest.mark.parametrize("operation", ["ChangeRfc", "ExportAccount", "RequestAccountDeletion"])
@pytest.mark.parametrize(
    ("in_between", "refusal"),
    [
        (lambda: Session.all().update(proved_at=None), "ReauthenticationRequiredError"),
        (lambda: Session.all().delete(), "NotAuthenticatedError"),
        (lambda: Account.all().update(email_key="eva@example.com"), "NotAuthenticatedError"),
    ],
    ids=["proof", "session", "email"],
)
async def test_what_ends_the_proof_of_a_request_under_way_ends_the_request(
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    in_between: Callable[[], Awaitable[object]],
    refusal: str,
) -> None:
    require = SessionService.require_recent_proof

    async def require_and_lose(self: SessionService, caller: Caller) -> object:
        principal = await require(self, caller)
        await in_between()
        return principal

    await api.account()
    me = api.signed_in(await api.token())
    monkeypatch.setattr(SessionService, "require_recent_proof", require_and_lose)

    answer = await me.run(operation, {"input": {"rfc": OTHER_RFC}} if operation == "ChangeRfc" else None)

    assert answer["__typename"] == refusal
    assert await api.mails() == []
    assert await Account.exists(rfc=RFC, deletion_due_at=None)


async def test_nobody_is_asked_who_is_not_signed_in(api: Api) -> None:
    answer = await api.act("Reauthenticate", password=NEW_PASSWORD)

    assert answer["__typename"] == "NotAuthenticatedError"


async def test_the_trail_says_how_it_went(me: Api) -> None:
    await me.act("Reauthenticate", password=WRONG_PASSWORD)
    await me.act("Reauthenticate", password=PASSWORD)

    session = await Session.get()
    events = await AuditEvent.filter(kind__startswith="reauthent").order_by("at")
    kinds = ["reauthentication_failed", "reauthenticated"]
    assert [(event.kind, event.account_id, event.subject) for event in events] == [
        (kind, session.account_id, str(session.id)) for kind in kinds
    ]
