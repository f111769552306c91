"""Login with password hashes that other systems made."""

import pytest
from argon2 import extract_parameters

from models.account import Account
from models.failure_streak import FailureStreak
from services.accounts.lockout import MAX_FAILURES
from services.common.secrets import generate_token
from tests.api import Api
from tests.foreign_hashes import OF_PASSWORD, PASSWORD
from tests.forms import EMAIL, NEW_PASSWORD
from tests.hash_work import recorded_hashes
from tests.stored_accounts import store_account

STRANGERS = [f"nobody-{number}@example.com" for number in range(3)]


async def _login(api: Api, email: str = EMAIL, password: str = PASSWORD) -> str:
    return str((await api.act("Login", email=email, password=password))["__typename"])


async def _hash(email: str = EMAIL) -> str:
    return str((await Account.get(email_key=email)).password_hash)


@pytest.mark.parametrize("name", OF_PASSWORD)
async def test_a_hash_of_another_system_logs_in_and_is_replaced(api: Api, name: str) -> None:
    account = await store_account(password_hash=OF_PASSWORD[name])

    wrong = await _login(api, password="una frase larga")
    kept = await _hash()
    first = await _login(api)
    made = await _hash()
    second = await _login(api)

    assert (wrong, first, second) == ("InvalidCredentialsError", "LoginSuccess", "LoginSuccess")
    assert kept == OF_PASSWORD[name]
    assert made.startswith("$argon2id$v=19$")
    assert extract_parameters(made).memory_cost == 64
    assert await _hash() == made
    assert (await Account.get(id=account.id)).password_generation == account.password_generation


async def test_a_password_typed_in_decomposed_letters_is_the_same(api: Api) -> None:
    await store_account(password_hash=OF_PASSWORD["django bcrypt"])

    assert await _login(api, password="una frase larga\u0301") == "LoginSuccess"


async def test_wrong_passwords_count_and_lock_as_usual(api: Api) -> None:
    await store_account(password_hash=OF_PASSWORD["django scrypt"])
    await _login(api, password=NEW_PASSWORD)
    counted = [streak.count for streak in await FailureStreak.all()]
    await FailureStreak.all().update(count=MAX_FAILURES)

    locked = await _login(api)

    assert counted == [1]
    assert locked == "RecoveryRequiredError"
    assert await _hash() == OF_PASSWORD["django scrypt"]


async def test_a_mailed_password_replaces_it(api: Api) -> None:
    await store_account(password_hash=OF_PASSWORD["crypt 2y"])

    mailed = await api.recover()

    assert await _login(api, password=mailed) == "LoginSuccess"
    assert (await Account.get(email_key=EMAIL)).password_hash is None


async def test_before_it_is_replaced_it_can_also_change_the_password(api: Api) -> None:
    await store_account(password_hash=OF_PASSWORD["django argon2"])
    me = api.signed_in(await api.token(password=PASSWORD))
    await Account.all().update(password_hash=OF_PASSWORD["django pbkdf2_sha1"])
    form = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD, "newPasswordConfirmation": NEW_PASSWORD}

    wrong = await me.act("ChangePassword", **{**form, "currentPassword": "otra clave más"})
    changed = await me.act("ChangePassword", **form)

    assert (wrong["__typename"], changed["__typename"]) == ("InvalidInputError", "ChangePasswordSuccess")
    assert await _login(api, password=NEW_PASSWORD) == "LoginSuccess"


async def test_unknown_emails_cost_what_the_accounts_of_other_systems_cost(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The only account stands in for every e-mail that has none."""
    computed = recorded_hashes(monkeypatch)

    async def cost(email: str) -> list[tuple[str, int]]:
        computed.clear()
        assert await _login(api, email, generate_token()) in {"InvalidCredentialsError", "RecoveryRequiredError"}
        return [*computed]

    await store_account(password_hash=OF_PASSWORD["django pbkdf2_sha256"])
    slow = [await cost(email) for email in (EMAIL, *STRANGERS)]
    await FailureStreak.all().update(count=MAX_FAILURES)
    locked = [await cost(email) for email in (EMAIL, STRANGERS[0])]
    await Account.all().update(password_hash=OF_PASSWORD["django scrypt"])
    other = [await cost(email) for email in (EMAIL, *STRANGERS)]

    assert slow + locked == [[("pbkdf2_hmac", 1000), ("hash", 64)]] * 6
    assert other == [[("scrypt", 16), ("hash", 64)]] * 4
