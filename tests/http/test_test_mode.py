"""TEST_MODE: no limits but those that are set, and the answers to captchas."""

from tests.api import Api
from tests.conftest import MakeApi

WRONG = {"email": "ana@example.com", "password": "no es mi clave"}


async def test_test_mode_says_what_solves_a_captcha(make_api: MakeApi) -> None:
    api = await make_api(test_mode=True)
    created = await api.run("CreateCaptcha")
    captcha_id = created["captcha"]["id"]

    answer = await api.http.get(f"/test/captcha/{captcha_id}")
    unknown = [await api.http.get(f"/test/captcha/{wrong}") for wrong in ("x", captcha_id[:-1], "%FF")]

    solution = api.solution(captcha_id)
    assert answer.json() == {"words": " ".join(solution.words), "digits": solution.digits}
    assert [response.status_code for response in unknown] == [404, 404, 404]


async def test_without_test_mode_captchas_stay_secret(api: Api) -> None:
    created = await api.run("CreateCaptcha")

    assert (await api.http.get(f"/test/captcha/{created['captcha']['id']}")).status_code == 404


async def test_test_mode_lifts_the_limits(make_api: MakeApi) -> None:
    api = await make_api(test_mode=True)

    outcomes = {(await api.act("Login", **WRONG))["__typename"] for _ in range(25)}
    captchas = {(await api.run("CreateCaptcha"))["__typename"] for _ in range(130)}

    assert (outcomes, captchas) == ({"InvalidCredentialsError"}, {"CreateCaptchaSuccess"})


async def test_a_limit_that_is_set_counts_in_test_mode_too(make_api: MakeApi) -> None:
    api = await make_api(test_mode=True, limit_login_failures="1/hour")

    outcomes = [(await api.act("Login", **WRONG))["__typename"] for _ in range(2)]

    assert outcomes == ["InvalidCredentialsError", "CaptchaRequiredError"]
