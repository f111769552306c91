"""Every text that a person reads is there in every language, says what it may say, and is used."""

import email
import email.policy
import re
import string
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType

from schema.company import CompanyWarning
from schema.errors import FieldError
from schema.root import schema
from schema.security_events import SecurityEvent
from services.accounts.lockout import MAX_FAILURES
from services.accounts.security_events import SecurityEventKind
from services.captcha.service import LIFE as CAPTCHA_LIFE
from services.common.outcomes import FieldErrorCode
from services.common.translations import Language, Translations
from services.company.company import CompanyWarningCode
from services.mail.issuing import CODE_LIFE, EXPORT_LIFE, MAILED_PASSWORD_LIFE
from services.mail.letters import (
    MailContent,
    Recipient,
    about_sign_in,
    confirmation_code,
    export_link,
    mailed_password,
    notice,
    to_address,
)
from services.mail.outbox import ABOUT_SIGN_INS, ADDRESSED, MailKind
from services.mail.rendering import _SECRET_NAMES, MailRenderer
from services.mail.sign_in_facts import SignInFacts
from services.mail.site import Site
from services.support.personal_data import PersonalData
from tests.field_pairs import field_pairs

_ROOT = Path(__file__).parents[2]
_TEXTS = Translations(_ROOT / "locales")
_TEMPLATES = _ROOT / "services/mail/templates"
_SECTIONS = PersonalData(*cast(Any, (None,) * 5)).sections
_EXPORT_PAGE = (_ROOT / "app/exports/templates/export.html").read_text("utf-8")
_BY_CODE = {
    FieldError.__name__,
    CompanyWarning.__name__,
    SecurityEvent.__name__,
}  # their texts are those of their codes
_COMPUTED = {"TooManyAttemptsError": {"wait"}}  # placeholders that are not fields


def _types_with_a_message() -> Iterator[tuple[str, set[str]]]:
    """Yields every object type with a message, and the placeholders that its text may have."""
    failure = schema._schema.type_map["UserError"]
    assert isinstance(failure, GraphQLInterfaceType)
    for name, type_ in schema._schema.type_map.items():
        if isinstance(type_, GraphQLObjectType) and "message" in type_.fields and name not in _BY_CODE:
            origin = type_.extensions["strawberry-definition"].origin
            assert failure in type_.interfaces or name.endswith("Success"), name
            yield name, {field.name for field in fields(origin)} - {"message"} | _COMPUTED.get(name, set())


def _letters() -> Iterator[MailContent]:
    """One of every template, made of the kinds there are, for a person whose RFC holds a sign of HTML."""
    until = datetime(2027, 3, 1, tzinfo=UTC)
    for language in Language:
        account = Recipient(uuid4(), "ana@example.com", language, "H&E951128469", until, until)
        registration = Recipient(uuid4(), "ana@example.com", language, "H&E951128469", None)
        for kind in MailKind:
            match kind:
                case MailKind.CONFIRMATION:
                    yield confirmation_code(registration, recovering=False)
                case MailKind.RECOVERY:
                    yield confirmation_code(registration, recovering=True)
                    yield mailed_password(account)
                case MailKind.DATA_EXPORT:
                    yield export_link(account)
                case kind if kind in ADDRESSED:
                    yield to_address(kind, account.email, language.value)
                case kind if kind in ABOUT_SIGN_INS:
                    yield about_sign_in(account, kind, SignInFacts(until, "Chrome", "Windows", 7))
                case _:
                    yield notice(account, kind)


@cache
def _allowed() -> dict[str, set[str]]:
    """Every text's key, and the placeholders that it may have."""
    keys = dict(_types_with_a_message())
    keys |= {f"FieldError.{field}.{code}": {"minimum", "maximum", "character"} for field, code in field_pairs()}
    keys |= {f"FieldErrorCode.{code.name}": set() for code in FieldErrorCode}
    keys |= {f"CompanyWarningCode.{code.name}": set() for code in CompanyWarningCode}
    keys |= {f"SecurityEventKind.{kind.name}": set() for kind in SecurityEventKind}
    keys |= {f"captcha.help{form}": set() for form in ("", ".proofOfWork", ".provider")}
    keys |= {"export.readme": {"day"}, "export.json": set()}
    keys |= {f"export.section.{name}": set() for name in _SECTIONS}
    keys |= {f"page.export.{name}": set() for name in re.findall(r"text\(\"(\w+)\"\)", _EXPORT_PAGE)}
    keys |= {f"page.export.{name}": set() for name in ("invalid", "unavailable", "unreadable")}
    keys |= {f"page.export.{name}": {"wait"} for name in ("busy", "throttled")}
    keys |= {f"LoginSuccess.{flag}": set() for flag in ("passwordChangeRequired", "secondFactorEnrollmentRequired")}
    for path in _TEMPLATES.iterdir():
        keys |= {key: set() for key in re.findall(r"translate\(\"([^\"]+)\"\)", path.read_text("utf-8"))}
    for letter in _letters():
        for part in ("subject", "before", "after"):
            keys[f"mail.{letter.template}.{part}"] = {*letter.values, "site"}
        keys |= {f"mail.fact.{name}": set() for name in letter.values}
    keys |= {f"mail.fact.{name}": set() for name in _SECRET_NAMES.values()}
    return keys


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_what_is_checked_here_is_what_there_is() -> None:
    assert {"CreateAccountSuccess", "TooManyAttemptsError", "FieldErrorCode.NOT_NEW", "mail.greeting"} <= set(
        _allowed()
    )
    assert {"mail.unconfirmed.before", "mail.sign_in_closed.subject", "mail.fact.password"} <= set(_allowed())
    assert len(dict(_types_with_a_message())) > 15


@pytest.mark.parametrize("language", Language)
def test_a_text_is_there_and_names_only_what_is_known(language: Language) -> None:
    texts = {key: _TEXTS.entries(language)[key] for key in _allowed()}

    assert {key: text for key, text in texts.items() if text.strip() != text or not text} == {}
    assert {key: text for key, text in texts.items() if not _placeholders(text) <= _allowed()[key]} == {}


@pytest.mark.parametrize("language", Language)
def test_no_text_is_unused(language: Language) -> None:
    assert set(_TEXTS.entries(language)) - set(_allowed()) == set()


def test_both_languages_have_the_same_placeholders() -> None:
    spanish, english = [
        {key: _placeholders(_TEXTS.entries(language)[key]) for key in _allowed()} for language in Language
    ]

    assert spanish == english


@pytest.mark.parametrize("path", sorted((_ROOT / "locales").glob("*.po")), ids=lambda path: path.name)
def test_no_key_is_written_twice(path: Path) -> None:
    keys = re.findall(r'^msgid "(.+)"$', path.read_text("utf-8"), re.MULTILINE)

    assert len(keys) == len(set(keys)) == len(_allowed())


def test_spanish_says_tu() -> None:
    formal = (
        r"usted(es)?|sus?|le|les|ingrese|escriba|revise|intente|espere|elija|pida|confirme|acceda|recupere|copie|"
        r"busque|ignore|cambie|use|verifique|introduzca|haga|vaya|inicie|tiene que|desea|solicitó|olvidó"
    )
    texts = _TEXTS.entries(Language.ES).items()

    assert {key: text for key, text in texts if re.search(rf"\b({formal})\b", text, re.IGNORECASE)} == {}


@pytest.mark.parametrize("language", Language)
def test_a_message_is_made_of_whole_sentences(language: Language) -> None:
    messages = {key: text for key, text in _TEXTS.entries(language).items() if not key.startswith(("mail.", "page."))}

    assert {
        key: text for key, text in messages.items() if not re.fullmatch(r"[¡¿]?[A-ZÁÉÍÓÚÑ].*[.!?)]", text, re.DOTALL)
    } == {}


def test_every_mail_can_be_written() -> None:
    site = Site("Timbrado", "https://app.example.mx", "cuentas@example.mx", "https://app.example.mx/c#{code}", None)
    composer = MailRenderer(_TEXTS, site)

    for letter in _letters():
        secret = "SECRETSECRET" if letter.template in _SECRET_NAMES else None
        content = composer.render(letter, secret, "an-id", datetime(2026, 3, 1, tzinfo=UTC))
        mail = email.message_from_bytes(content, policy=email.policy.default)

        text, html = mail.get_body(("plain",)), mail.get_body(("html",))
        assert text
        assert html
        plain = text.get_content()
        assert not re.search(r"[{}]", mail["Subject"] + plain)
        assert "ana@example.com" in plain
        assert ("SECRETSECRET" in plain) == ("SECRETSECRET" in html.get_content()) == bool(secret)
        assert "H&E951128469" not in html.get_content()


def test_a_refused_password_brings_advice() -> None:
    for field, code in product(("password", "newPassword"), ("TOO_SHORT", "TOO_COMMON", "CONTAINS_IDENTITY")):
        assert "frase" in _TEXTS.entries(Language.ES)[f"FieldError.{field}.{code}"]
        assert "phrase" in _TEXTS.entries(Language.EN)[f"FieldError.{field}.{code}"]


@pytest.mark.parametrize(
    ("key", "told", "constant", "value"),
    [
        ("mail.confirmation.after", ("24 horas", "24 hours"), CODE_LIFE, timedelta(hours=24)),
        ("mail.unconfirmed.after", ("24 horas", "24 hours"), CODE_LIFE, timedelta(hours=24)),
        ("mail.recovery.after", ("24 horas", "24 hours"), MAILED_PASSWORD_LIFE, timedelta(hours=24)),
        ("mail.data_export.after", ("una hora", "an hour"), EXPORT_LIFE, timedelta(hours=1)),
        ("ExportAccountSuccess", ("una hora", "an hour"), EXPORT_LIFE, timedelta(hours=1)),
        ("captcha.help", ("cinco minutos", "five minutes"), CAPTCHA_LIFE, timedelta(minutes=5)),
        ("mail.sign_in_closed.before", ("cincuenta", "fifty"), MAX_FAILURES, 50),
    ],
)
def test_a_number_in_a_text_is_that_of_the_services(
    key: str, told: tuple[str, str], constant: object, value: object
) -> None:
    assert constant == value
    assert all(words in _TEXTS.entries(language)[key] for language, words in zip(Language, told, strict=True))


def test_an_unknown_text_is_a_bug() -> None:
    with pytest.raises(KeyError):
        _TEXTS.format(Language.ES, "mail.nothing.subject")


def test_a_value_is_never_read_as_a_template() -> None:
    said = _TEXTS.format(Language.EN, "CreateAccountSuccess", vars(SimpleNamespace(email="{rfc}@example.com", rfc="X")))

    assert "{rfc}@example.com" in said
