"""How many guesses one client has with the default limits, which docs state; tests/graphql_api/ does it in small."""

from tests.conftest import MakeApi
from tests.forms import PASSWORD
from tests.graphql_api.test_guessing import login, names, owned, solved, wrong_captcha_answers

ADDRESS = "198.51.100.1"


async def test_without_captchas_a_client_has_twenty_guesses(make_api: MakeApi) -> None:
    api = await owned(make_api)

    answers = [await login(api, ADDRESS, f"u{n}@example.com") for n in range(160)]
    owner = await login(api, "192.0.2.1", password=PASSWORD)

    assert names(answers) == {"InvalidCredentialsError": 20, "CaptchaRequiredError": 120, "TooManyAttemptsError": 20}
    assert owner["__typename"] == "LoginSuccess"


async def test_with_captchas_a_client_has_three_hundred_guesses_an_hour(make_api: MakeApi) -> None:
    api = await owned(make_api, limit_create_captcha="1000/hour")

    answers = [await login(api, ADDRESS, f"u{n}@example.com", captcha=await solved(api, ADDRESS)) for n in range(320)]

    assert names(answers) == {"InvalidCredentialsError": 300, "TooManyAttemptsError": 20}


async def test_many_clients_have_fifty_guesses_at_one_account(make_api: MakeApi) -> None:
    api = await owned(make_api)

    answers = [await login(api, a, captcha=await solved(api, a)) for a in (f"198.51.{n}.1" for n in range(70))]

    assert names(answers) == {"InvalidCredentialsError": 50, "RecoveryRequiredError": 20}


async def test_a_client_has_as_many_wrong_answers_as_captchas(make_api: MakeApi) -> None:
    api = await make_api(limit_recover_password="10000/hour")

    assert await wrong_captcha_answers(api, 140) == {"CaptchaMismatchError": 119, "TooManyAttemptsError": 21}
