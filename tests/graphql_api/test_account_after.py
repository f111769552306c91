"""The account on the successes of signed-in mutations: its state after them, read only if it is selected."""

from typing import Any

import pytest

from tests.api import Api
from tests.companies import configured, created, signed_in
from tests.conftest import MakeApi
from tests.forms import COMPANY, EMAIL, PASSWORD, PASSWORD_CHANGE
from tests.paypal.payers import PLAN, payer, start
from tests.paypal.server import PayPalServer
from tests.statements import statements_run
from tests.stores import ON_SQLITE


async def test_every_step_of_the_company_shows_the_account_after_it(api: Api) -> None:
    me = await signed_in(api)

    company = await me.act("ConfigureCompany", **COMPANY)
    again = await me.act("ConfigureCompany", **COMPANY)
    first = await me.act("CreateSeries", name="A", firstFolio="1")
    second = await me.act("CreateSeries", name="B", firstFolio="1")
    updated = await me.act("UpdateSeries", id=second["series"]["id"], name="C", firstFolio="1")
    deleted = await me.act("DeleteSeries", id=second["series"]["id"])

    account = await _account(me)
    data = again["company"]
    assert company["account"] == {**account, "onboarding": _steps(2), "company": {**company["company"], "series": []}}
    assert first["account"] == {**account, "company": {**data, "series": [first["series"]]}}
    assert second["account"]["company"]["series"] == [first["series"], second["series"]]
    assert updated["account"] == {**account, "company": {**data, "series": [first["series"], updated["series"]]}}
    assert account["onboarding"] == _steps(3)
    assert deleted["account"]["company"]["series"] == [first["series"]]


async def test_a_payment_shows_the_account_after_it(shop: Api, paypal: PayPalServer) -> None:
    ana = await payer(shop)
    asked = await ana.act("RequestBankDeposit", planId=PLAN)
    order = await start(ana)
    paypal.approve(order)
    completed = await ana.act("CompletePayPalPayment", orderId=order)

    assert asked["account"]["openDeposit"] == asked["deposit"]
    assert asked["account"]["onboarding"] == _steps(3)
    assert completed["account"]["onboarding"] == _steps(4)
    assert completed["account"]["activation"] == completed["activation"]
    assert completed["account"]["openDeposit"] is None


async def test_ended_sessions_are_gone_from_the_account(api: Api) -> None:
    me = await signed_in(api)
    await api.token()
    (here, other) = (await me.run("Me"))["sessions"]

    revoked = await me.act("RevokeSession", id=other["id"])
    await api.token()
    revoked_others = await me.run("RevokeOtherSessions")
    await api.token()
    changed = await me.act("ChangePassword", **PASSWORD_CHANGE)

    ids = [[session["id"] for session in each["account"]["sessions"]] for each in (revoked, revoked_others, changed)]
    assert ids == [[here["id"]]] * 3


async def test_who_ends_the_own_session_still_sees_the_account(api: Api) -> None:
    me = await signed_in(api)
    account = await _account(me)

    revoked = await me.act("RevokeSession", id=(await me.run("Me"))["sessions"][0]["id"])

    assert revoked["account"] == {**account, "sessions": [], "rememberedDevices": []}


async def test_a_changed_mailed_password_lifts_the_restriction_of_the_account(api: Api) -> None:
    await configured(api)
    mailed = await api.recover()
    me = api.signed_in(await api.token(password=mailed))
    before = await _account(me)

    changed = await me.act("ChangePassword", **{**PASSWORD_CHANGE, "currentPassword": mailed})

    assert before["passwordChangeRequired"] is True
    assert changed["account"]["passwordChangeRequired"] is False


async def test_a_login_says_what_to_do_next(api: Api) -> None:
    await api.account()
    mailed = await api.recover()

    usual = await api.act("Login", email=EMAIL, password=PASSWORD)
    restricted = await api.act("Login", email=EMAIL, password=mailed)

    assert usual["message"] == "Iniciaste sesión."
    assert restricted["message"] == "Iniciaste sesión con la clave que te enviamos. Elige una nueva para continuar."


@ON_SQLITE
@pytest.mark.parametrize("selected", [False, True])
async def test_the_account_is_read_only_if_it_is_selected(make_api: MakeApi, *, selected: bool) -> None:
    me = await configured(await make_api())
    await created(me, name="A")
    series = await created(me, name="B")
    account = "account { id }" if selected else ""
    query = "mutation ($id: ID!) { deleteSeries(input: {id: $id}) { ... on DeleteSeriesSuccess { id account } } }"
    body = {"query": query.replace("account", account), "variables": {"id": series["id"]}}

    with statements_run() as statements:
        answer = await me.http.post("/graphql", json=body, headers=me.headers)

    reads = [each for each in statements if each.text.startswith("SELECT") and 'FROM "account"' in each.text]
    assert answer.json()["data"]["deleteSeries"]["id"] == series["id"]
    assert len(reads) == selected


async def _account(me: Api) -> dict[str, Any]:
    """What AccountFields selects of the account."""
    shown = await me.run("Me")
    only_there = {"createdAt", "confirmedAt", "pendingEmail", "sessions", "rememberedDevices"}
    return {key: value for key, value in shown.items() if key not in only_there}


def _steps(done: int) -> dict[str, object]:
    steps = ["CREATE_ACCOUNT", "CONFIRM_ACCOUNT", "CONFIGURE_COMPANY", "SELECT_PAYMENT_METHOD"]
    return {"currentStep": [*steps, None][done], "completedSteps": steps[:done]}
