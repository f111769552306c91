"""An operator who demands a second factor of every account."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.session import Session
from services.access.clients import Scope
from tests.api import Api
from tests.companies import signed_in
from tests.conftest import MakeApi
from tests.forms import COMPANY, EMAIL, OTHER_RFC, PASSWORD, PASSWORD_CHANGE
from tests.second_factors import enrolled, protect

REQUIRED = "SecondFactorEnrollmentRequiredError"
ID = "7fffffff-ffff-4fff-bfff-ffffffffffff"
REFUSED: dict[str, Any] = {
    "AcceptPrivacyNotice": {"version": "1"},
    "CancelAccountDeletion": None,
    "CancelBankDeposit": {"id": ID},
    "ChangeEmail": {"email": "eva@example.com"},
    "ChangeRfc": {"rfc": OTHER_RFC},
    "CompletePayPalPayment": {"orderId": "5O190127TN364715T"},
    "ConfigureCompany": COMPANY,
    "ConfirmEmail": {"code": "A" * 40},
    "CreateAccessToken": {"audience": "https://api.example.mx"},
    "CreateRecoveryCodes": None,
    "CreateSeries": {"name": "A", "firstFolio": "1"},
    "DeleteSeries": {"id": ID},
    "ExportAccount": None,
    "ForgetDevice": {"id": ID},
    "RemovePasskey": {"id": ID},
    "RemoveSecondFactor": None,
    "RenameSession": {"id": ID, "deviceName": "Laptop"},
    "RequestAccountDeletion": None,
    "RequestBankDeposit": {"planId": "negocio"},
    "RevokeOtherSessions": None,
    "RevokeSession": {"id": ID},
    "StartPayPalPayment": {"planId": "negocio"},
    "UpdateAccount": {"language": "EN"},
    "UpdateSeries": {"id": ID, "name": "A", "firstFolio": "1"},
}
ALLOWED = {
    *("AddPasskey", "BeginPasskeyProof", "BeginPasskeyRegistration", "RenamePasskey", "RequirePasskey"),
    *("ChangePassword", "ConfirmTotp", "EnrollTotp", "Reauthenticate"),
}


@pytest.fixture
async def strict(make_api: MakeApi) -> Api:
    return await make_api(second_factor_required=True)


async def test_a_session_can_only_add_a_second_factor(strict: Api) -> None:
    me = await signed_in(strict)
    answers = {
        name: (await (me.run(name) if form is None else me.act(name, **form)))["__typename"]
        for name, form in REFUSED.items()
    }

    assert answers == dict.fromkeys(REFUSED, REQUIRED)


def test_every_mutation_with_a_session_is_refused_or_is_needed_to_add_one() -> None:
    types = json.loads(Path("graphql/possible-types.json").read_text("utf-8"))
    members = {name.removesuffix("Result"): set(union) for name, union in types.items() if name.endswith("Result")}
    signed_in_only = {name for name, union in members.items() if "NotAuthenticatedError" in union}

    assert {name for name, union in members.items() if REQUIRED in union} == set(REFUSED)
    assert signed_in_only == REFUSED.keys() | ALLOWED


async def test_adding_one_lifts_the_restriction(strict: Api) -> None:
    await strict.account()
    login = await strict.act("Login", email=EMAIL, password=PASSWORD)
    me = strict.signed_in(login["token"])
    app = await enrolled(me)
    confirmed = await me.act("ConfirmTotp", oneTimeCode=app.code())

    assert login["account"]["secondFactorEnrollmentRequired"] is True
    assert login["message"] == "Para continuar, agrega una app de autenticación a tu cuenta."
    assert confirmed["account"]["secondFactorEnrollmentRequired"] is False
    assert (await me.act("ConfigureCompany", **COMPANY))["__typename"] == "ConfigureCompanySuccess"
    assert (await me.run("RemoveSecondFactor"))["account"]["secondFactorEnrollmentRequired"] is True
    assert (await me.act("ConfigureCompany", **COMPANY))["__typename"] == REQUIRED


async def test_a_session_that_was_open_before_is_restricted_and_proves_itself_first(strict: Api) -> None:
    me = await signed_in(strict)
    await Session.all().update(proved_at=datetime(2020, 1, 1, tzinfo=UTC))
    before = await me.run("EnrollTotp")
    proved = await me.act("Reauthenticate", password=PASSWORD)

    assert before["__typename"] == "ReauthenticationRequiredError"
    assert proved["__typename"] == "ReauthenticateSuccess"
    assert await enrolled(me)


async def test_me_shows_nothing_that_is_behind_the_account(strict: Api) -> None:
    protected = await protect(strict)
    await protected.me.act("ConfigureCompany", **COMPANY)
    await protected.me.run("RemoveSecondFactor")

    assert (await protected.me.run("Company"))["company"] is None
    assert (await protected.me.run("SecurityEvents"))["securityEvents"]["edges"] == []
    assert (await protected.me.run("Me"))["email"] == EMAIL


async def test_a_mailed_password_is_changed_first(strict: Api) -> None:
    await strict.account()
    mailed = await strict.recover()
    me = strict.signed_in(await strict.token(password=mailed))
    before = await me.run("EnrollTotp")
    changed = await me.act("ChangePassword", **{**PASSWORD_CHANGE, "currentPassword": mailed})

    assert before["__typename"] == "PasswordChangeRequiredError"
    assert changed["account"]["secondFactorEnrollmentRequired"] is True
    assert await enrolled(me)


async def test_products_are_told_and_api_clients_are_not_affected(strict: Api) -> None:
    me = await signed_in(strict)
    token = me.headers["authorization"].removeprefix("Bearer ")
    product = strict.signed_in(await strict.api_client(Scope.ACCOUNTS_READ))
    verified = await product.act("VerifySession", token=token)
    app = await enrolled(me)
    await me.act("ConfirmTotp", oneTimeCode=app.code())

    assert verified["secondFactorEnrollmentRequired"] is True
    assert (await product.act("VerifySession", token=token))["secondFactorEnrollmentRequired"] is False


async def test_nobody_is_restricted_unless_the_operator_demands_it(api: Api) -> None:
    me = await signed_in(api)

    assert (await me.run("Me"))["secondFactorEnrollmentRequired"] is False
