"""Passkeys: adding, naming and removing them, and who may."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import cbor2
import pytest

from models.account import Account
from models.audit_event import AuditEvent
from models.passkey import Passkey as StoredPasskey
from models.passkey_challenge import PasskeyChallenge
from models.session import Session
from services.factors.passkeys import MAX_PASSKEYS
from tests.api import Api
from tests.authenticators import AT, BE, BS, ORIGIN, UP, UV, Authenticator, Passkey, b64
from tests.companies import problems, signed_in
from tests.conftest import MakeApi
from tests.forms import EMAIL, OTHER_RFC, PASSWORD, PASSWORD_CHANGE

AGES_AGO = datetime(2020, 1, 1, tzinfo=UTC)
UNKNOWN = "00000000-0000-4000-8000-000000000000"
INCORRECT = [("credential", "INCORRECT")]


async def begun(me: Api, operation: str = "BeginPasskeyRegistration") -> str:
    answer = await me.run(operation)
    assert answer["__typename"] == f"{operation}Success", answer
    return str(answer["options"])


async def added(me: Api, authenticator: Authenticator | None = None, nickname: str | None = None) -> Passkey:
    passkey, credential = (authenticator or Authenticator()).make(await begun(me))
    answer = await me.act("AddPasskey", credential=credential, nickname=nickname)
    assert answer["__typename"] == "AddPasskeySuccess", answer
    return passkey


async def listed(me: Api) -> list[Any]:
    passkeys: list[Any] = (await me.run("Passkeys"))["passkeys"]
    return passkeys


async def _signs_in(api: Api, passkey: Passkey) -> bool:
    signed = passkey.sign(await begun(api, "BeginPasskeyLogin"))
    answer = await api.act("LoginWithPasskey", credential=signed)
    return bool(answer["__typename"] == "LoginSuccess")


async def _subjects(api: Api) -> list[str]:
    return [mail["Subject"] for mail in await api.mails()]


async def test_the_options_ask_for_a_discoverable_passkey_with_user_verification(api: Api) -> None:
    me = await signed_in(api)
    passkey = await added(me)

    options = json.loads(await begun(me))

    assert options["rp"] == {"id": "localhost", "name": "Timbrado"}
    assert (options["user"]["name"], options["user"]["id"]) == (EMAIL, b64((await Account.get()).id.bytes))
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["attestation"] == "none"
    assert [each["alg"] for each in options["pubKeyCredParams"]] == [-7, -8, -257]
    (excluded,) = options["excludeCredentials"]
    assert (excluded["id"], excluded["transports"]) == (b64(passkey.id), ["hybrid", "internal"])


async def test_a_passkey_is_added_listed_and_told(api: Api) -> None:
    me = await signed_in(api)
    await api.mails()
    passkey, credential = Authenticator().make(await begun(me))
    answer = await me.act("AddPasskey", credential=credential, nickname="  iPhone de\nAna ")

    (kept,) = await listed(me)
    assert answer["passkey"] == kept
    assert (kept["nickname"], kept["synced"], kept["backedUp"]) == ("iPhone de Ana", True, True)
    assert kept["lastUsedAt"] is None
    stored = await StoredPasskey.get()
    assert (stored.credential_id, stored.transports) == (b64(passkey.id), "hybrid,internal")
    assert await _subjects(api) == ["Se agregó una llave de acceso a tu cuenta de Timbrado"]
    assert (await AuditEvent.get(kind="passkey_added")).subject == kept["id"]
    assert (await me.run("Me"))["secondFactor"] is None  # the password alone still signs in
    assert (await api.act("Login", email=EMAIL, password=PASSWORD))["__typename"] == "LoginSuccess"


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
async def test_the_usual_algorithms_are_accepted(api: Api, algorithm: int) -> None:
    me = await signed_in(api)
    passkey = await added(me, Authenticator(algorithm=algorithm))
    opened = await api.act("LoginWithPasskey", credential=passkey.sign(await begun(api, "BeginPasskeyLogin")))

    assert opened["__typename"] == "LoginSuccess"


async def test_another_algorithm_is_refused(api: Api) -> None:
    me = await signed_in(api)
    _, credential = Authenticator(algorithm=-35).make(await begun(me))

    assert problems(await me.act("AddPasskey", credential=credential)) == INCORRECT


@pytest.mark.parametrize(
    "authenticator",
    [
        Authenticator(flags=UP | BE | BS),
        Authenticator(flags=UV | BE | BS),
        Authenticator(flags=UP | UV | BS),
        Authenticator(rp_id="example.com"),
        Authenticator(origin="https://evil.example"),
        Authenticator(origin="android:apk-key-hash:unknown"),
    ],
    ids=["not verified", "not present", "impossible backup", "other site", "other origin", "other app"],
)
async def test_what_does_not_verify_is_not_added(api: Api, authenticator: Authenticator) -> None:
    me = await signed_in(api)
    _, credential = authenticator.make(await begun(me))

    assert problems(await me.act("AddPasskey", credential=credential)) == INCORRECT
    assert await listed(me) == []


async def test_an_assertion_is_no_registration(api: Api) -> None:
    me = await signed_in(api)
    _, credential = Authenticator().make(await begun(me), client={"type": "webauthn.get"})

    assert problems(await me.act("AddPasskey", credential=credential)) == INCORRECT


async def test_the_id_has_to_be_that_of_the_signed_data(api: Api) -> None:
    me = await signed_in(api)
    _, credential = Authenticator().make(await begun(me))
    other = {**json.loads(credential), "id": b64(b"another"), "rawId": b64(b"another")}

    assert problems(await me.act("AddPasskey", credential=json.dumps(other))) == INCORRECT


async def test_a_statement_is_not_read(api: Api) -> None:
    me = await signed_in(api)
    statement = {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"none", "x5c": [b"no certificate"]}}
    _, credential = Authenticator().make(await begun(me), statement=statement)

    assert (await me.act("AddPasskey", credential=credential))["__typename"] == "AddPasskeySuccess"


async def test_a_challenge_registers_once(api: Api) -> None:
    me = await signed_in(api)
    options = await begun(me)
    credentials = [Authenticator().make(options)[1] for _ in range(3)]
    answers = await asyncio.gather(*(me.act("AddPasskey", credential=each) for each in credentials))

    assert sorted(answer["__typename"] for answer in answers) == ["AddPasskeySuccess"] + ["InvalidInputError"] * 2


async def test_a_challenge_belongs_to_its_session(api: Api) -> None:
    me = await signed_in(api)
    other_session = api.signed_in(await api.token())
    await api.account(email="eva@example.com", rfc=OTHER_RFC)
    eva = api.signed_in(await api.token("eva@example.com"))
    options = await begun(me)

    answers = [await of.act("AddPasskey", credential=Authenticator().make(options)[1]) for of in (other_session, eva)]

    assert [problems(answer) for answer in answers] == [INCORRECT] * 2
    assert await StoredPasskey.all().count() == 0


async def test_a_challenge_to_sign_in_or_to_prove_does_not_register(api: Api) -> None:
    me = await signed_in(api)
    await added(me)
    user = {"user": {"id": b64((await Account.get()).id.bytes)}}
    asked = [json.loads(await begun(me, operation)) for operation in ("BeginPasskeyLogin", "BeginPasskeyProof")]

    for options in asked:
        _, credential = Authenticator().make(json.dumps({**options, **user}))
        assert problems(await me.act("AddPasskey", credential=credential)) == INCORRECT


async def test_a_challenge_ends_after_five_minutes_and_with_the_next_one(api: Api) -> None:
    me = await signed_in(api)
    first, second = await begun(me), await begun(me)
    replaced = await me.act("AddPasskey", credential=Authenticator().make(first)[1])
    await PasskeyChallenge.all().update(expires_at=AGES_AGO)
    late = await me.act("AddPasskey", credential=Authenticator().make(second)[1])

    assert [problems(replaced), problems(late)] == [INCORRECT] * 2


async def test_a_passkey_is_registered_once_in_the_world(api: Api) -> None:
    me = await signed_in(api)
    passkey = await added(me)
    await api.mails()
    await api.account(email="eva@example.com", rfc=OTHER_RFC)
    eva = api.signed_in(await api.token("eva@example.com"))

    answers = []
    for of in (me, eva):
        _, credential = Authenticator().make(await begun(of), id=passkey.id)
        answers.append(problems(await of.act("AddPasskey", credential=credential)))

    assert answers == [[("credential", "ALREADY_USED")]] * 2
    assert (await StoredPasskey.get()).account_id == (await Account.get(email=EMAIL)).id


async def test_an_account_has_at_most_twenty(api: Api) -> None:
    me = await signed_in(api)
    late = await begun(me)
    account = await Account.get()
    await StoredPasskey.bulk_create(
        StoredPasskey(
            id=uuid4(),
            account_id=account.id,
            credential_id=str(number),
            public_key="none",
            sign_count=0,
            backup_eligible=False,
            backed_up=False,
            transports="",
            aaguid=UNKNOWN,
            created_at=AGES_AGO,
        )
        for number in range(MAX_PASSKEYS)
    )

    answers = [
        await me.run("BeginPasskeyRegistration"),
        await me.act("AddPasskey", credential=Authenticator().make(late)[1]),
    ]

    assert {answer["__typename"] for answer in answers} == {"TooManyPasskeysError"}
    assert "20" in answers[0]["message"]


async def test_a_passkey_is_renamed_and_loses_its_name(api: Api) -> None:
    me = await signed_in(api)
    await added(me, nickname="Laptop")
    (passkey,) = await listed(me)
    renamed = await me.act("RenamePasskey", id=passkey["id"], nickname="Oficina")
    unnamed = await me.act("RenamePasskey", id=passkey["id"], nickname=None)

    assert [answer["passkey"]["nickname"] for answer in (renamed, unnamed)] == ["Oficina", None]


@pytest.mark.parametrize(("nickname", "code"), [("x" * 101, "TOO_LONG"), ("a\0b", "FORBIDDEN_CHARACTER")])
async def test_a_name_that_cannot_be_shown_is_refused(api: Api, nickname: str, code: str) -> None:
    me = await signed_in(api)
    _, credential = Authenticator().make(await begun(me))
    refused = await me.act("AddPasskey", credential=credential, nickname=nickname)
    await me.act("AddPasskey", credential=credential)
    (kept,) = await listed(me)
    again = await me.act("RenamePasskey", id=kept["id"], nickname=nickname)

    assert [problems(refused), problems(again)] == [[("nickname", code)]] * 2


async def test_a_removed_passkey_signs_in_no_more(api: Api) -> None:
    me = await signed_in(api)
    passkey = await added(me)
    await api.mails()
    (kept,) = await listed(me)
    options = await begun(api, "BeginPasskeyLogin")
    removed = await me.act("RemovePasskey", id=kept["id"])

    assert removed["account"]["passkeys"] == []
    assert await _subjects(api) == ["Se quitó una llave de acceso de tu cuenta de Timbrado"]
    assert problems(await api.act("LoginWithPasskey", credential=passkey.sign(options))) == INCORRECT


async def test_nobody_reaches_the_passkeys_of_others(api: Api) -> None:
    me = await signed_in(api)
    await added(me)
    await api.mails()
    (kept,) = await listed(me)
    await api.account(email="eva@example.com", rfc=OTHER_RFC)
    eva = api.signed_in(await api.token("eva@example.com"))
    answers = [
        await eva.act(operation, id=typed)
        for operation in ("RenamePasskey", "RemovePasskey")
        for typed in (kept["id"], UNKNOWN, "x", "")
    ]

    assert {answer["__typename"] for answer in answers} == {"PasskeyNotFoundError"}
    assert await listed(me) == [kept]
    assert await listed(eva) == []


async def test_each_change_needs_a_recent_proof_and_a_session(api: Api) -> None:
    me = await signed_in(api)
    await added(me)
    await Session.all().update(proved_at=AGES_AGO)

    async def types(of: Api) -> list[str]:
        answers = [
            await of.run("BeginPasskeyRegistration"),
            await of.act("AddPasskey", credential="{}"),
            await of.act("RemovePasskey", id=UNKNOWN),
            await of.run("RequirePasskey"),
            await of.act("RenamePasskey", id=UNKNOWN),
            await of.run("BeginPasskeyProof"),
        ]
        return [answer["__typename"] for answer in answers]

    assert await types(me) == ["ReauthenticationRequiredError"] * 4 + [
        "PasskeyNotFoundError",
        "BeginPasskeyProofSuccess",
    ]
    assert await types(api) == ["NotAuthenticatedError"] * 6


async def test_a_mailed_password_sees_and_changes_no_passkeys(api: Api) -> None:
    me = await signed_in(api)
    await added(me)
    await api.mails()
    restricted = api.signed_in(await api.token(password=await api.recover()))
    answers = [await restricted.run(name) for name in ("BeginPasskeyRegistration", "BeginPasskeyProof")]

    assert {answer["__typename"] for answer in answers} == {"PasswordChangeRequiredError"}
    assert await listed(restricted) == []


async def test_a_new_password_leaves_passkeys(api: Api) -> None:
    me = await signed_in(api)
    passkey = await added(me)
    await me.act("ChangePassword", **PASSWORD_CHANGE)
    opened = await api.act("LoginWithPasskey", credential=passkey.sign(await begun(api, "BeginPasskeyLogin")))

    assert opened["__typename"] == "LoginSuccess"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "MISSING"),
        ("  ", "MISSING"),
        ("x" * 16_001, "TOO_LONG"),
        ("null", "MALFORMED"),
        ("[]", "MALFORMED"),
        ("{}", "MALFORMED"),
        ("[" * 16_000, "MALFORMED"),
        ('{"id": "' + "A" * 1365 + '"}', "MALFORMED"),
        ('{"id": 1, "response": []}', "MALFORMED"),
        ('{"id": "AA", "response": {"clientDataJSON": "AA"}}', "MALFORMED"),
        ('{"id": "AA", "response": {"clientDataJSON": 1}}', "MALFORMED"),
        ('{"id": "AA\\u0000", "response": {"clientDataJSON": "e30"}}', "MALFORMED"),
    ],
)
async def test_what_is_no_answer_is_malformed(api: Api, text: str, code: str) -> None:
    me = await signed_in(api)
    answers = [await me.act(operation, credential=text) for operation in ("AddPasskey", "LoginWithPasskey")]

    assert [problems(answer) for answer in answers] == [[("credential", code)]] * 2


@pytest.mark.parametrize(
    "attestation",
    [
        b"",
        b"\xa0",
        b"\x9b" + b"\xff" * 8,
        b"\x81" * 5000,
        b"\xa1hauthDataD\0\0\0\0",
        b"\xa1hauthData\x18\x2a",
        b"\xd8\x1c\xa1hauthData\xd8\x1d\x00",
    ],
)
async def test_hostile_bytes_are_incorrect(api: Api, attestation: bytes) -> None:
    me = await signed_in(api)
    _, credential = Authenticator().make(await begun(me), attestationObject=b64(attestation))

    assert problems(await me.act("AddPasskey", credential=credential)) == INCORRECT


def _bomb() -> bytes:
    """CBOR of 250 bytes in which each list has the next one twice: written out, it would be larger than any memory."""
    bomb = b"\xd8\x1c\x80"
    for number in range(40, 0, -1):
        bomb = b"\xd8\x1c\x82" + bomb + b"\xd8\x1d" + cbor2.dumps(number)
    return bomb


BOMB = _bomb()
CRED_PROTECT = cbor2.dumps({"credProtect": 2})


@pytest.mark.parametrize(
    "attestation", [b"\xa1hauthData" + BOMB, cbor2.dumps({"authData": bytes(32) + b"\xc5" + bytes(22) + BOMB})]
)
async def test_values_that_multiply_are_not_written_out(api: Api, attestation: bytes) -> None:
    me = await signed_in(api)
    _, credential = Authenticator().make(await begun(me), attestationObject=b64(attestation))

    assert problems(await me.act("AddPasskey", credential=credential)) == INCORRECT


async def test_extensions_that_nobody_asked_for_are_ignored(api: Api) -> None:
    passkey = await added(await signed_in(api), Authenticator(extensions=CRED_PROTECT))

    assert await _signs_in(api, passkey)


@pytest.mark.parametrize(("flags", "extensions"), [(0, BOMB), (AT, bytes(18) + BOMB)])
async def test_extensions_that_multiply_are_not_written_out(api: Api, flags: int, extensions: bytes) -> None:
    passkey = await added(await signed_in(api), Authenticator(extensions=BOMB))
    passkey.flags, passkey.extensions = passkey.flags | flags, extensions

    assert not await _signs_in(api, passkey)


@pytest.mark.parametrize("client", [{"crossOrigin": True}, {"topOrigin": ORIGIN}])
async def test_a_frame_in_a_page_of_somebody_else_is_refused(api: Api, client: dict[str, Any]) -> None:
    me = await signed_in(api)
    _, credential = Authenticator().make(await begun(me), client=client)

    assert problems(await me.act("AddPasskey", credential=credential)) == [("credential", "MALFORMED")]


async def test_apps_and_pages_of_the_settings_are_allowed(make_api: MakeApi) -> None:
    api = await make_api(passkey_rp_id="example.mx", passkey_origins=("https://otra.example",))
    me = await signed_in(api)
    passkey = await added(me, Authenticator(rp_id="example.mx", origin="https://otra.example"))

    assert json.loads(await begun(api, "BeginPasskeyLogin"))["rpId"] == "example.mx"
    opened = await api.act("LoginWithPasskey", credential=passkey.sign(await begun(api, "BeginPasskeyLogin")))
    assert opened["__typename"] == "LoginSuccess"
