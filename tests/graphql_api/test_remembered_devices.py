"""Devices on which login skips the second step: what their token opens, and what ends it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from models.account import Account
from models.audit_event import AuditEvent
from models.remembered_device import RememberedDevice
from services.accounts.revocation import revoke_everything
from services.common.clock import utc_now
from services.factors.remembered_devices import DEVICE_LIFE, MAX_DEVICES
from tests.actors import OPERATOR
from tests.api import Api
from tests.forms import EMAIL, NEW_PASSWORD, OTHER_RFC, PASSWORD, PASSWORD_CHANGE, WRONG_PASSWORD
from tests.second_factors import Protected, backdate, challenge_of, protect, verify
from tests.statements import statements_run

OTHERS_EMAIL = "eva@example.com"
PAGE = {"origin": "http://localhost:8000", "sec-fetch-site": "same-origin"}


@pytest.fixture
async def ana(api: Api) -> Protected:
    return await protect(api)


async def remember(api: Api, ana: Protected) -> str:
    """Signs in with a code, and returns the token of the device."""
    opened = await verify(api, await challenge_of(api), ana.app.code(), rememberDevice=True)
    assert opened["deviceToken"], opened
    return str(opened["deviceToken"])


async def sign_in(api: Api, token: str | None, password: str = PASSWORD, email: str = EMAIL) -> Any:
    return await api.act("Login", email=email, password=password, rememberedDevice=token)


async def outcome(api: Api, token: str | None, password: str = PASSWORD, email: str = EMAIL) -> str:
    return str((await sign_in(api, token, password, email))["__typename"])


async def test_a_remembered_device_skips_the_second_step_for_thirty_days(api: Api, ana: Protected) -> None:
    token = await remember(api, ana)
    answers = [await outcome(api, token) for _ in range(2)]
    devices = RememberedDevice.all()
    left = (await devices.get()).expires_at - utc_now()
    await devices.update(expires_at=utc_now())

    assert answers == ["LoginSuccess"] * 2
    assert timedelta(days=30) == DEVICE_LIFE
    assert DEVICE_LIFE - timedelta(minutes=1) < left < DEVICE_LIFE
    assert await outcome(api, token) == "SecondFactorRequiredError"


async def test_nobody_is_remembered_who_did_not_ask(api: Api, ana: Protected) -> None:
    opened = await verify(api, await challenge_of(api), ana.app.code())

    assert opened["deviceToken"] is None
    assert await RememberedDevice.all().count() == 0


async def test_the_token_is_no_recent_proof(api: Api, ana: Protected) -> None:
    login = await sign_in(api, await remember(api, ana))
    me = api.signed_in(login["token"])

    assert (await me.run("Me"))["recentProofUntil"] is None
    assert (await me.run("RemoveSecondFactor"))["__typename"] == "ReauthenticationRequiredError"
    assert (await me.act("Reauthenticate", oneTimeCode=ana.app.code()))["__typename"] == "ReauthenticateSuccess"


async def test_the_token_alone_opens_nothing(api: Api, ana: Protected) -> None:
    token = await remember(api, ana)

    assert await outcome(api, token, WRONG_PASSWORD) == "InvalidCredentialsError"
    assert await outcome(api, token, token) == "InvalidCredentialsError"
    assert await api.signed_in(token).run("Me") is None
    assert (await verify(api, token, ana.app.code()))["__typename"] == "LoginExpiredError"


async def test_the_token_counts_for_its_own_account_only(api: Api, ana: Protected) -> None:
    token = await remember(api, ana)
    await api.account(email=OTHERS_EMAIL, rfc=OTHER_RFC)
    eva = api.signed_in(await api.token(OTHERS_EMAIL))
    await Account.filter(email_key=OTHERS_EMAIL).update(second_factor_since=utc_now())

    assert await outcome(api, token, email=OTHERS_EMAIL) == "SecondFactorRequiredError"
    (device,) = (await ana.me.run("Me"))["rememberedDevices"]
    assert (await eva.act("ForgetDevice", id=device["id"]))["__typename"] == "DeviceNotFoundError"
    assert await outcome(api, token) == "LoginSuccess"


@pytest.mark.parametrize("token", ["", "x", "\0", "🐍" * 4000])
async def test_another_text_is_as_good_as_none(api: Api, ana: Protected, token: str) -> None:
    await remember(api, ana)

    assert await outcome(api, token) == "SecondFactorRequiredError"


async def test_a_wrong_password_costs_the_same_with_and_without_a_token(api: Api, ana: Protected) -> None:
    token = await remember(api, ana)
    tries = [(email, each) for email in (EMAIL, "nobody@example.com") for each in (token, "x" * len(token), None)]
    costs = set()
    for email, each in tries:
        with statements_run() as statements:
            answer = await sign_in(api, each, WRONG_PASSWORD, email)
        costs.add((tuple(statement.text for statement in statements), str(answer)))

    assert len(costs) == 1


async def test_a_mailed_password_asks_for_the_code_and_ends_the_device(api: Api, ana: Protected) -> None:
    token = await remember(api, ana)
    mailed = await api.recover()
    asked = await sign_in(api, token, mailed)
    still = await outcome(api, token)
    opened = await verify(api, asked["challenge"], ana.recovery_codes[0], rememberDevice=True)
    form = {**PASSWORD_CHANGE, "currentPassword": mailed}
    await api.signed_in(opened["token"]).act("ChangePassword", **form)

    assert (asked["__typename"], still) == ("SecondFactorRequiredError", "LoginSuccess")
    assert opened["deviceToken"] is None
    assert await outcome(api, token, NEW_PASSWORD) == "SecondFactorRequiredError"


async def test_a_new_password_ends_it_and_the_old_one_does_not_bring_it_back(api: Api, ana: Protected) -> None:
    token = await remember(api, ana)
    await ana.me.act("ChangePassword", **PASSWORD_CHANGE)
    after = await outcome(api, token, NEW_PASSWORD)
    listed = (await ana.me.run("Me"))["rememberedDevices"]
    back = {"currentPassword": NEW_PASSWORD, "newPassword": PASSWORD, "newPasswordConfirmation": PASSWORD}
    await ana.me.act("ChangePassword", **back)

    assert (after, listed) == ("SecondFactorRequiredError", [])
    assert await outcome(api, token) == "SecondFactorRequiredError"


async def test_removing_or_replacing_the_second_factor_ends_it(api: Api, ana: Protected) -> None:
    token = await remember(api, ana)
    await ana.me.run("RemoveSecondFactor")
    left = await RememberedDevice.all().count()
    await Account.all().update(second_factor_since=utc_now())

    assert left == 0
    assert await outcome(api, token) == "SecondFactorRequiredError"


async def test_ending_its_session_forgets_the_device_and_logging_out_does_not(api: Api, ana: Protected) -> None:
    token = await remember(api, ana)
    login = await sign_in(api, token)
    await api.signed_in(login["token"]).run("Logout")
    after_logout = await sign_in(api, token)
    (entry,) = [each for each in (await api.signed_in(after_logout["token"]).run("Me"))["sessions"] if each["current"]]
    await ana.me.act("RevokeSession", id=entry["id"])

    assert after_logout["__typename"] == "LoginSuccess"
    assert await outcome(api, token) == "SecondFactorRequiredError"


async def test_ending_the_other_sessions_forgets_all_other_devices(api: Api, ana: Protected) -> None:
    first, second = await remember(api, ana), await remember(api, ana)
    mine = api.signed_in((await sign_in(api, first))["token"])
    account = (await mine.run("RevokeOtherSessions"))["account"]

    assert [device["current"] for device in account["rememberedDevices"]] == [True]

    assert [await outcome(api, token) for token in (first, second)] == ["LoginSuccess", "SecondFactorRequiredError"]


async def test_an_operator_ends_it(api: Api, ana: Protected) -> None:
    async def by_revoking() -> None:
        await api.composition.services.sessions.revoke_all(OPERATOR, EMAIL)

    async def by_revoking_everybody() -> None:
        async for _ in revoke_everything(OPERATOR, passwords=False):
            pass

    async def by_ending_the_second_factor() -> None:
        await api.composition.support.end_second_factor(OPERATOR, EMAIL)

    codes = iter(ana.recovery_codes)
    for end in (by_revoking, by_revoking_everybody, by_ending_the_second_factor):
        opened = await verify(api, await challenge_of(api), next(codes), rememberDevice=True)
        await end()
        assert await outcome(api, opened["deviceToken"]) == "SecondFactorRequiredError", end.__name__


async def test_an_announced_end_of_the_factor_is_not_taken_back_by_a_device(api: Api, ana: Protected) -> None:
    token = await remember(api, ana)
    ends_at = utc_now() + timedelta(days=1)
    await Account.all().update(second_factor_ends_at=ends_at)
    await sign_in(api, token)

    assert (await Account.get()).second_factor_ends_at == ends_at


async def test_taking_back_a_change_of_e_mail_ends_it(api: Api, ana: Protected) -> None:
    await backdate(utc_now() - timedelta(days=30))
    await ana.me.act("ChangeEmail", email=OTHERS_EMAIL)
    await ana.me.act("ConfirmEmail", code=await api.mailed_code())
    reverting = await api.mailed_code()
    asked = await api.act("Login", email=OTHERS_EMAIL, password=PASSWORD)
    opened = await verify(api, asked["challenge"], ana.app.code(), rememberDevice=True)
    await api.act("RevertEmail", code=reverting)
    await api.mails()

    asked = await sign_in(api, opened["deviceToken"], await api.recover())
    assert asked["__typename"] == "SecondFactorRequiredError"
    generation = (await Account.get()).password_generation
    assert await RememberedDevice.filter(password_generation=generation).count() == 0


async def test_owners_see_their_devices_and_forget_them(api: Api, ana: Protected) -> None:
    challenge = (await api.act("Login", email=EMAIL, password=PASSWORD, deviceName="Laptop"))["challenge"]
    opened = await verify(api, challenge, ana.app.code(), rememberDevice=True)
    me = api.signed_in(opened["token"])
    (device,) = (await me.run("Me"))["rememberedDevices"]
    (elsewhere,) = (await ana.me.run("Me"))["rememberedDevices"]
    forgotten = await me.act("ForgetDevice", id=device["id"])
    again = await me.act("ForgetDevice", id=device["id"])

    assert (device["deviceName"], device["current"], elsewhere["current"]) == ("Laptop", True, False)
    assert (forgotten["id"], forgotten["account"]["rememberedDevices"]) == (device["id"], [])
    assert again["__typename"] == "DeviceNotFoundError"
    assert await outcome(api, opened["deviceToken"]) == "SecondFactorRequiredError"
    assert await me.run("Me")
    kinds = [event.kind for event in await AuditEvent.filter(kind__startswith="device").order_by("at")]
    assert kinds == ["device_remembered", "device_forgotten"]


async def test_forgetting_needs_a_session_of_its_own_password(api: Api, ana: Protected) -> None:
    mailed = await api.recover()
    opened = await verify(api, await challenge_of(api, mailed), ana.app.code())
    restricted = api.signed_in(opened["token"])

    assert (await restricted.run("Me"))["rememberedDevices"] == []
    answers = [await caller.act("ForgetDevice", id="x") for caller in (restricted, api)]
    assert [answer["__typename"] for answer in answers] == ["PasswordChangeRequiredError", "NotAuthenticatedError"]


async def test_a_login_and_its_devices_end_at_once_leave_no_device(api: Api, ana: Protected) -> None:
    token = await remember(api, ana)
    (device,) = (await ana.me.run("Me"))["rememberedDevices"]
    await asyncio.gather(sign_in(api, token), ana.me.act("ForgetDevice", id=device["id"]))

    assert await RememberedDevice.all().count() == 0
    assert await outcome(api, token) == "SecondFactorRequiredError"


async def test_one_device_too_many_ends_the_one_that_was_used_least_recently(api: Api, ana: Protected) -> None:
    token = await remember(api, ana)
    row = (await RememberedDevice.all().values())[0]
    later = utc_now() + timedelta(seconds=1)
    for number in range(MAX_DEVICES - 1):
        await RememberedDevice.create(**{**row, "id": f"{number:032x}", "digest": str(number), "last_used_at": later})
    await remember(api, ana)

    assert await RememberedDevice.all().count() == MAX_DEVICES
    assert await outcome(api, token) == "SecondFactorRequiredError"


async def test_only_a_digest_is_kept(api: Api, ana: Protected) -> None:
    token = await remember(api, ana)
    kept = [await model.all().values() for model in (RememberedDevice, AuditEvent)]

    assert token not in str(kept)


async def test_with_cookies_the_token_is_in_one_that_scripts_cannot_read(api: Api, ana: Protected) -> None:
    api.headers |= PAGE
    asked = await api.act("Login", email=EMAIL, password=PASSWORD, transport="COOKIE")
    form = {"challenge": asked["challenge"], "oneTimeCode": ana.app.code(), "transport": "COOKIE"}
    response = await api.send("VerifySecondFactor", {"input": {**form, "rememberDevice": True}})
    session, device = response.headers.get_list("set-cookie")
    pair = device.partition(";")[0]
    login = {"input": {"email": EMAIL, "password": PASSWORD, "transport": "COOKIE"}}
    by_cookie = await api.run("Login", login, {"cookie": pair})
    ignored = await api.run("Login", {"input": {**login["input"], "transport": "BEARER"}}, {"cookie": pair})
    api.http.cookies.clear()
    doubtful = [await api.run("Login", login, {"cookie": cookie}) for cookie in (f"{pair}; device=x", 'device="\\')]

    assert (session[:8], device[:7]) == ("session=", "device=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(device.split("; "))
    assert 30 * 24 * 3600 - 60 < int(device.partition("Max-Age=")[2].partition(";")[0]) <= 30 * 24 * 3600
    assert response.json()["data"]["verifySecondFactor"]["deviceToken"] is None
    assert (by_cookie["__typename"], ignored["__typename"]) == ("LoginSuccess", "SecondFactorRequiredError")
    assert [answer["__typename"] for answer in doubtful] == ["SecondFactorRequiredError"] * 2
