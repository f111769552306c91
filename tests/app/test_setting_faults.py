"""Settings as operators get them wrong: no value ends in a traceback, and none is served without a word."""

import os
import re
from pathlib import Path

import pytest

from app.composition import compose
from app.secret_files import secret_names
from app.setting_checks import PRODUCTION_NEEDS
from app.setting_warnings import warnings
from app.settings import InvalidSettingsError, Settings, mistyped_settings, parse_settings, read_settings
from tests.environment import PRODUCTION, fault, read
from tests.process.in_process import run_here

_SECRET = "hunter2-of-the-operator"
_KEYS = {name: PRODUCTION[name] for name in ("SECRET_KEY", "NAMING_KEY")}
_NO_KEYS = "production needs SECRET_KEY (at least 32 bytes), NAMING_KEY (at least 32 bytes)"
_WRONG = {
    "blanks": " \t ",
    "negative": "-1",
    "zero": "0",
    "huge": "9" * 400,
    "more than 64 bits": "99999999999999999999",
    "a word": "zzyzx-quux",
    "digits of other scripts": "\u0661\u0662",
    "full-width digits": "\uff11\uff12",
    "a line break": "zzyzx\nquux",
    "a carriage return": "zzyzx\rquux",
    "a trailing line break": "5\n",
    "quotes": '"zzyzx-quux"',
    "single quotes": "'zzyzx-quux'",
    "no number": "nan",
    "infinity": "inf",
    "an exponent": "1e3",
    "not UTF-8": "zzyzx\udcffquux",
    "a megabyte": "zzyzx-quux" * 10_000,
    "an emoji": "\U0001f600",
    "no variable": "${ZZYZX_QUUX}",
    "a percent sign": "%",
    "JSON": '["zzyzx-quux"]',
    "separators": ",;,",
    "another URL": "https://zzyzx:quux@[::1",
    "a database's": "postgres://zzyzx:%ZZ-quux@db.example.mx/name",
    "a mail server's": "smtp://zzyzx:%ff-quux@smtp.example.mx",
    "a port of 0": "redis://:zzyzx-quux@redis.example.mx:0/0",
    "a number of many digits": "redis://:zzyzx-quux@redis.example.mx:6379/99999999999999999999",
    "no host": "smtp://zzyzx:quux@a..b",
}


def test_no_setting_ends_in_a_traceback_or_is_repeated(no_authorities: None, tmp_path: Path) -> None:
    """All settings have the same wrong value at once: each is either named, or can be served."""
    badly_said = []
    for what, value in _WRONG.items():
        accepted = set(map(str.upper, Settings.model_fields))
        for sentence in _sentences(dict.fromkeys(accepted, value)):
            name = sentence.partition(":")[0]
            accepted.discard(name)
            if len(sentence) > 300 or "\n" in sentence or re.search("zzyzx|quux|9{5}", sentence, re.IGNORECASE):
                badly_said.append((what, sentence))
        _compose(dict.fromkeys(accepted, value), tmp_path)

    assert badly_said == []


def _sentences(values: dict[str, str]) -> tuple[str, ...]:
    try:
        read(**values)
    except InvalidSettingsError as error:
        return error.sentences
    return ()


def _compose(values: dict[str, str], folder: Path) -> None:
    """As `serve` does, with settings of which each was accepted, even if they do not fit together."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        settings = parse_settings()
    cheap = {"argon2_time_cost": 1, "argon2_memory_kib": 1024, "argon2_parallelism": 1}
    settings = settings.model_copy(update={"data_dir": folder, "paypal_stand_in": False, **cheap})
    assert settings.database
    compose(settings)


def test_a_sentence_names_the_real_fault() -> None:
    database, redis, smtp = "DATABASE_URL", "REDIS_URL", "SMTP_URL"
    sentences = [
        ("PORT", " ", "is blank"),
        ("DATA_DIR", " ", "is blank"),
        (redis, "  ", "is blank"),
        ("SITE_NAME", '"Timbrado"', "is in quotes"),
        ("ALLOWED_ORIGINS", "https://a.example.mx,'https://b.example.mx'", "is in quotes"),
        ("DATA_DIR", "/var/\nlib", "must be UTF-8 without control characters"),
        ("DATA_DIR", "/var/\udcff", "must be UTF-8 without control characters"),
        (smtp, "smtp://ana:${PASSWORD}@smtp.example.mx", "contains ${…}, which nothing has replaced"),
        (database, "postgres://ana:a%b@db.example.mx/x", "the user and password must be percent-encoded: %"),
        (database, "postgres://ana:a%ffb@db.example.mx/x", "the user and password must be percent-encoded UTF-8"),
        (database, "postgres://ana:a%00b@db.example.mx/x", "the user and password must not contain control"),
        (database, "postgres://ana:b@db.example.mx:0/x", "the port must be from 1 to 65535"),
        (database, "postgres://ana:b@db.example.mx:99999/x", "the port must be from 1 to 65535"),
        (database, "postgres://ana:b@db.example.mx,b.example.mx/x", "the host must be one name or address"),
        (database, "postgres://ana:b@db.example.mx/x#y", "must not contain #"),
        (database, "postgres://ana:b@db.example.mx/x?sslmode=require", "must not have options (sslmode): use DATABASE"),
        (database, "sqlite://:memory:", "a database in memory is lost"),
        (redis, "redis://redis.example.mx:0", "the port must be from 1 to 65535"),
        (redis, "redis://redis.example.mx:6379/99999", "must be redis://"),
        (redis, "redis://a..b:6379", "the host must be one name or address"),
        (smtp, "smtp://smtp.example.mx:0", "the port must be from 1 to 65535"),
        (smtp, "smtp://two words", "the host must be one name or address"),
        ("ALLOWED_HOSTS", "https://api.example.mx", "must be hosts such as api.example.mx, without a scheme"),
        ("ALLOWED_HOSTS", "ñandú.mx", "must be hosts such as api.example.mx"),
        ("REDIS_KEY_PREFIX", "ñ", "must have 1 to 64 letters, digits, _ or -"),
        ("PAYPAL_WEBHOOK_ID", "a b", "must have 1 to 100 letters and digits"),
        ("LIMIT_LOGIN", "0/hour", "0 would refuse everybody"),
        ("LIMIT_LOGIN", "5/minute;0/day", "each longer window must allow more"),
        ("LIMIT_LOGIN", "5 per 0 hours", "must be limits such as"),
        ("LIMIT_LOGIN", "10/minute;5/day", "each longer window must allow more"),
        ("LIMIT_LOGIN", "1/minute;1/minute", "each longer window must allow more"),
        ("LIMIT_LOGIN", "99999999999999999999/hour", "must allow at most 1,000,000,000 in a window"),
    ]

    faults = [(name, value, fault(**{name: value}), start) for name, value, start in sentences]

    assert [each for each in faults if not each[2].startswith(f"{each[0]}: {each[3]}")] == []


def test_settings_that_contradict_each_other_are_refused() -> None:
    idle = {"SESSION_IDLE_DAYS": "20", "SESSION_DAYS": "10"}
    sentences: list[tuple[dict[str, str], str]] = [
        (idle, "SESSION_IDLE_DAYS is greater than SESSION_DAYS"),
        ({**PRODUCTION, "CAPTCHA_PROOF_OF_WORK": "1"}, "CAPTCHA_PROOF_OF_WORK: production needs at least 1000, or 0"),
        (
            {
                **PRODUCTION,
                "BANK_DEPOSIT_CLABE": "002010077777777771",
                "BANK_DEPOSIT_BANK": "x",
                "BANK_DEPOSIT_BENEFICIARY": "x",
            },
            "BANK_DEPOSIT_CLABE: this is the example's",
        ),
        ({**idle, "DATABASE_POOL_MINIMUM": "11"}, "DATABASE_POOL_MINIMUM is greater than DATABASE_POOL_MAXIMUM; SESS"),
    ]

    assert [said for given, said in sentences if not fault(**given).startswith(said)] == []
    assert read(SESSION_DAYS="10").session_days == 10
    assert read(**PRODUCTION, CAPTCHA_PROOF_OF_WORK="0").captcha_proof_of_work == 0
    assert read(CAPTCHA_PROOF_OF_WORK="1").captcha_proof_of_work == 1
    assert read(LIMIT_LOGIN_CAPTCHA="0/hour").limit_login_captcha == "0/hour"


def test_valid_settings_that_nobody_can_want_are_warned_of() -> None:
    bank = {"BANK_DEPOSIT_CLABE": "032180000118359719", "BANK_DEPOSIT_BANK": "B", "BANK_DEPOSIT_BENEFICIARY": "T"}
    sound = {**PRODUCTION, **bank}
    warned: list[tuple[dict[str, str], list[str]]] = [
        (sound, []),
        (PRODUCTION, ["Nobody can pay: set PAYPAL_… or BANK_DEPOSIT_… (docs/settings.md)."]),
        (
            {**sound, "ARGON2_TIME_COST": "1"},
            ["ARGON2_…: stolen hashes would be cheap to search; keep the defaults, or more."],
        ),
        (
            {**sound, "SMTP_URL": f"smtp://ana:{_SECRET}@smtp.example.mx"},
            ["SMTP_URL: smtp:// sends the password and the mails in clear; use smtp+starttls:// or smtps://."],
        ),
        (
            {"REDIS_KEY_PREFIX": "x", "DATABASE_TLS": "require", "PAYPAL_BASE_URL": "https://a.example.mx"},
            [
                "REDIS_KEY_PREFIX: without effect, since REDIS_URL is not set.",
                "DATABASE_TLS: without effect, since a DATABASE_URL of PostgreSQL is not set.",
                "PAYPAL_BASE_URL: without effect, since PAYPAL_CLIENT_ID is not set.",
            ],
        ),
        (
            {"LIMIT_LOGIN": "15/hour"},
            ["LIMIT_LOGIN_CAPTCHA: no captcha is ever asked for, since LIMIT_LOGIN comes first."],
        ),
    ]

    assert [warnings(read(**given)) for given, _ in warned] == [said for _, said in warned]


def test_production_says_that_it_reads_no_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SITE_URL=https://app.example.mx\n")
    without = {name: value for name, value in PRODUCTION.items() if name != "SITE_URL"}

    assert fault(**without) == "production needs SITE_URL (https); it does not read .env"

    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in PRODUCTION.items()))

    assert fault() == "ENVIRONMENT: .env is for development; give production real variables"


def test_unknown_names_that_begin_like_ours_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIMIT_EVERYTHING", "PAYPAL_CLIENT_SECRET_FIL", "SMTP_URL_FILE", "SESSION_MANAGER", "DATABASE_HOST"):
        monkeypatch.setenv(name, "x")

    assert mistyped_settings() == [
        "LIMIT_EVERYTHING is not a setting.",
        "PAYPAL_CLIENT_SECRET_FIL is not a setting. Did you mean PAYPAL_CLIENT_SECRET_FILE?",
    ]


def test_every_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secrets = {
        "SECRET_KEY": _SECRET,
        "DATABASE_URL": f"postgres://ana:{_SECRET}@db.example.mx/accounts",
        "REDIS_URL": f"redis://:{_SECRET}@redis.example.mx:6379/0",
        "SMTP_URL": f"smtps://ana:{_SECRET}@smtp.example.mx",
        "PAYPAL_CLIENT_SECRET": _SECRET,
        "CAPTCHA_SECRET": _SECRET,
    }
    others = {
        "PAYPAL_CLIENT_ID": "id",
        "PAYPAL_WEBHOOK_ID": "hook",
        "CAPTCHA_PROVIDER": "turnstile",
        "CAPTCHA_SITE_KEY": "key",
    }
    endings = ["", "\n", "\r\n"]
    for number, (name, value) in enumerate(secrets.items()):
        (tmp_path / name).write_bytes(value.encode() + endings[number % 3].encode())

    settings = read(**others, **{f"{name}_FILE": str(tmp_path / name) for name in secrets})

    assert set(secrets) <= {name.upper() for name in secret_names(Settings)}
    assert settings == read(**others, **secrets)
    (tmp_path / ".env").write_text(f"SECRET_KEY_FILE={tmp_path / 'SECRET_KEY'}\n")
    assert read().secret_key == settings.secret_key


def test_a_file_of_a_secret_that_cannot_be_used_is_explained(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "large").write_text("x" * 100_000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "lines").write_text(f"{_SECRET}\n{_SECRET}\n")
    (tmp_path / "wrong").write_text(_SECRET)
    os.mkfifo(tmp_path / "pipe")
    sentences = [
        ("nowhere", "SMTP_URL: SMTP_URL_FILE cannot be read: No such file or directory"),
        (".", "SMTP_URL: SMTP_URL_FILE cannot be read: Is a directory"),
        ("empty", "SMTP_URL: SMTP_URL_FILE is empty"),
        ("large", "SMTP_URL: SMTP_URL_FILE must have at most 65536 bytes"),
        ("binary", "SMTP_URL: SMTP_URL_FILE cannot be read: it is not UTF-8"),
        ("pipe", "SMTP_URL: SMTP_URL_FILE must be a regular file"),
        ("lines", "SMTP_URL: must be UTF-8 without control characters, such as NUL or a line break"),
        ("wrong", "SMTP_URL: give smtp://, smtp+starttls:// or smtps://"),
        ("x" * 5_000, "SMTP_URL: SMTP_URL_FILE cannot be read: File name too long"),
    ]

    faults = [fault(SMTP_URL_FILE=str(tmp_path / name)) for name, _ in sentences]

    assert [
        (name, said) for (name, start), said in zip(sentences, faults, strict=True) if said[: len(start)] != start
    ] == []
    assert [said for said in faults if _SECRET in said] == []


def test_a_secret_is_given_once(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(_SECRET)

    said = fault(SECRET_KEY=_SECRET, SECRET_KEY_FILE=str(tmp_path / "key"))

    assert said == "SECRET_KEY: SECRET_KEY and SECRET_KEY_FILE are both set; remove one"
    assert read(SECRET_KEY="", SECRET_KEY_FILE=str(tmp_path / "key")).secret_key
    assert read(SECRET_KEY=_SECRET, SECRET_KEY_FILE="").secret_key


def test_a_file_counts_as_given_in_production(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(PRODUCTION["SECRET_KEY"])
    without = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}

    assert read(**without, SECRET_KEY_FILE=str(tmp_path / "key")).secret_key
    assert fault(**without) == "production needs SECRET_KEY (at least 32 bytes)"


def test_a_file_of_authorities_that_openssl_cannot_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")

    assert fault(SSL_CERT_FILE="/nowhere") == "SSL_CERT_FILE: cannot be read: No such file or directory"
    assert fault(SSL_CERT_FILE=str(tmp_path / "ca.pem")) == "SSL_CERT_FILE: must be a file of certificates in PEM"


def test_a_command_demands_only_the_settings_that_it_needs(tmp_path: Path) -> None:
    commands: list[tuple[list[str], dict[str, str], str]] = [
        (["migrate"], {}, ""),
        (["export-schema"], {}, ""),
        (["export-documents"], {}, ""),
        (["payments", "ana@example.mx"], _KEYS, ""),
        (["account", "revoke", "--all"], _KEYS, ""),
        (["deposit", "undo", "x"], _KEYS, ""),
        (["payments", "ana@example.mx"], {}, _NO_KEYS),
        (["account", "revoke", "--all"], {}, _NO_KEYS),
        (["captcha-answer", "x"], {}, _NO_KEYS),
        (["serve"], {}, f"production needs {', '.join(PRODUCTION_NEEDS.values())}"),
        (["worker"], {}, f"production needs {', '.join(PRODUCTION_NEEDS.values())}"),
    ]

    said = [
        run_here(tmp_path, *command, DATA_DIR=str(tmp_path), ENVIRONMENT="production", **given).stderr
        for command, given, _ in commands
    ]

    assert said == [f"Invalid settings: {sentence}\n" if sentence else "" for _, _, sentence in commands]


def test_settings_can_be_read_without_what_production_needs() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENVIRONMENT", "production")

        assert not parse_settings().secret_key
        assert not read_settings(needs=()).secret_key
