"""Passkeys at work: signing in, as the second factor, and as a recent proof, with the attacks on each."""

import asyncio
import json
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest

from models.account import Account
from models.audit_event import AuditEvent
from models.failure_streak import FailureStreak
from models.known_network import KnownNetwork
from models.login_challenge import LoginChallenge
from models.passkey import Passkey as StoredPasskey
from models.passkey_challenge import PasskeyChallenge
from models.recovery_code import RecoveryCode
from models.session import Session
from services.accounts.lockout import MAX_FAILURES
from services.accounts.recent_proof import ReauthenticationRequired
from services.common.caller import Caller
from services.common.clock import utc_now
from services.factors.passkeys import AcceptedPasskey
from services.factors.second_factors import ProofWay
from tests.actors import OPERATOR
from tests.api import Api
from tests.authenticators import BE, BS, UP, UV, Authenticator, Passkey, b64
from tests.companies import problems, signed_in
from tests.conftest import MakeApi
from tests.forms import EMAIL, OTHER_RFC, PASSWORD, WRONG_PASSWORD
from tests.graphql_api.test_passkeys import AGES_AGO, added, begun, listed
from tests.races import uncommitted
from tests.second_factors import Authenticator as App

INCORRECT = [("credential", "INCORRECT")]
WRONG = [("passkey", "INCORRECT")]


class Owner:
    """A person with a session, a passkey, and the recovery codes of an account that passkeys protect."""

    def __init__(self, me: Api, passkey: Passkey, recovery_codes: list[str]) -> None:
        self.me, self.passkey, self.recovery_codes = me, passkey, recovery_codes


async def _owner(api: Api, authenticator: Authenticator | None = None) -> Owner:
    me = await signed_in(api)
    passkey = await added(me, authenticator)
    await api.mails()
    return Owner(me, passkey, [])


@pytest.fixture
async def ana(api: Api) -> Owner:
    return await _owner(api)


@pytest.fixture
async def protected(api: Api, ana: Owner) -> Owner:
    answer = await ana.me.run("RequirePasskey")
    assert answer["__typename"] == "RequirePasskeySuccess", answer
    return Owner(ana.me, ana.passkey, answer["recoveryCodes"])


async def _login(api: Api, passkey: Passkey, **changes: Any) -> Any:
    return await api.act("LoginWithPasskey", credential=passkey.sign(await begun(api, "BeginPasskeyLogin"), **changes))


async def _asked(api: Api, password: str = PASSWORD) -> Any:
    answer = await api.act("Login", email=EMAIL, password=password)
    assert answer["__typename"] == "SecondFactorRequiredError", answer
    return answer


async def _verify(api: Api, asked: Any, passkey: Passkey, **changes: Any) -> Any:
    signed = passkey.sign(asked["passkeyOptions"], **changes)
    return await api.act("VerifySecondFactor", challenge=asked["challenge"], passkey=signed)


async def _prove(me: Api, passkey: Passkey) -> Any:
    return await me.act("Reauthenticate", passkey=passkey.sign(await begun(me, "BeginPasskeyProof")))


async def _subjects(api: Api) -> list[str]:
    return [mail["Subject"] for mail in await api.mails()]


async def test_a_passkey_signs_in_without_an_e_mail_and_a_password(api: Api, ana: Owner) -> None:
    options = json.loads(await begun(api, "BeginPasskeyLogin"))
    opened = await _login(api, ana.passkey)

    assert (options["userVerification"], options.get("allowCredentials", [])) == ("required", [])
    assert (opened["__typename"], opened["account"]["email"]) == ("LoginSuccess", EMAIL)
    me = await api.signed_in(opened["token"]).run("Me")
    assert datetime.fromisoformat(me["recentProofUntil"]) > utc_now()
    assert (await AuditEvent.filter(kind="signed_in").order_by("-at").first()).detail == "passkey"  # type: ignore[union-attr]
    (kept,) = await listed(ana.me)
    assert datetime.fromisoformat(kept["lastUsedAt"]) > utc_now() - timedelta(minutes=1)


async def test_the_session_that_the_caller_had_ends(api: Api, ana: Owner) -> None:
    opened = await _login(ana.me, ana.passkey)

    assert await ana.me.run("Me") is None
    assert await api.signed_in(opened["token"]).run("Me")


async def test_the_device_gets_its_name(api: Api, ana: Owner) -> None:
    signed = ana.passkey.sign(await begun(api, "BeginPasskeyLogin"))
    opened = await api.act("LoginWithPasskey", credential=signed, deviceName="Mi teléfono")
    long = await api.act("LoginWithPasskey", credential=signed, deviceName="x" * 101)

    me = await api.signed_in(opened["token"]).run("Me")
    assert me["sessions"][0]["deviceName"] == "Mi teléfono"
    assert problems(long) == [("deviceName", "TOO_LONG")]


async def test_everybody_gets_the_same_options(api: Api) -> None:
    before = json.loads(await begun(api, "BeginPasskeyLogin"))
    ana = await _owner(api)
    after = [json.loads(await begun(of, "BeginPasskeyLogin")) for of in (api, ana.me)]

    for options in after:
        assert {**options, "challenge": ""} == {**before, "challenge": ""}
    assert len({before["challenge"], *(options["challenge"] for options in after)}) == 3


async def test_an_unknown_passkey_a_wrong_signature_and_a_used_challenge_get_the_same_answer(
    api: Api, ana: Owner
) -> None:
    options = await begun(api, "BeginPasskeyLogin")
    stranger, _ = Authenticator().make(json.dumps({**json.loads(options), "user": {"id": ana.passkey.user_handle}}))
    unknown = await _login(api, stranger)
    wrong = await _login(api, ana.passkey, signature="AAAA")
    signed = ana.passkey.sign(options)
    first, used = [await api.act("LoginWithPasskey", credential=signed) for _ in range(2)]

    assert first["__typename"] == "LoginSuccess"
    assert unknown == wrong == used
    assert problems(used) == INCORRECT
    failed = await AuditEvent.filter(kind="sign_in_failed")
    assert [(event.account_id, event.detail) for event in failed] == [
        ((await Account.get()).id, "wrong passkey"),
    ] * 2  # nothing is known of the stranger's


async def test_an_answer_counts_once_also_at_once(api: Api, ana: Owner) -> None:
    signed = ana.passkey.sign(await begun(api, "BeginPasskeyLogin"))
    answers = await asyncio.gather(*(api.act("LoginWithPasskey", credential=signed) for _ in range(4)))

    assert sorted(answer["__typename"] for answer in answers) == ["InvalidInputError"] * 3 + ["LoginSuccess"]


async def test_a_challenge_that_failed_is_used_up(api: Api, ana: Owner) -> None:
    options = await begun(api, "BeginPasskeyLogin")
    await api.act("LoginWithPasskey", credential=ana.passkey.sign(options, signature="AAAA"))

    assert problems(await api.act("LoginWithPasskey", credential=ana.passkey.sign(options))) == INCORRECT


async def test_a_challenge_ends_after_five_minutes(api: Api, ana: Owner) -> None:
    answer = await api.run("BeginPasskeyLogin")
    life = datetime.fromisoformat(answer["expiresAt"]) - utc_now()
    await PasskeyChallenge.all().update(expires_at=AGES_AGO)

    assert timedelta(minutes=4) < life <= timedelta(minutes=5)
    assert problems(await api.act("LoginWithPasskey", credential=ana.passkey.sign(answer["options"]))) == INCORRECT


async def test_a_challenge_that_was_never_issued_does_not_count(api: Api, ana: Owner) -> None:
    made_up = json.dumps({"challenge": b64(b"0" * 32)})

    assert problems(await api.act("LoginWithPasskey", credential=ana.passkey.sign(made_up))) == INCORRECT


async def test_a_challenge_of_one_purpose_serves_no_other(api: Api, protected: Owner) -> None:
    of_registration = await begun(protected.me)
    of_proof = await begun(protected.me, "BeginPasskeyProof")
    asked = await _asked(api)
    of_sign_in = await begun(api, "BeginPasskeyLogin")

    signing_in = [
        await api.act("LoginWithPasskey", credential=protected.passkey.sign(options))
        for options in (of_registration, of_proof, asked["passkeyOptions"])
    ]
    second = await _verify(api, {**asked, "passkeyOptions": of_sign_in}, protected.passkey)
    proving = await protected.me.act("Reauthenticate", passkey=protected.passkey.sign(of_sign_in))

    assert [problems(answer) for answer in signing_in] == [INCORRECT] * 3
    assert [problems(second), problems(proving)] == [WRONG] * 2


@pytest.mark.parametrize(
    "change",
    [
        {"flags": UP | BE | BS},
        {"flags": UV | BE | BS},
        {"flags": UP | UV},
        {"rp_id": "example.com"},
        {"origin": "https://evil.example"},
        {"user_handle": b64(b"0" * 16)},
    ],
    ids=["not verified", "not present", "another kind of key", "other site", "phishing", "other account"],
)
async def test_what_does_not_verify_signs_nobody_in(api: Api, ana: Owner, change: dict[str, Any]) -> None:
    for name, value in change.items():
        setattr(ana.passkey, name, value)

    assert problems(await _login(api, ana.passkey)) == INCORRECT


async def test_a_passkey_that_names_no_account_does_not_sign_in(api: Api, ana: Owner) -> None:
    assert problems(await _login(api, ana.passkey, userHandle=None)) == INCORRECT


async def test_a_registration_does_not_sign_in(api: Api, ana: Owner) -> None:
    assert problems(await _login(api, ana.passkey, client={"type": "webauthn.create"})) == INCORRECT


async def test_the_counter_and_the_backup_are_kept(api: Api) -> None:
    ana = await _owner(api, Authenticator(flags=UP | UV | BE, keeps_counter=True))
    before = await StoredPasskey.get()
    ana.passkey.flags |= BS
    await _login(api, ana.passkey)
    after = await StoredPasskey.get()

    assert (before.sign_count, before.backup_eligible, before.backed_up) == (0, True, False)
    assert (after.sign_count, after.backup_eligible, after.backed_up) == (1, True, True)


async def test_a_counter_that_goes_back_is_refused_and_told(api: Api) -> None:
    ana = await _owner(api, Authenticator(keeps_counter=True))
    for _ in range(2):
        await _login(api, ana.passkey)
    ana.passkey.counter = 0
    copied = await _login(api, ana.passkey)
    again = await _login(api, ana.passkey)
    ahead = await _login(api, ana.passkey)

    assert [problems(copied), problems(again)] == [INCORRECT] * 2
    assert ahead["__typename"] == "LoginSuccess"
    assert await _subjects(api) == ["No aceptamos una llave de acceso de tu cuenta de Timbrado"]
    assert await AuditEvent.filter(kind="passkey_refused").count() == 2


async def test_a_counter_that_stops_is_refused(api: Api) -> None:
    ana = await _owner(api, Authenticator(keeps_counter=True))
    await _login(api, ana.passkey)
    ana.passkey.keeps_counter, ana.passkey.counter = False, 0

    assert problems(await _login(api, ana.passkey)) == INCORRECT


async def test_a_counter_that_nobody_signed_is_not_told(api: Api) -> None:
    ana = await _owner(api, Authenticator(keeps_counter=True))
    await _login(api, ana.passkey)
    ana.passkey.counter = 0

    assert problems(await _login(api, ana.passkey, signature="AAAA")) == INCORRECT
    assert await _subjects(api) == []


async def test_removing_a_passkey_at_the_same_time_opens_no_session_afterwards(api: Api, ana: Owner) -> None:
    (kept,) = await listed(ana.me)
    signed = ana.passkey.sign(await begun(api, "BeginPasskeyLogin"))
    opened, removed = await asyncio.gather(
        api.act("LoginWithPasskey", credential=signed), ana.me.act("RemovePasskey", id=kept["id"])
    )

    assert removed["__typename"] == "RemovePasskeySuccess"
    assert opened["__typename"] in {"LoginSuccess", "InvalidInputError"}
    assert await listed(ana.me) == []


async def test_wrong_passwords_do_not_lock_a_passkey_out(api: Api, ana: Owner) -> None:
    await KnownNetwork.all().delete()
    await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    await FailureStreak.all().update(count=MAX_FAILURES)
    by_password = await api.act("Login", email=EMAIL, password=PASSWORD)
    by_passkey = await _login(api, ana.passkey)

    assert (by_password["__typename"], by_passkey["__typename"]) == ("RecoveryRequiredError", "LoginSuccess")
    assert await FailureStreak.all().count() == 0
    assert await KnownNetwork.exists()


async def test_wrong_passkeys_count_in_the_limit_and_good_ones_do_not(make_api: MakeApi) -> None:
    api = await make_api(limit_login="3/hour")
    ana = await _owner(api)
    await api.forget_limits()
    good = [await _login(api, ana.passkey) for _ in range(4)]
    wrong = [await _login(api, ana.passkey, signature="AAAA") for _ in range(4)]

    assert {answer["__typename"] for answer in good} == {"LoginSuccess"}
    assert [answer["__typename"] for answer in wrong] == ["InvalidInputError"] * 3 + ["TooManyAttemptsError"]


async def test_options_to_sign_in_have_a_limit(make_api: MakeApi) -> None:
    api = await make_api(limit_passkey_options="2/hour")
    answers = [(await api.run("BeginPasskeyLogin"))["__typename"] for _ in range(3)]

    assert answers == ["BeginPasskeyLoginSuccess"] * 2 + ["TooManyAttemptsError"]


async def test_a_passkey_is_two_factors_in_one(api: Api, protected: Owner) -> None:
    assert (await _login(api, protected.passkey))["__typename"] == "LoginSuccess"


async def test_requiring_a_passkey_makes_recovery_codes_and_is_told(api: Api, ana: Owner) -> None:
    answer = await ana.me.run("RequirePasskey")

    assert len(set(answer["recoveryCodes"])) == 10
    factor = answer["account"]["secondFactor"]
    assert (factor["recoveryCodesLeft"], factor["ways"]) == (10, ["PASSKEY", "RECOVERY_CODE"])
    assert await _subjects(api) == ["Tu cuenta de Timbrado ahora pide un segundo paso"]
    assert (await ana.me.run("RequirePasskey"))["__typename"] == "SecondFactorExistsError"


async def test_an_account_without_passkeys_can_require_and_use_none(api: Api) -> None:
    me = await signed_in(api)
    answers = [await me.run("RequirePasskey"), await me.run("BeginPasskeyProof")]

    assert {answer["__typename"] for answer in answers} == {"PasskeyMissingError"}
    assert (await me.act("Reauthenticate", passkey="{}"))["ways"] == ["PASSWORD"]


async def test_a_login_goes_on_with_a_passkey(api: Api, protected: Owner) -> None:
    asked = await _asked(api)
    options = json.loads(asked["passkeyOptions"])
    opened = await _verify(api, asked, protected.passkey, userHandle=None)

    assert asked["ways"] == ["PASSKEY", "RECOVERY_CODE"]
    assert [each["id"] for each in options["allowCredentials"]] == [b64(protected.passkey.id)]
    assert options["userVerification"] == "required"
    assert opened["__typename"] == "LoginSuccess"
    assert await LoginChallenge.all().count() == await PasskeyChallenge.all().count() == 0


async def test_a_recovery_code_goes_on_too(api: Api, protected: Owner) -> None:
    asked = await _asked(api)
    code = protected.recovery_codes[0]
    opened = await api.act("VerifySecondFactor", challenge=asked["challenge"], oneTimeCode=code)

    assert opened["__typename"] == "LoginSuccess"


async def test_passkeys_are_named_only_after_the_right_password(api: Api, protected: Owner) -> None:
    answer = await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)

    assert answer["__typename"] == "InvalidCredentialsError"
    assert await PasskeyChallenge.all().count() == 0


async def test_the_passkey_of_another_person_does_not_go_on(api: Api, protected: Owner) -> None:
    await api.mails()
    await api.account(email="eva@example.com", rfc=OTHER_RFC)
    eva = api.signed_in(await api.token("eva@example.com"))
    hers = await added(eva)

    assert problems(await _verify(api, await _asked(api), hers)) == WRONG


async def test_the_challenge_of_another_login_does_not_go_on(api: Api, protected: Owner) -> None:
    first, second = await _asked(api), await _asked(api)
    mixed = {**first, "passkeyOptions": second["passkeyOptions"]}

    assert problems(await _verify(api, mixed, protected.passkey)) == WRONG


async def test_a_second_step_without_user_verification_is_refused(api: Api, protected: Owner) -> None:
    protected.passkey.flags &= ~UV

    assert problems(await _verify(api, await _asked(api), protected.passkey)) == WRONG


async def test_a_wrong_passkey_counts_like_a_wrong_code(make_api: MakeApi) -> None:
    api = await make_api(limit_second_factor="2/hour")
    ana = await _owner(api)
    await ana.me.run("RequirePasskey")
    await FailureStreak.all().delete()
    wrong = [await _verify(api, await _asked(api), ana.passkey, signature="AAAA") for _ in range(3)]

    assert [answer["__typename"] for answer in wrong] == ["InvalidInputError"] * 2 + ["TooManyAttemptsError"]
    assert (await FailureStreak.get()).count == 2
    by_proof = await _prove(ana.me, ana.passkey)
    assert by_proof["__typename"] == "TooManyAttemptsError"


async def test_three_wrong_answers_are_told_without_an_app(api: Api, protected: Owner) -> None:
    await api.mails()
    asked = await _asked(api)
    for _ in range(3):
        await api.act("VerifySecondFactor", challenge=asked["challenge"], oneTimeCode="AAAAA-AAAAA")

    assert await _subjects(api) == ["Códigos incorrectos en tu cuenta de Timbrado"]


async def test_a_code_and_a_passkey_together_are_refused(api: Api, protected: Owner) -> None:
    asked = await _asked(api)
    signed = protected.passkey.sign(asked["passkeyOptions"])
    both = await api.act("VerifySecondFactor", challenge=asked["challenge"], passkey=signed, oneTimeCode="123456")
    neither = await api.act("VerifySecondFactor", challenge=asked["challenge"])

    assert problems(both) == [("passkey", "MALFORMED")]
    assert problems(neither) == [("oneTimeCode", "MISSING")]


async def test_a_mailed_password_still_asks_for_the_passkey(api: Api, protected: Owner) -> None:
    await api.mails()
    asked = await _asked(api, await api.recover())
    opened = await _verify(api, asked, protected.passkey)

    assert opened["account"]["passwordChangeRequired"]


async def test_the_last_passkey_of_a_protected_account_stays(api: Api, protected: Owner) -> None:
    (first,) = await listed(protected.me)
    refused = await protected.me.act("RemovePasskey", id=first["id"])
    await added(protected.me)
    removed = await protected.me.act("RemovePasskey", id=first["id"])

    assert refused["__typename"] == "LastSecondFactorError"
    assert removed["__typename"] == "RemovePasskeySuccess"


async def test_two_removals_at_once_leave_the_last_one(api: Api, protected: Owner) -> None:
    await added(protected.me)
    passkeys = await listed(protected.me)
    answers = await asyncio.gather(*(protected.me.act("RemovePasskey", id=each["id"]) for each in passkeys))

    assert sorted(answer["__typename"] for answer in answers) == ["LastSecondFactorError", "RemovePasskeySuccess"]


async def test_removing_the_second_factor_leaves_passkeys_to_sign_in_with(api: Api, protected: Owner) -> None:
    asked = await _asked(api)
    removed = await protected.me.run("RemoveSecondFactor")

    assert removed["account"]["secondFactor"] is None
    assert (await _verify(api, asked, protected.passkey))["__typename"] == "LoginExpiredError"
    assert (await api.act("Login", email=EMAIL, password=PASSWORD))["__typename"] == "LoginSuccess"
    assert (await _login(api, protected.passkey))["__typename"] == "LoginSuccess"


async def test_an_app_joins_a_passkey(api: Api, protected: Owner) -> None:
    app = App((await protected.me.run("EnrollTotp"))["key"])
    confirmed = await protected.me.act("ConfirmTotp", oneTimeCode=app.code())
    asked = await _asked(api)

    assert confirmed["account"]["secondFactor"]["ways"] == ["TOTP", "PASSKEY", "RECOVERY_CODE"]
    assert asked["ways"] == ["TOTP", "PASSKEY", "RECOVERY_CODE"]
    assert (await protected.me.run("EnrollTotp"))["__typename"] == "SecondFactorExistsError"
    (kept,) = await listed(protected.me)
    assert (await protected.me.act("RemovePasskey", id=kept["id"]))["__typename"] == "RemovePasskeySuccess"


async def test_a_passkey_joins_an_app(api: Api) -> None:
    me = await signed_in(api)
    app = App((await me.run("EnrollTotp"))["key"])
    await me.act("ConfirmTotp", oneTimeCode=app.code())
    without = await _asked(api)
    passkey = await added(me)
    opened = await _verify(api, await _asked(api), passkey)

    assert (without["ways"], without["passkeyOptions"]) == (["TOTP", "RECOVERY_CODE"], None)
    assert opened["__typename"] == "LoginSuccess"


async def test_a_passkey_is_a_recent_proof_with_and_without_a_second_factor(api: Api, ana: Owner) -> None:
    async def proved() -> list[str]:
        await Session.all().update(proved_at=AGES_AGO)
        before = await ana.me.run("CreateRecoveryCodes")
        answer = await _prove(ana.me, ana.passkey)
        after = await ana.me.run("CreateRecoveryCodes")
        assert answer["__typename"] == "ReauthenticateSuccess", answer
        return [*before["ways"], after["__typename"]]

    without = await proved()
    await ana.me.run("RequirePasskey")
    protected = await proved()

    assert without == ["PASSWORD", "PASSKEY", "SecondFactorMissingError"]
    assert protected == ["PASSKEY", "RECOVERY_CODE", "CreateRecoveryCodesSuccess"]


async def test_a_proof_belongs_to_its_session_and_counts_once(api: Api, ana: Owner) -> None:
    other = api.signed_in(await api.token())
    await Session.all().update(proved_at=AGES_AGO)
    signed = ana.passkey.sign(await begun(ana.me, "BeginPasskeyProof"))
    elsewhere = await other.act("Reauthenticate", passkey=signed)
    first, again = [await ana.me.act("Reauthenticate", passkey=signed) for _ in range(2)]

    assert [problems(elsewhere), problems(again)] == [WRONG] * 2
    assert first["__typename"] == "ReauthenticateSuccess"
    assert await AuditEvent.filter(kind="reauthentication_failed").count() == 2


async def test_a_passkey_proves_also_while_it_becomes_the_second_factor(api: Api, ana: Owner) -> None:
    elsewhere = api.signed_in(await api.token())
    (answer,) = await uncommitted(lambda: ana.me.run("RequirePasskey"), lambda: _prove(elsewhere, ana.passkey))

    assert answer["__typename"] == "ReauthenticateSuccess"


async def test_a_passkey_that_was_removed_after_it_signed_proves_nothing(api: Api, ana: Owner) -> None:
    sessions = api.composition.services.sessions
    principal = await sessions.authenticate(Caller(ip_address("203.0.113.7"), credential=await api.token()))
    assert principal
    await Session.all().update(proved_at=None)
    signed = AcceptedPasskey((await StoredPasskey.get()).id, principal.id, EMAIL)
    await StoredPasskey.all().delete()

    assert await sessions.prove(principal, signed) == ReauthenticationRequired((ProofWay.PASSWORD,))
    assert not await Session.exists(proved_at__isnull=False)


async def test_the_passkey_of_another_person_proves_nothing(api: Api, ana: Owner) -> None:
    await api.account(email="eva@example.com", rfc=OTHER_RFC)
    eva = api.signed_in(await api.token("eva@example.com"))
    hers = await added(eva)

    assert problems(await _prove(ana.me, hers)) == WRONG


async def test_taking_back_a_change_of_e_mail_ends_every_passkey(api: Api) -> None:
    me = await signed_in(api)
    before = await added(me)
    await me.act("ChangeEmail", email="eva@example.com")
    await api.mails()
    await me.act("ChangeEmail", email="eva@example.com")
    await me.act("ConfirmEmail", code=await api.mailed_code())
    reverting = await api.mailed_code()
    since = await added(me)
    await me.run("RequirePasskey")
    await api.act("RevertEmail", code=reverting)

    assert [problems(await _login(api, passkey)) for passkey in (before, since)] == [INCORRECT] * 2
    account = await Account.get()
    assert (account.email, account.second_factor_since) == (EMAIL, None)
    assert await StoredPasskey.all().count() == await RecoveryCode.all().count() == 0


async def test_taking_back_a_change_of_e_mail_does_not_get_around_an_older_second_factor(
    api: Api, protected: Owner
) -> None:
    await Account.all().update(second_factor_since=AGES_AGO)
    await RecoveryCode.all().update(created_at=AGES_AGO)
    await api.mails()
    await protected.me.act("ChangeEmail", email="eva@example.com")
    await protected.me.act("ConfirmEmail", code=await api.mailed_code())
    await api.act("RevertEmail", code=await api.mailed_code())
    await api.mails()
    asked = await _asked(api, await api.recover())

    assert asked["ways"] == ["RECOVERY_CODE"]
    opened = await api.act("VerifySecondFactor", challenge=asked["challenge"], oneTimeCode=protected.recovery_codes[0])
    assert opened["__typename"] == "LoginSuccess"


async def test_taking_back_a_change_of_e_mail_ends_a_second_factor_whose_codes_were_replaced(
    api: Api, protected: Owner
) -> None:
    await Account.all().update(second_factor_since=AGES_AGO)
    await protected.me.run("CreateRecoveryCodes")
    await api.mails()
    await protected.me.act("ChangeEmail", email="eva@example.com")
    await protected.me.act("ConfirmEmail", code=await api.mailed_code())
    await api.act("RevertEmail", code=await api.mailed_code())
    await api.mails()

    assert (await api.act("Login", email=EMAIL, password=await api.recover()))["__typename"] == "LoginSuccess"
    assert await RecoveryCode.all().count() == 0


async def test_taking_back_a_change_of_e_mail_ends_an_app_that_joined_since(api: Api, protected: Owner) -> None:
    await api.mails()
    await protected.me.act("ChangeEmail", email="eva@example.com")
    await protected.me.act("ConfirmEmail", code=await api.mailed_code())
    reverting = await api.mailed_code()
    app = App((await protected.me.run("EnrollTotp"))["key"])
    await protected.me.act("ConfirmTotp", oneTimeCode=app.code())
    await api.act("RevertEmail", code=reverting)
    await api.mails()

    assert (await api.act("Login", email=EMAIL, password=await api.recover()))["__typename"] == "LoginSuccess"


async def test_the_operator_ends_passkeys_with_the_second_factor(api: Api, protected: Owner) -> None:
    await api.composition.support.end_second_factor(OPERATOR, EMAIL)
    await Account.all().update(second_factor_ends_at=AGES_AGO)
    late = await _login(api, protected.passkey)
    by_password = await api.act("Login", email=EMAIL, password=PASSWORD)

    assert problems(late) == INCORRECT
    assert by_password["__typename"] == "LoginSuccess"
    assert await StoredPasskey.all().count() == 0


@pytest.mark.parametrize("by", ["login", "second step", "reauthentication"])
async def test_using_a_passkey_keeps_the_second_factor(api: Api, protected: Owner, by: str) -> None:
    await api.composition.support.end_second_factor(OPERATOR, EMAIL)
    if by == "login":
        await _login(api, protected.passkey)
    elif by == "reauthentication":
        await _prove(protected.me, protected.passkey)
    else:
        await _verify(api, await _asked(api), protected.passkey)

    assert (await Account.get()).second_factor_ends_at is None


async def test_the_operator_ends_passkeys_with_the_password(api: Api, ana: Owner) -> None:
    ended = await api.composition.services.passwords.force_reset(OPERATOR, EMAIL)

    assert ended.passkeys == 1
    assert problems(await _login(api, ana.passkey)) == INCORRECT


async def test_a_cookie_is_set_only_for_our_own_pages(api: Api, ana: Owner) -> None:
    signed = ana.passkey.sign(await begun(api, "BeginPasskeyLogin"))
    variables = {"input": {"credential": signed, "transport": "COOKIE"}}
    foreign = await api.send("LoginWithPasskey", variables, {"origin": "https://evil.example"})
    ours = await api.send("LoginWithPasskey", variables, {"origin": "http://localhost:8000"})

    assert foreign.json().get("errors")
    assert "set-cookie" not in foreign.headers
    assert "set-cookie" in ours.headers
    assert ours.json()["data"]["loginWithPasskey"]["token"] is None


async def test_no_challenge_is_kept_in_clear(api: Api, protected: Owner) -> None:
    options = [
        await begun(api, "BeginPasskeyLogin"),
        await begun(protected.me),
        await begun(protected.me, "BeginPasskeyProof"),
        (await _asked(api))["passkeyOptions"],
    ]
    kept = str([await model.all().values() for model in (PasskeyChallenge, LoginChallenge, AuditEvent)])

    assert [each for each in options if json.loads(each)["challenge"] in kept] == []
    assert await PasskeyChallenge.all().count() == 4


async def test_expired_challenges_are_deleted(api: Api) -> None:
    await begun(api, "BeginPasskeyLogin")
    await PasskeyChallenge.all().update(expires_at=AGES_AGO)
    await api.composition.cleanup.clean_up()

    assert await PasskeyChallenge.all().count() == 0
