"""Passwords, from the form to the login."""

from datetime import timedelta

from models.account import Account
from tests.api import Api
from tests.companies import problems, signed_in
from tests.forms import EMAIL, PASSWORD
from tests.stores import ON_SQLITE

MAX_LENGTH = "Correcto caballo batería grapa. " * 4


@ON_SQLITE
async def test_every_character_of_a_password_counts_and_so_does_its_case(api: Api) -> None:
    await api.confirmed(password=MAX_LENGTH)
    near = [MAX_LENGTH[:-1], MAX_LENGTH[:-1] + "x", MAX_LENGTH.lower()]

    answers = [await api.act("Login", email=EMAIL, password=typed) for typed in (*near, MAX_LENGTH)]

    assert len(MAX_LENGTH) == 128
    assert [answer["__typename"] for answer in answers] == ["InvalidCredentialsError"] * 3 + ["LoginSuccess"]


@ON_SQLITE
async def test_a_password_chosen_on_one_keyboard_can_be_typed_on_another(api: Api) -> None:
    await api.confirmed(password="pingu\u0308ino azul", passwordConfirmation="pingüino azul")

    login = await api.act("Login", email=EMAIL, password="pingüino azul")

    assert login["__typename"] == "LoginSuccess"


@ON_SQLITE
async def test_a_password_never_expires(api: Api) -> None:
    await api.confirmed()
    account = await Account.get(email_key=EMAIL)
    account.created_at -= timedelta(days=3650)
    account.confirmed_at -= timedelta(days=3650)
    await account.save()

    login = await api.act("Login", email=EMAIL, password=PASSWORD)

    assert login["__typename"] == "LoginSuccess"
    assert login["account"]["passwordChangeRequired"] is False


@ON_SQLITE
async def test_a_common_password_cannot_be_a_new_one(api: Api) -> None:
    me = await signed_in(api)

    refused = await me.act(
        "ChangePassword", currentPassword=PASSWORD, newPassword="Password1", newPasswordConfirmation="Password1"
    )

    assert problems(refused) == [("newPassword", "TOO_COMMON")]


@ON_SQLITE
async def test_a_form_can_show_the_password_rules_beforehand(api: Api) -> None:
    assert await api.run("PasswordPolicy") == {"minimumLength": 8, "maximumLength": 128}
