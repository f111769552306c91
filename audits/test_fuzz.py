"""No text, in any field or as a document, makes the service fail."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import negotiation
from app.database import tortoise_configuration
from app.operations import OPERATIONS
from app.settings import Settings
from models.migrator import upgrade
from schema.root import schema
from services.accounts.email import Email, parse_email
from services.accounts.password_policy import PasswordPolicy, canonical_mailed_password, normalize_password
from services.accounts.rfc import Rfc, parse_rfc
from services.captcha.words import normalize_digits, normalize_words
from services.common.outcomes import FieldErrorCode, ForbiddenCharacter
from tests.api import Api, GivenSettings, api_of

# Any code point, including surrogates and NUL; and text that is nearly valid.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
NEARLY = st.from_regex(r"[A-Z&Ñ]{3,4}[0-9]{6}[A-Z0-9]{3}", fullmatch=True) | st.emails() | ANY_TEXT
UNICODE = st.text(max_size=300)  # text that JSON can encode

BOUNDED = settings(
    max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@BOUNDED
@given(NEARLY)
def test_an_rfc_is_one_or_none(text: str) -> None:
    assert isinstance(parse_rfc(text), Rfc | FieldErrorCode | ForbiddenCharacter)


@BOUNDED
@given(NEARLY)
def test_an_e_mail_is_one_or_none_and_stays_the_same_when_it_is_parsed_again(text: str) -> None:
    email = parse_email(text)

    assert email is None or parse_email(email.address) == Email(email.address)


@BOUNDED
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_a_password_is_judged(password: str, rfc: str, email: str) -> None:
    code = PasswordPolicy(8, site_words=("Timbrado",)).check(normalize_password(password), (rfc, email))

    assert code is None or isinstance(code, FieldErrorCode)
    assert canonical_mailed_password(password) == canonical_mailed_password(canonical_mailed_password(password))


@BOUNDED
@given(ANY_TEXT)
def test_an_answer_to_a_captcha_is_folded_once(text: str) -> None:
    assert normalize_words(normalize_words(text)) == normalize_words(text)
    assert set(normalize_digits(text)) <= set("0123456789")


@BOUNDED
@given(UNICODE)
def test_any_header_is_negotiated(header: str) -> None:
    assert negotiation.language(header)
    assert negotiation.media_type(header) in {None, negotiation.JSON, negotiation.GRAPHQL_RESPONSE}


class Service:
    """The API on a separate event loop, since hypothesis does not run coroutines."""

    def __init__(self, runner: asyncio.Runner, api: Api) -> None:
        self._runner = runner
        self._api = api

    def post(self, body: bytes) -> tuple[int, Any]:
        headers = {"content-type": "application/json", "accept": negotiation.GRAPHQL_RESPONSE, **self._api.headers}
        response = self._runner.run(self._api.http.post("/graphql", content=body, headers=headers))
        return response.status_code, response.json()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("fuzz")
    url = f"sqlite://{folder / 'accounts.sqlite3'}"
    asyncio.run(upgrade(tortoise_configuration(url)))
    generous: dict[str, Any] = dict.fromkeys(
        (name for name in Settings.model_fields if name.startswith("limit_")), "100000/hour"
    )
    cheap: dict[str, Any] = {"argon2_time_cost": 1, "argon2_memory_kib": 64, "worker_in_serve": False}
    with asyncio.Runner() as runner:
        opened = api_of(GivenSettings(data_dir=folder, database_url=url, **generous, **cheap))
        api = runner.run(opened.__aenter__())
        yield Service(runner, api.signed_in(runner.run(api.api_client())))  # which opens the most
        runner.run(opened.__aexit__(None, None, None))


@BOUNDED
@given(st.binary(max_size=200) | UNICODE.map(str.encode))
def test_any_body_is_answered(service: Service, body: bytes) -> None:
    status, answer = service.post(body)

    assert status == 400
    assert answer["errors"]


TOKENS = st.lists(
    st.sampled_from(
        [
            "query",
            "mutation",
            "fragment",
            "on",
            "F",
            "Query",
            "Mutation",
            "me",
            "login",
            "input:",
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            "$a",
            ":",
            "!",
            "@skip(if:",
            "true)",
            "...",
            '"text"',
            '"""block"""',
            "5",
            "1e9",
            "null",
            "true",
            "sessions",
            "id",
            "__schema",
            "__typename",
            "passwordPolicy",
            "minimumLength",
            "#",
            "\n",
        ]
    ),
    max_size=60,
).map(" ".join)


@BOUNDED
@given(TOKENS | UNICODE)
def test_any_document_is_answered(service: Service, document: str) -> None:
    status, answer = service.post(json.dumps({"query": document}).encode())

    assert status in {200, 400}
    assert "INTERNAL" not in str(answer)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | UNICODE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(UNICODE, inner, max_size=3),
    max_leaves=8,
)
_OF_AN_ACCOUNT = (
    "rfc",
    "email",
    "password",
    "passwordConfirmation",
    "language",
    "captcha",
    "code",
    "transport",
    "id",
    "answer",
)
_OF_A_COMPANY = (
    "legalName",
    "taxRegime",
    "postalCode",
    "name",
    "firstFolio",
    "lastFolio",
    "approvalNumber",
    "approvalYear",
)
_OF_A_PAYMENT = ("planId", "orderId")
_OF_A_BACK_END = ("token", "accountId", "seriesId", "requestId", "uuid")
FIELDS = st.sampled_from([*_OF_AN_ACCOUNT, *_OF_A_COMPANY, *_OF_A_PAYMENT, *_OF_A_BACK_END])
INPUTS = st.dictionaries(FIELDS, UNICODE | JSON_VALUES, max_size=8) | JSON_VALUES


@BOUNDED
@given(st.sampled_from(sorted(OPERATIONS)), INPUTS)
def test_any_input_is_answered(service: Service, name: str, value: Any) -> None:
    query = OPERATIONS[name]

    variables = dict.fromkeys(
        ("input", "id", "by", "after", "first", "updatedSince", "requestId", "olderThanHours"), value
    )
    status, answer = service.post(json.dumps({"query": query, "variables": variables}).encode())

    assert status in {200, 400, 413}
    assert "INTERNAL" not in str(answer)


FORMS: dict[str, tuple[str, ...]] = {
    "AcceptPrivacyNotice": ("version",),
    "CreateAccount": ("rfc", "email", "password", "passwordConfirmation", "acceptedPrivacyNotice"),
    "ConfirmAccount": ("code",),
    "ResendConfirmationCode": ("email",),
    "Login": ("email", "password", "deviceName", "rememberedDevice"),
    "RenameSession": ("id", "deviceName"),
    "RevokeSession": ("id",),
    "ForgetDevice": ("id",),
    "ChangePassword": ("currentPassword", "newPassword", "newPasswordConfirmation"),
    "Reauthenticate": ("password",),
    "ChangeEmail": ("email",),
    "VerifySecondFactor": ("challenge", "oneTimeCode", "passkey"),
    "ConfirmTotp": ("oneTimeCode",),
    "LoginWithPasskey": ("credential", "deviceName"),
    "AddPasskey": ("credential", "nickname"),
    "RenamePasskey": ("id", "nickname"),
    "RemovePasskey": ("id",),
    "ConfirmEmail": ("code",),
    "RevertEmail": ("code",),
    "ChangeRfc": ("rfc",),
    "ConfigureCompany": ("legalName", "taxRegime", "postalCode"),
    "CreateSeries": ("name", "firstFolio", "lastFolio", "approvalNumber"),
    "UpdateSeries": ("id", "name", "firstFolio", "lastFolio", "approvalNumber"),
    "DeleteSeries": ("id",),
    "StartPayPalPayment": ("planId",),
    "CompletePayPalPayment": ("orderId",),
    "RequestBankDeposit": ("planId",),
    "CancelBankDeposit": ("id",),
    "CreateAccessToken": ("audience",),
    "VerifySession": ("token",),
    "ReserveInvoice": ("accountId", "seriesId", "requestId"),
    "ConfirmInvoice": ("requestId", "uuid"),
    "ReleaseInvoice": ("requestId",),
}
WITHOUT_A_FORM = {"RecoverPassword", "UpdateAccount"}  # an object and an enum: test_any_input_is_answered covers them


def test_no_form_is_forgotten() -> None:
    mutation = schema._schema.mutation_type
    assert mutation
    with_input = {name[0].upper() + name[1:] for name, field in mutation.fields.items() if "input" in field.args}

    assert set(FORMS) | WITHOUT_A_FORM == with_input


@BOUNDED
@given(st.sampled_from(sorted(FORMS)), st.data())
def test_any_text_in_a_form_is_a_typed_answer(service: Service, name: str, data: st.DataObject) -> None:
    form = {field: data.draw(UNICODE | st.emails()) for field in FORMS[name]}
    query = OPERATIONS[name]

    status, answer = service.post(json.dumps({"query": query, "variables": {"input": form}}).encode())

    assert status == 200
    assert "errors" not in answer
