"""Every operation of graphql/operations/, and one for a whole screen, in each form in which clients send it."""

from itertools import product
from typing import Any

import pytest
from graphql import parse

from app.documents import MAX_TOKENS
from app.operations import OPERATIONS
from benchmarks.corpus import SCREEN
from services.accounts.sessions import MAX_SESSIONS
from services.company.series import MAX_SERIES
from services.payments.history import MAX_PAYMENTS
from tests.api import PRODUCTION
from tests.client_forms import FORMS
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD, RFC
from tests.full_accounts import full_account

ID = "00000000-0000-4000-8000-000000000000"
NEW = {"newPassword": PASSWORD, "newPasswordConfirmation": PASSWORD}
SERIES = {"name": "A", "firstFolio": 1}
INPUTS: dict[str, dict[str, Any]] = {
    "AddPasskey": {"credential": "{}"},
    "LoginWithPasskey": {"credential": "{}"},
    "RemovePasskey": {"id": ID},
    "RenamePasskey": {"id": ID, "nickname": "Laptop"},
    "AcceptPrivacyNotice": {"version": "1"},
    "VerifySecondFactor": {"challenge": "none", "oneTimeCode": "123456"},
    "CancelBankDeposit": {"id": ID},
    "ChangePassword": {"currentPassword": PASSWORD, **NEW},
    "ChangeEmail": {"email": "eva@example.com"},
    "ChangeRfc": {"rfc": RFC},
    "CompletePayPalPayment": {"orderId": "5O190127TN364715T"},
    "ConfigureCompany": {"legalName": "ESCUELA KEMPER URGATE", "taxRegime": "601", "postalCode": "26015"},
    "ConfirmAccount": {"code": "A" * 40},
    "ConfirmTotp": {"oneTimeCode": "123456"},
    "ConfirmEmail": {"code": "A" * 40},
    "CreateAccessToken": {"audience": "https://api.example.mx"},
    "CreateAccount": {"rfc": RFC, "email": EMAIL, "password": PASSWORD, "passwordConfirmation": PASSWORD},
    "CreateSeries": SERIES,
    "DeleteSeries": {"id": ID},
    "Login": {"email": EMAIL, "password": PASSWORD},
    "Reauthenticate": {"password": PASSWORD},
    "RecoverPassword": {"email": EMAIL, "captcha": {"id": "none", "answer": "none"}},
    "RenameSession": {"id": ID, "deviceName": "Laptop"},
    "RequestBankDeposit": {"planId": "negocio"},
    "ResendConfirmationCode": {"email": EMAIL},
    "RevertEmail": {"code": "A" * 40},
    "RevokeSession": {"id": ID},
    "ForgetDevice": {"id": ID},
    "StartPayPalPayment": {"planId": "negocio"},
    "UpdateAccount": {"language": "EN"},
    "UpdateSeries": {"id": ID, **SERIES},
    "VerifySession": {"token": "none"},
    "ReserveInvoice": {"accountId": ID, "seriesId": ID, "requestId": ID},
    "ConfirmInvoice": {"requestId": ID, "uuid": ID},
    "ReleaseInvoice": {"requestId": ID},
}


@pytest.mark.parametrize("stores", ["sqlite"])  # what a form changes is over before the database is asked
async def test_every_operation_is_executed_in_every_form(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION)
    refused = {}

    for (form, printed), (name, text) in product(FORMS.items(), OPERATIONS.items()):
        variables: dict[str, Any] = {"id": ID, "by": {"id": ID}, "requestId": ID}
        variables |= {"input": INPUTS[name]} if name in INPUTS else {}
        response = await api.http.post("/graphql", json={"query": printed(text), "variables": variables})
        if response.status_code != 200 or "errors" in response.json():
            refused[form, name] = response.json()

    assert refused == {}


async def test_one_operation_can_request_everything_that_a_screen_shows(make_api: MakeApi) -> None:
    me = await full_account(await make_api(**PRODUCTION))

    for printed in FORMS.values():
        response = await me.http.post("/graphql", json={"query": printed(SCREEN)}, headers=me.headers)

        body = response.json()
        assert "errors" not in body
        assert len(body["data"]["me"]["sessions"]) == MAX_SESSIONS
        assert len(body["data"]["me"]["payments"]) == MAX_PAYMENTS
        assert len(body["data"]["me"]["company"]["series"]) == MAX_SERIES
        assert all(len(series) >= 9 for series in body["data"]["me"]["company"]["series"])


def test_every_form_leaves_a_third_of_the_token_limit() -> None:
    texts = [*OPERATIONS.values(), SCREEN]

    tokens = {form: max(parse(printed(text)).token_count or 0 for text in texts) for form, printed in FORMS.items()}

    assert {form: count for form, count in tokens.items() if count * 3 >= MAX_TOKENS * 2} == {}
