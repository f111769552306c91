"""The second factor: its enrollment, the second step of a login, recovery codes, and what guessing comes to."""

import asyncio
import base64
import io
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from models.account import Account
from models.audit_event import AuditEvent
from models.failure_streak import FailureStreak
from models.known_network import KnownNetwork
from models.login_challenge import LoginChallenge
from models.recovery_code import RecoveryCode
from models.session import Session
from models.totp_factor import TotpFactor
from services.accounts.lockout import MAX_FAILURES
from services.common.clock import utc_now
from services.factors.second_factors import MAX_FAILURES as MAX_WRONG_CODES
from services.support.changes import SecondFactorEnds
from tests.actors import OPERATOR
from tests.api import Api, found
from tests.companies import problems, signed_in
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD, PASSWORD_CHANGE, WRONG_PASSWORD
from tests.races import uncommitted
from tests.second_factors import Authenticator, Protected, backdate, challenge_of, enrolled, protect, verify

AGES_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
async def ana(api: Api) -> Protected:
    return await protect(api)


async def _type(api: Api, challenge: str, code: str) -> str:
    return str((await verify(api, challenge, code))["__typename"])


def _wrong(app: Authenticator) -> str:
    near = {app.at(steps) for steps in range(-5, 6)}
    return next(code for code in map("{:06}".format, range(20)) if code not in near)


async def _subjects(api: Api) -> list[str]:
    return [mail["Subject"] for mail in await api.mails()]


async def test_an_app_gets_the_key_as_text_as_a_uri_and_as_a_picture(api: Api) -> None:
    me = await signed_in(api)
    answer = await me.run("EnrollTotp")

    uri = urlsplit(answer["uri"])
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/Timbrado:ana%40example.com")
    assert parse_qs(uri.query) == {"secret": [answer["key"]], "issuer": ["Timbrado"]}
    picture = Image.open(io.BytesIO(base64.b64decode(answer["qrCode"].removeprefix("data:image/png;base64,"))))
    assert picture.width == picture.height > 150
    assert (await me.run("Me"))["secondFactor"] is None
    assert (await api.act("Login", email=EMAIL, password=PASSWORD))["__typename"] == "LoginSuccess"


async def test_the_first_code_adds_the_factor_and_shows_ten_recovery_codes(api: Api) -> None:
    me = await signed_in(api)
    app = await enrolled(me)
    confirmed = await me.act("ConfirmTotp", oneTimeCode=f" {app.code()[:3]} {app.at(-1)[3:]}")

    assert confirmed["account"]["secondFactor"]["recoveryCodesLeft"] == 10
    assert len(set(confirmed["recoveryCodes"])) == 10
    assert await _subjects(api) == ["Tu cuenta de Timbrado ahora pide un segundo paso"]
    trail = await AuditEvent.get(kind="second_factor_added")
    assert trail.account_id == (await Account.get()).id


async def test_a_login_goes_on_with_a_code(api: Api, ana: Protected) -> None:
    asked = await api.act("Login", email=EMAIL, password=PASSWORD, deviceName="Mi teléfono")
    opened = await verify(api, asked["challenge"], ana.app.code())

    assert asked["ways"] == ["TOTP", "RECOVERY_CODE"]
    assert datetime.fromisoformat(asked["expiresAt"]) - utc_now() > timedelta(minutes=9)
    assert opened["__typename"] == "LoginSuccess"
    me = await api.signed_in(opened["token"]).run("Me")
    assert me["sessions"][0]["deviceName"] == "Mi teléfono"
    assert datetime.fromisoformat(me["recentProofUntil"]) > utc_now()


async def test_a_challenge_opens_one_session(api: Api, ana: Protected) -> None:
    challenge = await challenge_of(api)
    codes = [ana.app.code(), *ana.recovery_codes[:3]]
    answers = await asyncio.gather(*(_type(api, challenge, code) for code in codes))

    assert sorted(answers) == ["LoginExpiredError"] * 3 + ["LoginSuccess"]


async def test_a_code_counts_once(api: Api, ana: Protected) -> None:
    code = ana.app.code()
    challenges = [await challenge_of(api) for _ in range(3)]
    answers = await asyncio.gather(*(_type(api, challenge, code) for challenge in challenges))

    assert sorted(answers) == ["InvalidInputError"] * 2 + ["LoginSuccess"]


async def test_a_code_is_good_for_a_step_before_and_after(api: Api, ana: Protected) -> None:
    await TotpFactor.all().update(last_step=None)
    far = [await _type(api, await challenge_of(api), ana.app.at(steps)) for steps in (-3, 3)]
    near = []
    for steps in (-1, 0, 1):
        near.append(await _type(api, await challenge_of(api), ana.app.at(steps)))

    assert far == ["InvalidInputError"] * 2
    assert near == ["LoginSuccess"] * 3


async def test_an_earlier_code_than_the_last_one_is_refused(api: Api, ana: Protected) -> None:
    later, earlier = ana.app.at(1), ana.app.at(0)

    assert await _type(api, await challenge_of(api), later) == "LoginSuccess"
    assert await _type(api, await challenge_of(api), earlier) == "InvalidInputError"


async def test_a_recovery_code_counts_once_and_is_told(api: Api, ana: Protected) -> None:
    code = ana.recovery_codes[3].lower().replace("-", " ")
    challenges = [await challenge_of(api) for _ in range(3)]
    answers = await asyncio.gather(*(_type(api, challenge, code) for challenge in challenges))

    assert sorted(answers) == ["InvalidInputError"] * 2 + ["LoginSuccess"]
    assert (await ana.me.run("Me"))["secondFactor"]["recoveryCodesLeft"] == 9
    assert await _subjects(api) == ["Se usó un código de recuperación de tu cuenta de Timbrado"]


async def test_a_recovery_code_that_is_a_recent_proof_is_told_and_recorded_too(api: Api, ana: Protected) -> None:
    answer = await ana.me.act("Reauthenticate", oneTimeCode=ana.recovery_codes[0])

    assert answer["__typename"] == "ReauthenticateSuccess"
    assert await _subjects(api) == ["Se usó un código de recuperación de tu cuenta de Timbrado"]
    assert await AuditEvent.filter(kind="recovery_code_used").count() == 1


async def test_without_recovery_codes_only_the_app_is_offered(api: Api, ana: Protected) -> None:
    await RecoveryCode.all().delete()

    assert (await api.act("Login", email=EMAIL, password=PASSWORD))["ways"] == ["TOTP"]


async def test_new_recovery_codes_end_the_old_ones(api: Api, ana: Protected) -> None:
    made = await ana.me.run("CreateRecoveryCodes")

    assert await _type(api, await challenge_of(api), ana.recovery_codes[0]) == "InvalidInputError"
    assert await _type(api, await challenge_of(api), made["recoveryCodes"][0]) == "LoginSuccess"


async def test_a_wrong_password_never_asks_for_a_code(api: Api, ana: Protected) -> None:
    answer = await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)

    assert answer["__typename"] == "InvalidCredentialsError"


async def test_a_challenge_ends_by_time_and_with_the_password(api: Api, ana: Protected) -> None:
    challenge = await challenge_of(api)
    await ana.me.act("ChangePassword", **PASSWORD_CHANGE)
    changed = await _type(api, challenge, ana.app.code())
    challenge = await challenge_of(api, PASSWORD_CHANGE["newPassword"])
    await LoginChallenge.all().update(expires_at=AGES_AGO)

    assert [changed, await _type(api, challenge, ana.app.code())] == ["LoginExpiredError"] * 2


async def test_five_wrong_codes_end_a_challenge_and_three_are_told(api: Api, ana: Protected) -> None:
    challenge = await challenge_of(api)
    answers = [await _type(api, challenge, _wrong(ana.app)) for _ in range(5)]
    after = await _type(api, challenge, ana.app.code())

    assert (answers, after) == (["InvalidInputError"] * 5, "LoginExpiredError")
    assert await _subjects(api) == ["Códigos incorrectos en tu cuenta de Timbrado"]
    trail = await AuditEvent.filter(kind="sign_in_failed")
    assert {event.detail for event in trail} == {"wrong second factor"}


async def test_wrong_codes_are_told_whatever_their_challenge_and_also_at_once(api: Api, ana: Protected) -> None:
    for _ in range(2):
        await _type(api, await challenge_of(api), _wrong(ana.app))
    before = await _subjects(api)
    challenge = await challenge_of(api)
    await asyncio.gather(*(_type(api, challenge, _wrong(ana.app)) for _ in range(3)))

    assert (before, await _subjects(api)) == ([], ["Códigos incorrectos en tu cuenta de Timbrado"])


async def test_fifty_wrong_codes_in_a_row_leave_only_recovery_codes(api: Api, ana: Protected) -> None:
    await TotpFactor.all().update(failures=MAX_WRONG_CODES)
    mailed = await api.recover()
    by_app = await _type(api, await challenge_of(api, mailed), ana.app.code())
    by_recovery_code = await _type(api, await challenge_of(api, mailed), ana.recovery_codes[0])

    assert (by_app, by_recovery_code) == ("InvalidInputError", "LoginSuccess")
    assert (await TotpFactor.get()).failures == 0


async def test_wrong_codes_of_a_session_count_too(ana: Protected) -> None:
    for _ in range(3):
        await ana.me.act("Reauthenticate", oneTimeCode=_wrong(ana.app))

    assert await _subjects(ana.me) == ["Códigos incorrectos en tu cuenta de Timbrado"]
    assert (await TotpFactor.get()).failures == 3


async def test_a_new_challenge_gives_no_new_guesses(make_api: MakeApi) -> None:
    api = await make_api(limit_second_factor="3/hour")
    ana = await protect(api)
    answers = [await _type(api, await challenge_of(api), _wrong(ana.app)) for _ in range(4)]

    assert answers == ["InvalidInputError"] * 3 + ["TooManyAttemptsError"]
    reauthenticated = await ana.me.act("Reauthenticate", oneTimeCode=ana.app.code())
    assert reauthenticated["__typename"] == "TooManyAttemptsError"


async def test_wrong_codes_count_in_the_lockout_and_the_right_password_does_not_reset_it(
    api: Api, ana: Protected
) -> None:
    await FailureStreak.all().delete()
    await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    challenge = await challenge_of(api)
    after_password = (await FailureStreak.get()).count
    await verify(api, challenge, _wrong(ana.app))
    after_code = (await FailureStreak.get()).count
    await verify(api, challenge, ana.app.code())

    assert (after_password, after_code) == (1, 2)
    assert await FailureStreak.all().count() == 0


async def test_a_locked_bucket_takes_no_code(api: Api, ana: Protected) -> None:
    challenge = await challenge_of(api)
    await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    await FailureStreak.all().update(count=MAX_FAILURES)

    assert await _type(api, challenge, ana.app.code()) == "RecoveryRequiredError"


async def test_only_the_second_step_makes_a_network_and_a_device_known(api: Api, ana: Protected) -> None:
    await KnownNetwork.all().delete()
    challenge = await challenge_of(api)
    before = await KnownNetwork.all().count()
    await verify(api, challenge, ana.app.code())

    assert (before, await KnownNetwork.all().count()) == (0, 2)  # and its device


async def test_the_second_step_tells_a_new_device_and_the_first_does_not(api: Api, ana: Protected) -> None:
    await KnownNetwork.all().delete()
    challenge = await challenge_of(api)
    after_password = await _subjects(api)
    await verify(api, challenge, ana.app.code())

    assert after_password == []
    assert await _subjects(api) == ["Nuevo acceso a tu cuenta de Timbrado"]


async def test_a_mailed_password_does_not_get_around_it(api: Api, ana: Protected) -> None:
    mailed = await api.recover()
    challenge = await challenge_of(api, mailed)
    before = await ana.me.run("Me")
    wrong = await _type(api, challenge, _wrong(ana.app))
    opened = await verify(api, challenge, ana.app.code())

    assert before  # nothing has ended yet
    assert (wrong, opened["__typename"]) == ("InvalidInputError", "LoginSuccess")
    assert opened["account"]["passwordChangeRequired"]
    assert await ana.me.run("Me") is None
    assert (await api.act("Login", email=EMAIL, password=PASSWORD))["__typename"] == "InvalidCredentialsError"


async def test_a_challenge_of_a_mailed_password_that_has_ended_says_nothing_of_a_code(api: Api, ana: Protected) -> None:
    challenge = await challenge_of(api, await api.recover())
    await ana.me.act("ChangePassword", **PASSWORD_CHANGE)

    answers = [await _type(api, challenge, code) for code in (_wrong(ana.app), ana.app.code())]

    assert answers == ["LoginExpiredError"] * 2


async def test_a_mailed_password_opens_a_locked_bucket_with_a_code(api: Api, ana: Protected) -> None:
    await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    await FailureStreak.all().update(count=MAX_FAILURES)
    mailed = await api.recover()

    assert await _type(api, await challenge_of(api, mailed), ana.app.code()) == "LoginSuccess"


async def test_the_password_alone_is_no_recent_proof(ana: Protected) -> None:
    await Session.all().update(proved_at=AGES_AGO)
    by_password = await ana.me.act("Reauthenticate", password=PASSWORD)
    await ana.me.act("ChangePassword", **PASSWORD_CHANGE)
    after_change = await ana.me.run("RemoveSecondFactor")
    by_code = await ana.me.act("Reauthenticate", oneTimeCode=ana.app.code())
    again = await ana.me.act("Reauthenticate", oneTimeCode=ana.app.at(-1))

    assert (by_password["__typename"], by_password["ways"]) == (
        "ReauthenticationRequiredError",
        ["TOTP", "RECOVERY_CODE"],
    )
    assert after_change["__typename"] == "ReauthenticationRequiredError"
    assert by_code["__typename"] == "ReauthenticateSuccess"
    assert problems(again) == [("oneTimeCode", "INCORRECT")]


async def test_adding_one_ends_what_the_password_has_proved_elsewhere(api: Api) -> None:
    me, elsewhere = await signed_in(api), api.signed_in(await api.token())
    await elsewhere.act("ChangeEmail", email="eva@example.com")
    code = await api.mailed_code()
    app = await enrolled(me)
    await me.act("ConfirmTotp", oneTimeCode=app.code())

    removed = await elsewhere.run("RemoveSecondFactor")
    changed = await elsewhere.act("ConfirmEmail", code=code)

    assert (removed["__typename"], removed["ways"]) == ("ReauthenticationRequiredError", ["TOTP", "RECOVERY_CODE"])
    assert changed["__typename"] == "InvalidConfirmationCodeError"
    assert (await me.run("CreateRecoveryCodes"))["__typename"] == "CreateRecoveryCodesSuccess"


async def test_what_the_password_begins_elsewhere_at_that_moment_comes_to_nothing(api: Api) -> None:
    me, elsewhere = await signed_in(api), api.signed_in(await api.token())
    app = await enrolled(me)

    answers = await uncommitted(
        lambda: me.act("ConfirmTotp", oneTimeCode=app.code()),
        lambda: elsewhere.act("Reauthenticate", password=PASSWORD),
        lambda: elsewhere.run("RemoveSecondFactor"),
        lambda: elsewhere.act("ChangeEmail", email="eva@example.com"),
    )

    assert [answer["__typename"] for answer in answers] == ["ReauthenticationRequiredError"] * 3
    assert (await elsewhere.run("Me"))["recentProofUntil"] is None
    assert (await Account.get()).second_factor_since


async def test_a_session_that_ends_at_that_moment_adds_none(api: Api) -> None:
    me, elsewhere = await signed_in(api), api.signed_in(await api.token())
    app = await enrolled(elsewhere)

    (answer,) = await uncommitted(
        lambda: me.run("RevokeOtherSessions"), lambda: elsewhere.act("ConfirmTotp", oneTimeCode=app.code())
    )

    assert answer["__typename"] == "NotAuthenticatedError"
    assert (await Account.get()).second_factor_since is None


async def test_an_account_without_one_proves_nothing_by_a_code(api: Api) -> None:
    me = await signed_in(api)
    answer = await me.act("Reauthenticate", oneTimeCode="123456")

    assert (answer["__typename"], answer["ways"]) == ("ReauthenticationRequiredError", ["PASSWORD"])


async def test_removing_it_leaves_the_password(api: Api, ana: Protected) -> None:
    challenge = await challenge_of(api)
    removed = await ana.me.run("RemoveSecondFactor")

    assert removed["account"]["secondFactor"] is None
    assert await _subjects(api) == ["Tu cuenta de Timbrado ya no pide un segundo paso"]
    assert await _type(api, challenge, ana.app.code()) == "LoginExpiredError"
    assert (await api.act("Login", email=EMAIL, password=PASSWORD))["__typename"] == "LoginSuccess"
    missing = [await ana.me.run(operation) for operation in ("RemoveSecondFactor", "CreateRecoveryCodes")]
    assert {answer["__typename"] for answer in missing} == {"SecondFactorMissingError"}


async def test_a_factor_is_added_once(api: Api, ana: Protected) -> None:
    answers = [await ana.me.run("EnrollTotp"), await ana.me.act("ConfirmTotp", oneTimeCode=ana.app.code())]

    assert {answer["__typename"] for answer in answers} == {"SecondFactorExistsError"}


async def test_of_two_enrollments_the_last_counts(api: Api) -> None:
    me = await signed_in(api)
    first, second = await enrolled(me), await enrolled(me)

    assert problems(await me.act("ConfirmTotp", oneTimeCode=first.code())) == [("oneTimeCode", "INCORRECT")]
    assert (await me.act("ConfirmTotp", oneTimeCode=second.code()))["__typename"] == "ConfirmTotpSuccess"


async def test_each_change_needs_a_recent_proof_and_a_session(api: Api, ana: Protected) -> None:
    await Session.all().update(proved_at=AGES_AGO)

    async def types(of: Api) -> set[str]:
        answers = [await of.run(name) for name in ("EnrollTotp", "CreateRecoveryCodes", "RemoveSecondFactor")]
        answers.append(await of.act("ConfirmTotp", oneTimeCode="123456"))
        return {answer["__typename"] for answer in answers}

    assert await types(ana.me) == {"ReauthenticationRequiredError"}
    assert await types(api) == {"NotAuthenticatedError"}


@pytest.mark.parametrize("typed", ["12345", "1234567", "ABCDE", "🐍" * 6, "A" * 5000, "\0\0\0\0\0\0"])
async def test_what_is_no_code_is_malformed_and_not_counted(make_api: MakeApi, typed: str) -> None:
    api = await make_api(limit_second_factor="1/hour")
    ana = await protect(api)
    challenge = await challenge_of(api)

    answers = [await verify(api, challenge, typed), await ana.me.act("Reauthenticate", oneTimeCode=typed)]

    assert [problems(answer) for answer in answers] == [[("oneTimeCode", "MALFORMED")]] * 2
    assert await _type(api, challenge, ana.app.code()) == "LoginSuccess"


async def test_an_unknown_challenge_is_expired(api: Api, ana: Protected) -> None:
    unknown = ("", "x", "A" * 5000, "\0")

    assert {await _type(api, challenge, "123456") for challenge in unknown} == {"LoginExpiredError"}


async def test_the_operator_ends_it_after_three_days(api: Api, ana: Protected) -> None:
    ends = await api.composition.support.end_second_factor(OPERATOR, EMAIL)
    subjects = await _subjects(api)
    still = await api.act("Login", email=EMAIL, password=PASSWORD)
    await Account.all().update(second_factor_ends_at=AGES_AGO)
    ended = await api.act("Login", email=EMAIL, password=PASSWORD)

    assert isinstance(ends, SecondFactorEnds)
    assert ends.at - utc_now() > timedelta(days=2, hours=23)
    assert subjects == ["Vamos a quitar el segundo paso de tu cuenta de Timbrado"]
    assert (still["__typename"], ended["__typename"]) == ("SecondFactorRequiredError", "LoginSuccess")
    assert await TotpFactor.all().count() == await RecoveryCode.all().count() == 0
    assert await _subjects(api) == ["Tu cuenta de Timbrado ya no pide un segundo paso"]


async def test_signing_in_with_it_keeps_it(api: Api, ana: Protected) -> None:
    await api.composition.support.end_second_factor(OPERATOR, EMAIL)
    await verify(api, await challenge_of(api), ana.app.code())

    assert (await Account.get()).second_factor_ends_at is None


async def test_taking_back_a_change_of_e_mail_removes_what_was_added_since(api: Api) -> None:
    me = await signed_in(api)
    reverting = await _changed_email(me)
    app = await enrolled(me)
    await me.act("ConfirmTotp", oneTimeCode=app.code())

    assert await _login_after_reverting(api, reverting) == "LoginSuccess"
    assert (await AuditEvent.get(kind="second_factor_removed")).account_id == (await Account.get()).id


@pytest.mark.parametrize(("days", "then"), [(0, "LoginSuccess"), (8, "SecondFactorRequiredError")])
async def test_taking_it_back_keeps_only_what_the_owner_had_a_week_to_notice(
    api: Api, ana: Protected, days: int, then: str
) -> None:
    await backdate(utc_now() - timedelta(days=days))

    assert await _login_after_reverting(api, await _changed_email(ana.me)) == then


async def test_taking_it_back_ends_recovery_codes_that_were_made_since(api: Api, ana: Protected) -> None:
    await backdate(utc_now() - timedelta(days=8))
    codes = (await ana.me.run("CreateRecoveryCodes"))["recoveryCodes"]
    await api.mails()
    await api.act("RevertEmail", code=await _changed_email(ana.me))
    await api.mails()
    challenge = await challenge_of(api, await api.recover())

    assert problems(await verify(api, challenge, codes[0])) == [("oneTimeCode", "INCORRECT")]
    assert await _type(api, challenge, ana.app.code()) == "LoginSuccess"


async def _changed_email(me: Api) -> str:
    """Changes the e-mail, and returns the code that reverts it."""
    await me.act("ChangeEmail", email="eva@example.com")
    await me.act("ConfirmEmail", code=await me.mailed_code())
    return await me.mailed_code()


async def _login_after_reverting(api: Api, code: str) -> str:
    await api.act("RevertEmail", code=code)
    await api.mails()
    return str((await api.act("Login", email=EMAIL, password=await api.recover()))["__typename"])


async def test_nothing_is_kept_in_clear(api: Api) -> None:
    me = await signed_in(api)
    answer = await me.run("EnrollTotp")
    confirmed = await me.act("ConfirmTotp", oneTimeCode=Authenticator(answer["key"]).code())
    challenge = await challenge_of(api)

    kept = [await model.all().values() for model in (TotpFactor, RecoveryCode, LoginChallenge, AuditEvent)]
    secrets = [answer["key"], challenge, *(code.replace("-", "") for code in confirmed["recoveryCodes"])]
    assert [secret for secret in secrets if secret in str(kept)] == []
    assert found("ana@example.com", (await api.mails())[0]) == EMAIL
