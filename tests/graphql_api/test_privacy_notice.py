"""Who accepted which privacy notice, and when."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from models.account import Account
from models.audit_event import AuditEvent
from models.privacy_acceptance import PrivacyAcceptance
from models.registration import Registration
from services.common.clock import utc_now
from services.support.deletion import Deleted
from tests.actors import OPERATOR
from tests.api import Api
from tests.companies import problems
from tests.conftest import MakeApi
from tests.exports import exported, tables
from tests.forms import EMAIL
from tests.stores import ON_SQLITE

NOTICE: dict[str, Any] = {"privacy_notice_version": "2026-11", "privacy_notice_url": "https://app.example.mx/aviso"}
HOSTILE = ("2026-12", "2026-11\0", "\0", "x" * 15_000, "２０２６-11", "' OR 1=1 --")


@ON_SQLITE
async def test_nobody_is_asked_unless_the_operator_has_a_notice(api: Api) -> None:
    await api.confirmed(acceptedPrivacyNotice="2026-11")
    me = api.signed_in(await api.token())

    assert await api.run("PrivacyNotice") is None
    assert (await me.run("AcceptedPrivacyNotice"))["privacyNotice"] == {"accepted": None, "current": True}
    assert problems(await me.act("AcceptPrivacyNotice", version="2026-11")) == [("version", "NOT_CURRENT")]
    assert await PrivacyAcceptance.all().count() == 0


async def test_whoever_registers_accepts_the_notice_and_the_account_says_when(make_api: MakeApi) -> None:
    api = await make_api(**NOTICE)
    notice = await api.run("PrivacyNotice")
    before = utc_now()

    await api.confirmed(acceptedPrivacyNotice=f" {notice['version']}\n")

    accepted = await PrivacyAcceptance.get()
    me = await api.signed_in(await api.token()).run("AcceptedPrivacyNotice")
    assert notice == {"version": "2026-11", "url": "https://app.example.mx/aviso"}
    assert accepted.account_id == (await Account.get()).id
    assert before <= accepted.accepted_at <= (await Account.get()).confirmed_at
    at = f"{accepted.accepted_at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    assert me["privacyNotice"] == {"accepted": {"version": "2026-11", "at": at}, "current": True}


@ON_SQLITE
async def test_without_it_or_with_another_version_nothing_is_kept(make_api: MakeApi) -> None:
    api = await make_api(**NOTICE)

    missing = [problems(await api.register(acceptedPrivacyNotice=text)) for text in (None, "", " \u200b")]
    other = [problems(await api.register(acceptedPrivacyNotice=text)) for text in HOSTILE]

    assert missing == [[("acceptedPrivacyNotice", "MISSING")]] * 3
    assert other == [[("acceptedPrivacyNotice", "NOT_CURRENT")]] * len(HOSTILE)
    assert problems(await api.register(rfc="", acceptedPrivacyNotice=None))[-1] == ("acceptedPrivacyNotice", "MISSING")
    assert await Registration.all().count() == 0


async def test_a_new_version_is_accepted_once_however_often_it_is_sent(make_api: MakeApi) -> None:
    api = await make_api(**NOTICE)
    await api.confirmed(acceptedPrivacyNotice="2026-11")
    yesterday = utc_now() - timedelta(days=1)
    await PrivacyAcceptance.all().update(version="2025-01", accepted_at=yesterday)
    me = api.signed_in(await api.token())

    before = await me.run("AcceptedPrivacyNotice")
    stale = await me.act("AcceptPrivacyNotice", version="2025-01")
    accepted = await asyncio.gather(*(me.act("AcceptPrivacyNotice", version="2026-11") for _ in range(4)))

    assert (before["privacyNotice"]["accepted"]["version"], before["privacyNotice"]["current"]) == ("2025-01", False)
    assert problems(stale) == [("version", "NOT_CURRENT")]
    assert {each["__typename"] for each in accepted} == {"AcceptPrivacyNoticeSuccess"}
    assert [each["account"]["privacyNotice"]["current"] for each in accepted] == [True] * 4
    kept = await PrivacyAcceptance.all().order_by("accepted_at")
    assert [each.version for each in kept] == ["2025-01", "2026-11"]
    event = await AuditEvent.get(kind="privacy_notice_accepted")
    assert (event.account_id, event.detail) == ((await Account.get()).id, "2026-11")


async def test_a_version_that_holds_again_need_not_be_accepted_again(make_api: MakeApi) -> None:
    api = await make_api(**NOTICE)
    await api.confirmed(acceptedPrivacyNotice="2026-11")
    me = api.signed_in(await api.token())
    account = await Account.get()
    later = utc_now() + timedelta(seconds=1)
    await PrivacyAcceptance.create(id=account.id, account_id=account.id, version="2026-12", accepted_at=later)

    state = (await me.run("AcceptedPrivacyNotice"))["privacyNotice"]

    assert (state["accepted"]["version"], state["current"]) == ("2026-12", True)


@ON_SQLITE
async def test_hostile_versions_are_wrong_and_strangers_have_no_session(make_api: MakeApi) -> None:
    api = await make_api(**NOTICE)
    await api.confirmed(acceptedPrivacyNotice="2026-11")
    me = api.signed_in(await api.token())

    answers = [problems(await me.act("AcceptPrivacyNotice", version=text)) for text in HOSTILE]
    empty = problems(await me.act("AcceptPrivacyNotice", version=""))
    stranger = await api.act("AcceptPrivacyNotice", version="2026-11")
    restricted = await api.signed_in(await api.token(password=await api.recover())).act(
        "AcceptPrivacyNotice", version="2026-11"
    )

    assert answers == [[("version", "NOT_CURRENT")]] * len(HOSTILE)
    assert empty == [("version", "MISSING")]
    assert stranger["__typename"] == "NotAuthenticatedError"
    assert restricted["__typename"] == "PasswordChangeRequiredError"


@pytest.mark.parametrize("again", [True, False], ids=["twice", "once"])
async def test_the_last_registration_of_a_person_says_what_was_accepted(make_api: MakeApi, again: bool) -> None:
    api = await make_api(**NOTICE)
    await api.register(acceptedPrivacyNotice="2026-11")
    await Registration.all().update(privacy_notice="2025-01")  # as if the notice had changed since
    if again:
        await api.register(acceptedPrivacyNotice="2026-11")

    await api.act("ConfirmAccount", code=await api.mailed_code())

    assert (await PrivacyAcceptance.get()).version == ("2026-11" if again else "2025-01")


async def test_export_and_deletion_know_what_was_accepted(make_api: MakeApi) -> None:
    api = await make_api(**NOTICE)
    await api.confirmed(acceptedPrivacyNotice="2026-11")

    kept = tables(await exported(api.composition, EMAIL))
    deleted = await api.composition.deletion.delete(OPERATOR, EMAIL)

    assert [row["version"] for row in kept["privacy_notices"]] == ["2026-11"]
    assert isinstance(deleted, Deleted)
    assert await PrivacyAcceptance.all().count() == 0
