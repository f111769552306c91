"""A person's password, from the form to the sign-in."""

from datetime import timedelta

from models.account import Account
from tests.api import EMAIL, PASSWORD, Api

MAX_LENGTH = "Correcto caballo batería grapa. " * 4


async def test_a_password_counts_whole_and_in_its_case(api: Api) -> None:
    await api.account(password=MAX_LENGTH)
    near = [MAX_LENGTH[:-1], MAX_LENGTH[:-1] + "x", MAX_LENGTH.lower()]

    answers = [await api.act("Login", email=EMAIL, password=typed) for typed in (*near, MAX_LENGTH)]

    assert len(MAX_LENGTH) == 128
    assert [answer["__typename"] for answer in answers] == ["InvalidCredentialsError"] * 3 + ["LoginSuccess"]


async def test_a_password_that_was_chosen_on_one_keyboard_is_typed_on_another(api: Api) -> None:
    await api.account(password="pingu\u0308ino azul")

    login = await api.act("Login", email=EMAIL, password="pingüino azul")

    assert login["__typename"] == "LoginSuccess"


async def test_a_password_never_expires(api: Api) -> None:
    await api.account()
    account = await Account.get(email_key=EMAIL)
    account.created_at -= timedelta(days=3650)
    account.confirmed_at -= timedelta(days=3650)
    await account.save()

    login = await api.act("Login", email=EMAIL, password=PASSWORD)

    assert login["__typename"] == "LoginSuccess"
    assert login["account"]["passwordChangeRequired"] is False


async def test_a_common_password_is_no_new_one(api: Api) -> None:
    await api.account()
    session = api.signed_in(await api.token())

    refused = await session.act(
        "ChangePassword", currentPassword=PASSWORD, newPassword="Password1", newPasswordConfirmation="Password1"
    )

    assert [(field["field"], field["code"]) for field in refused["fields"]] == [("newPassword", "TOO_COMMON")]
