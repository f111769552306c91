"""The environment: what it may say, and the sentence with which a wrong one stops the start."""

import contextlib
import re
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.composition import limit_storage, make_keys
from app.setting_checks import missing_for_production
from app.settings import Environment, InvalidSettingsError, Settings, mistyped_settings, read_settings
from services.mail.smtp import SmtpServer
from tests.process.serving import ROOT, clean_environment

Read = Callable[..., Settings]

_SECRET = "hunter2-of-the-operator"
_PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "a key of thirty-two bytes or more",
    "SMTP_URL": "smtp+starttls://ana:word@smtp.example.mx",
    "MAIL_FROM": "cuentas@example.mx",
    "SITE_URL": "https://app.example.mx",
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine's, and no .env of the developer's."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    def read_with(**environment: str) -> Settings:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return read_settings()

    return read_with


def test_nothing_needs_to_be_set_for_development(read: Read) -> None:
    settings = read()

    assert settings.environment is Environment.DEVELOPMENT
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.data_dir == Path("data")
    assert settings.secret_key == ()
    assert settings.allowed_origins == ()
    credentials = settings.database["connections"]["default"]["credentials"]
    assert credentials["file_path"] == "data/accounts.sqlite3"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "staging"),
        ("PORT", "web"),
        ("PORT", "70000"),
        ("PORT", "-1"),
        ("WORKERS", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("DATABASE_URL", f"mysql://ana:{_SECRET}@127.0.0.1/accounts"),
        ("DATABASE_URL", f"oracle://ana:{_SECRET}@127.0.0.1/accounts"),
        ("DATABASE_URL", f"postgres://ana:{_SECRET}@127.0.0.1:port/accounts"),
        ("DATABASE_URL", _SECRET),
        ("REDIS_URL", f"memcached://:{_SECRET}@127.0.0.1"),
        ("REDIS_URL", _SECRET),
        ("REDIS_URL", f"redis://:{_SECRET}"),
        ("REDIS_URL", f"redis://:{_SECRET}@127.0.0.1:port"),
        ("REDIS_URL", f"redis://:{_SECRET}@[::1"),
        ("SMTP_URL", f"http://ana:{_SECRET}@smtp.example.mx"),
        ("SMTP_URL", f"smtp://ana:{_SECRET}@smtp.example.mx/path"),
        ("SMTP_URL", f"smtp://ana:{_SECRET}@smtp.example.mx:port"),
        ("SMTP_URL", f"smtp://ana:{_SECRET}@"),
        ("SMTP_URL", f"smtp://ana:{_SECRET}"),
        ("SMTP_URL", f"smtp://ana:{_SECRET}℀@smtp.example.mx"),
        ("SMTP_URL", _SECRET),
        ("WORKER_IN_SERVE", "perhaps"),
        ("MAIL_FROM", "Cuentas <cuentas@example.mx>"),
        ("MAIL_FROM", "cuentas"),
        ("SITE_NAME", "Tim\nbrado"),
        ("SITE_NAME", "x" * 61),
        ("SITE_URL", "www.facturas.mx"),
        ("SITE_URL", "javascript:alert(1)"),
        ("SITE_URL", "https:///www.facturas.mx"),
        ("CONFIRM_URL", "https://www.facturas.mx/confirmar"),
        ("CONFIRM_URL", "https://app.example.mx/confirmar?code={code}"),
        ("CONFIRM_URL", "https://app.example.mx/{code}#code"),
        ("CONFIRM_URL", "mailto:x#{code}"),
        ("RECOVER_URL", "ftp://app.example.mx/recuperar"),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "null"),
        ("ALLOWED_ORIGINS", "www.facturas.mx"),
        ("ALLOWED_ORIGINS", "https://*.example.mx"),
        ("ALLOWED_ORIGINS", "https://app.example.mx/"),
        ("ALLOWED_ORIGINS", "https://app.example.mx, https://ana@example.mx"),
        ("ALLOWED_ORIGINS", "https://app.example.mx/entrar"),
        ("ALLOWED_ORIGINS", "https://app.example.mx?x"),
        ("ALLOWED_ORIGINS", "https://app.example.mx:port"),
        ("ALLOWED_ORIGINS", "https://app.example.mx:70000"),
        ("ALLOWED_ORIGINS", "https://app.example.mx:0"),
        ("ALLOWED_ORIGINS", "https://[::1"),
        ("ALLOWED_ORIGINS", "https://[:::]"),
        ("ALLOWED_ORIGINS", "https://fußball.example"),
        ("ALLOWED_ORIGINS", "ionic://"),
        ("ALLOWED_ORIGINS", "capacitor:localhost"),
        ("ALLOWED_ORIGINS", "file://localhost"),
        ("ALLOWED_ORIGINS", "wss://app.example.mx"),
        ("ALLOWED_REQUEST_HEADERS", "*"),
        ("ALLOWED_REQUEST_HEADERS", "x-client, x client"),
        ("ALLOWED_REQUEST_HEADERS", "x-client: 1"),
        ("TRUSTED_PROXIES", "all"),
        ("TRUSTED_PROXIES", "-1"),
        ("CONCEAL_ACCOUNTS", "maybe"),
        ("SESSION_DAYS", "0"),
        ("SESSION_IDLE_DAYS", "4000"),
        ("PASSWORD_MINIMUM_LENGTH", "7"),
        ("PASSWORD_MINIMUM_LENGTH", "129"),
        ("ARGON2_MEMORY_KIB", "1"),
        ("ARGON2_TIME_COST", "0"),
        ("LIMIT_LOGIN", "never"),
        ("LIMIT_LOGIN", "5/fortnight"),
        ("LIMIT_RECOVER_PASSWORD_EMAIL", "1/minute,"),
    ],
)
def test_a_wrong_value_stops_with_a_sentence_that_names_it_and_does_not_repeat_it(
    read: Read, name: str, value: str
) -> None:
    with pytest.raises(InvalidSettingsError) as stopped:
        read(**{name: value})

    sentence = str(stopped.value)
    assert re.fullmatch(rf"{name}: [^\n]{{10,}}", sentence)
    assert _SECRET not in sentence
    assert value not in sentence
    assert stopped.value.__cause__ is None
    assert stopped.value.__suppress_context__


def test_all_wrong_values_are_named_at_once(read: Read) -> None:
    with pytest.raises(InvalidSettingsError) as stopped:
        read(PORT="web", MAIL_FROM="cuentas", LIMIT_LOGIN="never")

    assert {"PORT:", "MAIL_FROM:", "LIMIT_LOGIN:"} <= set(str(stopped.value).split())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"SECRET_KEY": "", "SMTP_URL": "", "MAIL_FROM": "", "SITE_URL": ""},
            "production needs SECRET_KEY (of 32 bytes or more), SMTP_URL, MAIL_FROM, SITE_URL (https)",
        ),
        ({"SECRET_KEY": " , "}, "production needs SECRET_KEY (of 32 bytes or more)"),
        ({"SMTP_URL": ""}, "production needs SMTP_URL"),
        ({"MAIL_FROM": ""}, "production needs MAIL_FROM"),
        ({"SITE_URL": ""}, "production needs SITE_URL (https)"),
    ],
)
def test_production_names_what_is_missing_in_one_sentence(read: Read, changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(InvalidSettingsError) as stopped:
        read(**{**_PRODUCTION, **changes})

    assert str(stopped.value) == sentence


_EASILY_GUESSED = "which is easily guessed; make one as .env.example shows"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": "too short"}, "SECRET_KEY: it has 9 bytes, and production needs 32 or more"),
        (
            {"SECRET_KEY": "a key of thirty-two bytes or more,ñandú"},
            "SECRET_KEY: key 2 of 2 has 7 bytes, and production needs 32 or more",
        ),
        ({"SECRET_KEY": "x" * 40}, f"SECRET_KEY: it is the same character over and over, {_EASILY_GUESSED}"),
        ({"SECRET_KEY": "abc" * 20}, f"SECRET_KEY: it is only 3 different characters, {_EASILY_GUESSED}"),
        ({"SITE_URL": "http://app.example.mx"}, "SITE_URL: production needs https"),
        ({"CONFIRM_URL": "http://app.example.mx/c#{code}"}, "CONFIRM_URL: production needs https"),
        ({"RECOVER_URL": "http://app.example.mx/e"}, "RECOVER_URL: production needs https"),
        (
            {"ALLOWED_ORIGINS": "https://a.example.mx,http://b.example.mx"},
            "ALLOWED_ORIGINS: production needs https, but for loopback",
        ),
        (
            {"SECRET_KEY": "short", "SMTP_URL": "", "PAYPAL_RETURN_URL": "http://app.example.mx"},
            (
                "production needs SMTP_URL; SECRET_KEY: it has 5 bytes, and production needs 32 or more; "
                "PAYPAL_RETURN_URL: production needs https"
            ),
        ),
    ],
)
def test_what_production_does_not_take_is_explained_by_its_real_fault(
    read: Read, changes: dict[str, str], sentence: str
) -> None:
    with pytest.raises(InvalidSettingsError) as stopped:
        read(**{**_PRODUCTION, **changes})

    assert str(stopped.value) == sentence


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("PORT", "web", "give a whole number"),
        ("PORT", "70000", "give at most 65535"),
        ("WORKERS", "0", "give at least 1"),
        ("KEEP_ALIVE_SECONDS", "0", "give at least 1"),
        ("KEEP_ALIVE_SECONDS", "1.5", "give a whole number"),
        ("LOG_LEVEL", "WARN", "give DEBUG, INFO, WARNING or ERROR"),
        ("ENVIRONMENT", "prod", "give 'development' or 'production'"),
        ("CONCEAL_ACCOUNTS", "ja", "give true or false"),
        ("DATABASE_STATEMENT_SECONDS", "x", "give a number"),
        ("BANK_DEPOSIT_BANK", "x" * 101, "give at most 100 characters"),
        ("REDIS_KEY_PREFIX", "a b", "give up to 64 letters, digits, _ and -"),
        ("DATABASE_APPLICATION_NAME", "ñ", "give up to 63 printable characters of ASCII"),
        ("DATABASE_URL", "postgres://ana:word@db.example.mx", "it names no database: give"),
        ("REDIS_URL", "redis://localhost", "give redis://USER:PASSWORD@HOST:PORT/NUMBER or rediss://…, with a port"),
        ("REDIS_URL", "redis://localhost:65536", "a port is at most 65535"),
        ("PLANS_FILE", "/nowhere/plans.toml", "cannot be read: No such file or directory"),
        ("PLANS_FILE", "/", "cannot be read: Is a directory"),
        ("PAYPAL_BASE_URL", "api-m.paypal.com", "give the URL of PayPal's API, which is https://api-m.paypal.com"),
        ("HOST", "http://127.0.0.1", "give an address or a name to listen on"),
        ("HOST", "127.0.0.1:8000", "give an address or a name to listen on"),
        ("HOST", "*", "give an address or a name to listen on"),
        ("ALLOWED_HOSTS", "https://api.example.mx", "give hosts such as api.example.mx, without a scheme"),
        ("ALLOWED_HOSTS", "api.example.mx:443", "give hosts such as api.example.mx, without a scheme, a port"),
        ("ALLOWED_HOSTS", "*", "give hosts such as api.example.mx"),
    ],
)
def test_a_sentence_says_what_to_give(read: Read, name: str, value: str, fault: str) -> None:
    with pytest.raises(InvalidSettingsError) as stopped:
        read(**{name: value})

    assert str(stopped.value).startswith(f"{name}: {fault}")


def test_argon2_has_memory_for_each_of_its_lanes(read: Read) -> None:
    with pytest.raises(
        InvalidSettingsError, match=r"^ARGON2_MEMORY_KIB: give at least 128, 8 for each of ARGON2_PARALL"
    ):
        read(ARGON2_PARALLELISM="16", ARGON2_MEMORY_KIB="127")

    assert read(ARGON2_MEMORY_KIB="128")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.20", "app.example.mx", "[::]", "fe80::1%eth0"])  # noqa: S104
def test_development_listens_beyond_loopback_only_if_told_to(read: Read, host: str) -> None:
    with pytest.raises(
        InvalidSettingsError, match=r"^HOST: development .* set ENVIRONMENT=production, or DEVELOPMENT_BEY"
    ):
        read(HOST=host)

    assert read(HOST=host, DEVELOPMENT_BEYOND_LOOPBACK="true").host == host.strip("[]")
    assert read(**_PRODUCTION, HOST=host, DEVELOPMENT_BEYOND_LOOPBACK="false")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "LOCALHOST", "::1", "[::1]"])
def test_loopback_has_many_names(read: Read, host: str) -> None:
    assert read(HOST=host).host == host.strip("[]")


@pytest.mark.parametrize(
    "url",
    [
        "https://api-m.sandbox.paypal.com",
        "https://API.Sandbox.PayPal.com/",
        "https://sandbox.paypal.com:443",
        "https://api.sandbox.paypal.com.",
    ],
)
def test_production_takes_no_money_of_the_sandbox(read: Read, url: str) -> None:
    with pytest.raises(
        InvalidSettingsError, match=r"^PAYPAL_BASE_URL: this is PayPal's sandbox, .*PAYPAL_SANDBOX_IN_PROD"
    ):
        read(**_PRODUCTION, PAYPAL_BASE_URL=url)

    assert read(PAYPAL_SANDBOX_IN_PRODUCTION="true").paypal_url == url


@pytest.mark.parametrize("url", ["https://api-m.paypal.com", "https://sandbox.paypal.com.example.mx"])
def test_other_hosts_are_no_sandbox(read: Read, url: str) -> None:
    assert read(**_PRODUCTION, PAYPAL_BASE_URL=url).paypal_url == url


def test_names_that_look_mistyped_are_told_and_stop_nothing(read: Read, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SITE_NAME=A\nDATABSE_URL=x\nexport SITE_NAME=B\nOTHER_THING=1\n", "utf-8")

    settings = read(LIMT_LOGIN="1/hour", Mail_Form="ana@example.com", LOGNAME="ana", HOSTNAME="a", SHELL="sh")

    assert settings.site_name == "B"
    assert mistyped_settings() == [
        "SITE_NAME stands more than once in .env: the last one counts.",
        "DATABSE_URL is no setting. Is it DATABASE_URL?",
        "LIMT_LOGIN is no setting. Is it LIMIT_LOGIN?",
        "MAIL_FORM is no setting. Is it MAIL_FROM?",
    ]


def test_names_of_an_env_file_do_not_matter_in_production(read: Read, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DATABSE_URL=x\n\xff")

    read(**_PRODUCTION)

    assert mistyped_settings() == []


def test_production_starts_with_what_it_needs(read: Read) -> None:
    settings = read(**_PRODUCTION)

    assert not settings.development
    assert missing_for_production(settings) == []
    assert not settings.origins.allows("http://localhost:5173")


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost",
        "http://127.0.0.1:8100",
        "http://[::1]:8100",
        "http://tauri.localhost",
        "https://localhost",
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "app://bundle",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    ],
)
def test_production_takes_the_origins_of_apps_that_bring_their_own_pages(read: Read, origin: str) -> None:
    settings = read(**_PRODUCTION, ALLOWED_ORIGINS=origin)

    assert settings.allowed_origins == (origin,)


@pytest.mark.parametrize("origin", ["http://localhost.example.mx", "http://127.0.0.1.example.mx", "http://192.168.1.5"])
def test_production_takes_no_page_that_comes_over_plain_http(read: Read, origin: str) -> None:
    with pytest.raises(InvalidSettingsError, match=r"^ALLOWED_ORIGINS: production needs https, but for loopback$"):
        read(**_PRODUCTION, ALLOWED_ORIGINS=origin)


def test_a_slash_at_the_end_of_an_origin_is_said_to_be_the_fault(read: Read) -> None:
    with pytest.raises(InvalidSettingsError, match=r"^ALLOWED_ORIGINS: .*slash at the end$"):
        read(ALLOWED_ORIGINS="https://app.example.mx/")


def test_development_can_be_asked_what_production_would_miss(read: Read) -> None:
    missing = missing_for_production(read(SMTP_URL=_PRODUCTION["SMTP_URL"]))

    assert missing == ["SECRET_KEY (of 32 bytes or more)", "MAIL_FROM", "SITE_URL (https)"]


def test_lists_are_split_at_commas_and_blanks_around_do_not_matter(read: Read) -> None:
    settings = read(
        SECRET_KEY=" the first key, the second key ,",
        ALLOWED_ORIGINS="https://App.example.mx , http://localhost:5173",
        ALLOWED_HOSTS="api.example.mx,,10.0.0.1",
    )

    assert [key.get_secret_value() for key in settings.secret_key] == ["the first key", "the second key"]
    assert settings.allowed_origins == ("https://app.example.mx", "http://localhost:5173")
    assert settings.origins.allows("https://app.example.mx")
    assert settings.allowed_hosts == ("api.example.mx", "10.0.0.1")


def test_empty_variables_count_as_unset(read: Read) -> None:
    assert read(**{name.upper(): "" for name in Settings.model_fields}) == Settings(_env_file=None)


def test_a_hash_in_the_secret_keys_is_part_of_them(read: Read) -> None:
    assert read(SECRET_KEY="a#b").secret_key[0].get_secret_value() == "a#b"


def test_no_secret_is_in_a_repr(read: Read) -> None:
    settings = read(
        SECRET_KEY=f"{_SECRET}-1,{_SECRET}-2",
        SMTP_URL=f"smtp://ana:{_SECRET}@smtp.example.mx",
        DATABASE_URL=f"postgres://ana:{_SECRET}@127.0.0.1/accounts",
        REDIS_URL=f"redis://:{_SECRET}@127.0.0.1:6379",
        PAYPAL_CLIENT_ID="id",
        PAYPAL_CLIENT_SECRET=_SECRET,
        PAYPAL_WEBHOOK_ID="hook",
    )

    assert _SECRET not in f"{settings!r} {settings} {settings.model_dump()}"
    assert settings.smtp_url
    assert _SECRET not in repr(SmtpServer.parse(settings.smtp_url.get_secret_value()))


@pytest.mark.parametrize("name", ["a b", "ñandú", "a%20b", "a:b", "a?b", "a#b"])
def test_the_database_lies_in_the_data_directory_whatever_its_name(read: Read, tmp_path: Path, name: str) -> None:
    settings = read(DATA_DIR=str(tmp_path / name))

    credentials = settings.database["connections"]["default"]["credentials"]
    assert credentials["file_path"] == str(tmp_path / name / "accounts.sqlite3")


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:6379", "redis://127.0.0.1:6379/3", "rediss://:word@10.0.0.1:6380/0", "redis://localhost"]
)
def test_a_redis_url_that_is_accepted_can_be_composed(read: Read, url: str) -> None:
    accepted: Settings | None = None

    with contextlib.suppress(InvalidSettingsError):
        accepted = read(REDIS_URL=url)

    assert accepted is None or limit_storage(accepted)


def test_env_is_read_in_development_and_yields_to_the_environment(read: Read, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SITE_NAME=Facturas Ñandú\nPORT=9000\n", "utf-8")

    settings = read(PORT="9001")

    assert (settings.site_name, settings.port) == ("Facturas Ñandú", 9001)


def test_env_is_not_read_in_production(read: Read, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SITE_NAME=Facturas\nCONCEAL_ACCOUNTS=true\n", "utf-8")

    settings = read(**_PRODUCTION)

    assert (settings.site_name, settings.conceal_accounts) == ("Timbrado", False)


def test_a_key_of_development_is_kept_for_its_owner_alone(read: Read, tmp_path: Path) -> None:
    settings = read(DATA_DIR=str(tmp_path))

    first, second = make_keys(settings), make_keys(settings)

    assert first.signing("captcha") == second.signing("captcha")
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert len((tmp_path / "secret.key").read_bytes()) >= 32


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (
            {"ENVIRONMENT": "production"},
            "Wrong settings: production needs SECRET_KEY (of 32 bytes or more), SMTP_URL, MAIL_FROM, SITE_URL (https)",
        ),
        ({"DATABASE_URL": f"mysql://ana:{_SECRET}@127.0.0.1/x"}, "Wrong settings: DATABASE_URL: "),
        ({"REDIS_URL": f"redis://:{_SECRET}@cache.example.mx"}, "Wrong settings: REDIS_URL: "),
    ],
    ids=["production", "database", "redis"],
)
def test_serve_stops_with_one_sentence_on_stderr(tmp_path: Path, environment: dict[str, str], sentence: str) -> None:
    stopped = _run("serve", DATA_DIR=str(tmp_path / "data"), **environment)

    assert stopped.returncode not in {0, None}
    assert stopped.stdout == ""
    assert len(stopped.stderr.splitlines()) == 1
    assert stopped.stderr.startswith(sentence)
    assert _SECRET not in stopped.stderr
    assert not (tmp_path / "data").exists()


def test_a_command_that_comes_before_serve_says_what_is_wrong_without_a_traceback(tmp_path: Path) -> None:
    stopped = _run("captcha-answer", "not-an-id", DATA_DIR=str(tmp_path / "data"))

    assert stopped.returncode == 1
    assert len(stopped.stderr.splitlines()) == 1


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env={**clean_environment(PORT="0"), **environment},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_a_pool_is_not_smaller_than_its_minimum(read: Read) -> None:
    with pytest.raises(InvalidSettingsError, match="DATABASE_POOL_MINIMUM is more than DATABASE_POOL_MAXIMUM"):
        read(DATABASE_POOL_MINIMUM="11")


def test_how_postgresql_is_used_is_set(read: Read) -> None:
    settings = read(
        DATABASE_URL="postgres://ana:word@db.example.mx/cuentas",
        DATABASE_POOL_MAXIMUM="40",
        DATABASE_STATEMENT_SECONDS="2.5",
        DATABASE_TLS="verify-full",
        DATABASE_APPLICATION_NAME="cuentas 3",
    )

    credentials = settings.database["connections"]["default"]["credentials"]
    assert (credentials["minsize"], credentials["maxsize"]) == (1, 40)
    assert credentials["init"].__self__.statement_seconds == 2.5
    assert credentials["application_name"] == "cuentas 3"
    assert credentials["ssl"].verify_mode is ssl.CERT_REQUIRED
    assert credentials["ssl"].check_hostname


@pytest.mark.parametrize("name", ["ENVIRONMENT", "environment", "Environment"])
def test_production_reads_no_env_file_however_its_name_is_written(read: Read, tmp_path: Path, name: str) -> None:
    (tmp_path / ".env").write_text("SITE_NAME=Elsewhere")

    settings = read(**{**{n: v for n, v in _PRODUCTION.items() if n != "ENVIRONMENT"}, name: "production"})

    assert settings.site_name == "Timbrado"


_PAYPAL = {"PAYPAL_CLIENT_ID": "id", "PAYPAL_CLIENT_SECRET": _SECRET, "PAYPAL_WEBHOOK_ID": "hook"}
_BANK = {
    "BANK_DEPOSIT_CLABE": "002010077777777771",
    "BANK_DEPOSIT_BANK": "Banco",
    "BANK_DEPOSIT_BENEFICIARY": "Timbrado",
}


@pytest.mark.parametrize("left_out", [*_PAYPAL, *_BANK])
def test_a_way_to_pay_is_set_whole_or_not_at_all(read: Read, left_out: str) -> None:
    group = _PAYPAL if left_out in _PAYPAL else _BANK

    with pytest.raises(InvalidSettingsError, match=f"{left_out} must be set, too") as refused:
        read(**{name: value for name, value in group.items() if name != left_out})

    assert _SECRET not in str(refused.value)
    assert read(**group)


@pytest.mark.parametrize("clabe", ["002010077777777772", "0020100777", "x"])
def test_a_clabe_that_does_not_check_stops_the_start(read: Read, clabe: str) -> None:
    with pytest.raises(InvalidSettingsError, match="BANK_DEPOSIT_CLABE: give a CLABE of 18 digits"):
        read(**{**_BANK, "BANK_DEPOSIT_CLABE": clabe})


def test_a_wrong_file_of_plans_stops_the_start(read: Read, tmp_path: Path) -> None:
    (tmp_path / "plans.toml").write_text("iva = 1")

    with pytest.raises(InvalidSettingsError, match="PLANS_FILE: iva: "):
        read(PLANS_FILE=str(tmp_path / "plans.toml"))


def test_paypal_is_the_sandbox_but_in_production(read: Read) -> None:
    assert read().paypal_url == "https://api-m.sandbox.paypal.com"
    assert read(**_PRODUCTION).paypal_url == "https://api-m.paypal.com"
    assert read(**_PRODUCTION, PAYPAL_BASE_URL="https://paypal.example.mx").paypal_url == "https://paypal.example.mx"


def test_production_speaks_with_paypal_over_https_alone(read: Read) -> None:
    with pytest.raises(
        InvalidSettingsError, match="PAYPAL_RETURN_URL: production needs https; PAYPAL_BASE_URL: production"
    ):
        read(**_PRODUCTION, PAYPAL_BASE_URL="http://paypal.example.mx", PAYPAL_RETURN_URL="http://app.example.mx")


def test_only_development_has_a_bank_account_of_its_own(read: Read) -> None:
    assert read().bank_account
    assert read(**_PRODUCTION).bank_account is None
    assert read(**_PRODUCTION, **_BANK).bank_account


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_that_is_not_utf_8_is_named(read: Read, tmp_path: Path, encoding: str) -> None:
    (tmp_path / ".env").write_text("SITE_NAME=Facturación\n", encoding)

    with pytest.raises(InvalidSettingsError, match=r"^\.env cannot be read: it is not UTF-8$"):
        read()


@pytest.mark.parametrize("query", ["sslmode=require", "connect_timeout=5", "max_size=5"])
def test_options_in_the_databases_url_are_refused(read: Read, query: str) -> None:
    with pytest.raises(
        InvalidSettingsError, match=r"^DATABASE_URL: leave out its options \(\w+\): DATABASE_TLS is for"
    ):
        read(DATABASE_URL=f"postgres://ana:word@127.0.0.1/accounts?{query}")


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.mx, https://b.mx",
        "https://app.example.mx:port",
        "https://app.example.mx:99999999",
        "https://ap p",
        "https://-",
        'https://x" onclick=x',
        "https://app.example.mx/\nx",
        "app.example.mx",
    ],
)
def test_a_url_is_checked_to_its_end(read: Read, url: str) -> None:
    with pytest.raises(InvalidSettingsError, match=r"^RECOVER_URL: give one URL"):
        read(RECOVER_URL=url)


@pytest.mark.parametrize("url", ["https://app.example.mx/entrar?a=1#b", "http://[::1]:5173", "HTTPS://App.example.mx"])
def test_a_url_may_have_a_port_and_a_path(read: Read, url: str) -> None:
    assert read(RECOVER_URL=url).recover_url == url


@pytest.mark.parametrize("name", ["BANK_DEPOSIT_BANK", "BANK_DEPOSIT_BENEFICIARY", "SITE_NAME"])
def test_a_blank_value_is_none(read: Read, name: str) -> None:
    bank = {"BANK_DEPOSIT_CLABE": "002010077777777771", "BANK_DEPOSIT_BANK": "B", "BANK_DEPOSIT_BENEFICIARY": "T"}

    with pytest.raises(InvalidSettingsError, match=f"^{name}: "):
        read(**{**bank, name: " "})
