"""Settings: what the environment may say, and the sentence with which the service refuses to start."""

import re
import ssl
from pathlib import Path

import pytest
from limits.aio.storage import RedisStorage
from pydantic import SecretStr

from app.composition import limit_storage, make_keys
from app.database import connected
from app.setting_checks import missing_for_production
from app.settings import Environment, InvalidSettingsError, Settings, mistyped_settings
from models.sql import fetch
from services.mail.smtp import SmtpServer
from tests.environment import PRODUCTION, fault, read
from tests.process.in_process import run_here
from tests.process.serving import run_command

_SECRET = "hunter2-of-the-operator"


def test_development_needs_no_settings() -> None:
    settings = read()

    assert settings.environment is Environment.DEVELOPMENT
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.data_dir == Path("data")
    assert settings.secret_key is None
    assert settings.allowed_origins == ()
    credentials = settings.database["connections"]["default"]["credentials"]
    assert credentials["file_path"] == "data/accounts.sqlite3"


async def test_in_production_sqlite_waits_for_the_disk_at_every_commit(tmp_path: Path) -> None:
    """A committed account must survive a power failure. The API of other tests does not wait."""
    settings = read(**PRODUCTION, DATA_DIR=str(tmp_path))

    async with connected(settings.database):
        (row,) = await fetch("PRAGMA synchronous")

    assert row["synchronous"] == 2  # FULL


def test_a_wrong_value_is_refused_with_a_sentence_that_names_the_setting_and_not_the_value() -> None:
    values = [
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
        ("TRUSTED_DOCUMENTS", "/nowhere/documents.json"),
        ("TRUSTED_DOCUMENTS_ONLY", "apps"),
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
    ]

    faults = [(name, value, fault(**{name: value})) for name, value in values]

    assert [(name, value) for name, value, text in faults if not re.fullmatch(rf"{name}: [^\n]{{10,}}", text)] == []
    assert [(name, value) for name, value, text in faults if _SECRET in text or value in text] == []


def test_the_error_of_a_wrong_value_has_no_cause_that_could_repeat_it() -> None:
    with pytest.raises(InvalidSettingsError) as stopped:
        read(SMTP_URL=_SECRET)

    assert stopped.value.__cause__ is None
    assert stopped.value.__suppress_context__


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(InvalidSettingsError) as stopped:
        read(PORT="web", MAIL_FROM="cuentas", LIMIT_LOGIN="never")

    assert {"PORT:", "MAIL_FROM:", "LIMIT_LOGIN:"} <= set(str(stopped.value).split())


def test_production_names_what_is_missing_in_one_sentence() -> None:
    sentences: list[tuple[dict[str, str], str]] = [
        (
            {"SECRET_KEY": "", "NAMING_KEY": "", "SMTP_URL": "", "MAIL_FROM": "", "SITE_URL": ""},
            (
                "production needs SECRET_KEY (at least 32 bytes), NAMING_KEY (at least 32 bytes), SMTP_URL, MAIL_FROM, "
                "SITE_URL (https)"
            ),
        ),
        ({"SECRET_KEY": ""}, "production needs SECRET_KEY (at least 32 bytes)"),
        ({"NAMING_KEY": ""}, "production needs NAMING_KEY (at least 32 bytes)"),
        ({"SMTP_URL": ""}, "production needs SMTP_URL"),
        ({"MAIL_FROM": ""}, "production needs MAIL_FROM"),
        ({"SITE_URL": ""}, "production needs SITE_URL (https)"),
    ]

    faults = [fault(**{**PRODUCTION, **changes}) for changes, _ in sentences]

    assert faults == [sentence for _, sentence in sentences]


_EASILY_GUESSED = "which is easy to guess; generate one as .env.example shows"


def test_production_explains_what_is_wrong_with_a_value() -> None:
    sentences: list[tuple[dict[str, str], str]] = [
        ({"SECRET_KEY": "too short"}, "SECRET_KEY: the key has 9 bytes; production needs at least 32"),
        (
            {"SECRET_KEY": "a key of thirty-two bytes or more,ñandú"},
            "SECRET_KEY: must be one key, without a comma; the others go into SECRET_KEYS_ALSO_ACCEPTED",
        ),
        (
            {"SECRET_KEYS_ALSO_ACCEPTED": "a key of thirty-two bytes or more,ñandú"},
            "SECRET_KEYS_ALSO_ACCEPTED: key 2 of 2 has 7 bytes; production needs at least 32",
        ),
        ({"NAMING_KEY": "too short"}, "NAMING_KEY: the key has 9 bytes; production needs at least 32"),
        ({"SECRET_KEY": "x" * 40}, f"SECRET_KEY: the key is the same character over and over, {_EASILY_GUESSED}"),
        ({"SECRET_KEY": "abc" * 20}, f"SECRET_KEY: the key is only 3 different characters, {_EASILY_GUESSED}"),
        ({"SITE_URL": "http://app.example.mx"}, "SITE_URL: production needs https"),
        ({"CONFIRM_URL": "http://app.example.mx/c#{code}"}, "CONFIRM_URL: production needs https"),
        ({"RECOVER_URL": "http://app.example.mx/e"}, "RECOVER_URL: production needs https"),
        (
            {"ALLOWED_ORIGINS": "https://a.example.mx,http://b.example.mx"},
            "ALLOWED_ORIGINS: production needs https, except for loopback",
        ),
        (
            {"SECRET_KEY": "short", "SMTP_URL": "", "PAYPAL_RETURN_URL": "http://app.example.mx"},
            (
                "production needs SMTP_URL; SECRET_KEY: the key has 5 bytes; production needs at least 32; "
                "PAYPAL_RETURN_URL: production needs https"
            ),
        ),
    ]

    faults = [fault(**{**PRODUCTION, **changes}) for changes, _ in sentences]

    assert faults == [sentence for _, sentence in sentences]


def test_a_sentence_says_what_to_give() -> None:
    sentences = [
        ("PORT", "web", "must be a whole number"),
        ("PORT", "70000", "must be at most 65535"),
        ("WORKERS", "0", "must be at least 1"),
        ("KEEP_ALIVE_SECONDS", "0", "must be at least 1"),
        ("KEEP_ALIVE_SECONDS", "1.5", "must be a whole number"),
        ("LOG_LEVEL", "WARN", "must be DEBUG, INFO, WARNING or ERROR"),
        ("ENVIRONMENT", "prod", "must be 'development' or 'production'"),
        ("CONCEAL_ACCOUNTS", "ja", "must be true or false"),
        ("DATABASE_STATEMENT_SECONDS", "x", "must be a number"),
        ("BANK_DEPOSIT_BANK", "x" * 101, "must have at most 100 characters"),
        ("REDIS_KEY_PREFIX", "a b", "must have 1 to 64 letters, digits, _ or -"),
        ("DATABASE_APPLICATION_NAME", "ñ", "must have 1 to 63 printable ASCII characters"),
        ("DATABASE_URL", "postgres://ana:word@db.example.mx", "the name of the database is missing: must be"),
        ("REDIS_URL", "redis://localhost", "must be redis://USER:PASSWORD@HOST:PORT/NUMBER or rediss://…, with a port"),
        ("REDIS_URL", "redis://localhost:65536", "the port must be from 1 to 65535"),
        ("PLANS_FILE", "/nowhere/plans.toml", "cannot be read: No such file or directory"),
        ("PLANS_FILE", "/", "cannot be read: Is a directory"),
        ("TRUSTED_DOCUMENTS", "/nowhere/web.json", "cannot be read: No such file or directory"),
        ("TRUSTED_DOCUMENTS", "/,/nowhere", "manifest 1 of 2: cannot be read: Is a directory"),
        ("PAYPAL_BASE_URL", "api-m.paypal.com", "must be the URL of PayPal's API, such as https://api-m.paypal.com"),
        ("HOST", "http://127.0.0.1", "must be an address or a name to listen on"),
        ("HOST", "127.0.0.1:8000", "must be an address or a name to listen on"),
        ("HOST", "*", "must be an address or a name to listen on"),
        ("ALLOWED_HOSTS", "https://api.example.mx", "must be hosts such as api.example.mx, without a scheme"),
        ("ALLOWED_HOSTS", "api.example.mx:443", "must be hosts such as api.example.mx, without a scheme, a port"),
        ("ALLOWED_HOSTS", "*", "must be hosts such as api.example.mx"),
    ]

    faults = [(name, value, fault(**{name: value})) for name, value, _ in sentences]

    expected = [f"{name}: {sentence}" for name, _, sentence in sentences]
    assert [each for each, start in zip(faults, expected, strict=True) if not each[2].startswith(start)] == []


def test_argon2_has_memory_for_each_of_its_lanes() -> None:
    with pytest.raises(
        InvalidSettingsError, match=r"^ARGON2_MEMORY_KIB: must be at least 128, which is 8 \* ARGON2_PARALL"
    ):
        read(ARGON2_PARALLELISM="16", ARGON2_MEMORY_KIB="127")

    assert read(ARGON2_PARALLELISM="16", ARGON2_MEMORY_KIB="128")


def test_development_listens_beyond_loopback_only_if_told_to() -> None:
    hosts = ["0.0.0.0", "::", "192.168.1.20", "app.example.mx", "[::]", "fe80::1%eth0"]  # noqa: S104
    sentence = r"HOST: development .* set ENVIRONMENT=production, or DEVELOPMENT_BEY"

    assert [host for host in hosts if not re.match(sentence, fault(HOST=host))] == []
    told = [read(HOST=host, DEVELOPMENT_BEYOND_LOOPBACK="true").host for host in hosts]
    in_production = [read(**PRODUCTION, HOST=host, DEVELOPMENT_BEYOND_LOOPBACK="false").host for host in hosts]
    assert told == in_production == [host.strip("[]") for host in hosts]


def test_loopback_has_many_names() -> None:
    hosts = ["127.0.0.1", "127.0.0.2", "localhost", "LOCALHOST", "::1", "[::1]"]

    assert [read(HOST=host).host for host in hosts] == [host.strip("[]") for host in hosts]


def test_production_refuses_the_sandbox_unless_told_otherwise() -> None:
    urls = [
        "https://api-m.sandbox.paypal.com",
        "https://API.Sandbox.PayPal.com/",
        "https://sandbox.paypal.com:443",
        "https://api.sandbox.paypal.com.",
    ]
    sentence = r"PAYPAL_BASE_URL: this is PayPal's sandbox, .*PAYPAL_SANDBOX_IN_PROD"

    assert [url for url in urls if not re.match(sentence, fault(**PRODUCTION, PAYPAL_BASE_URL=url))] == []
    told = {**PRODUCTION, "PAYPAL_SANDBOX_IN_PRODUCTION": "true"}
    assert [read(**told, PAYPAL_BASE_URL=url).paypal_url for url in urls] == urls


def test_production_refuses_test_mode() -> None:
    assert read(TEST_MODE="true").test_mode
    assert fault(**PRODUCTION, TEST_MODE="true").startswith("TEST_MODE: ")


def test_only_development_without_paypal_plays_paypal() -> None:
    paypal = {"PAYPAL_CLIENT_ID": "a", "PAYPAL_CLIENT_SECRET": "b", "PAYPAL_WEBHOOK_ID": "c"}
    others = [{"PAYPAL_STAND_IN": "false"}, paypal, PRODUCTION, {**PRODUCTION, "PAYPAL_STAND_IN": "true"}]

    assert read().stands_in_for_paypal
    assert [given for given in others if read(**given).stands_in_for_paypal] == []


def test_the_service_finds_itself_under_an_address_of_this_machine() -> None:
    hosts = {
        "127.0.0.1": "http://127.0.0.1:80",
        "LOCALHOST": "http://127.0.0.1:80",
        "0.0.0.0": "http://127.0.0.1:80",  # noqa: S104
        "::": "http://[::1]:80",
        "[::1]": "http://[::1]:80",
        "192.0.2.1": "http://192.0.2.1:80",
    }

    found = {host: read(HOST=host, PORT="80", DEVELOPMENT_BEYOND_LOOPBACK="true").own_url for host in hosts}

    assert found == hosts


def test_other_hosts_are_no_sandbox() -> None:
    urls = ["https://api-m.paypal.com", "https://sandbox.paypal.com.example.mx"]

    assert [read(**PRODUCTION, PAYPAL_BASE_URL=url).paypal_url for url in urls] == urls


def test_names_that_look_mistyped_are_reported_and_stop_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("SITE_NAME=A\nDATABSE_URL=x\nexport SITE_NAME=B\nOTHER_THING=1\n", "utf-8")

    for name in ("LIMT_LOGIN", "Mail_Form", "LOGNAME", "HOSTNAME", "SHELL"):
        monkeypatch.setenv(name, "x")

    settings = read()

    assert settings.site_name == "B"
    assert mistyped_settings() == [
        "SITE_NAME appears more than once in .env: the last value counts.",
        "DATABSE_URL is not a setting. Did you mean DATABASE_URL?",
        "LIMT_LOGIN is not a setting. Did you mean LIMIT_LOGIN?",
        "MAIL_FORM is not a setting. Did you mean MAIL_FROM?",
    ]


def test_names_of_an_env_file_do_not_matter_in_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_bytes(b"DATABSE_URL=x\n\xff")
    monkeypatch.setenv("ENVIRONMENT", "production")

    read(**PRODUCTION)

    assert mistyped_settings() == []


def test_production_starts_with_what_it_needs() -> None:
    settings = read(**PRODUCTION)

    assert not settings.development
    assert missing_for_production(settings) == []
    assert not settings.origins.allows("http://localhost:5173")


def test_production_takes_the_origins_of_apps_that_bring_their_own_pages() -> None:
    origins = [
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
    ]

    assert [read(**PRODUCTION, ALLOWED_ORIGINS=origin).allowed_origins for origin in origins] == [
        (origin,) for origin in origins
    ]


def test_production_takes_no_page_over_plain_http() -> None:
    origins = ["http://localhost.example.mx", "http://127.0.0.1.example.mx", "http://192.168.1.5"]

    faults = [fault(**PRODUCTION, ALLOWED_ORIGINS=origin) for origin in origins]

    assert faults == ["ALLOWED_ORIGINS: production needs https, except for loopback"] * len(origins)


def test_a_slash_at_the_end_of_an_origin_is_named_as_the_fault() -> None:
    with pytest.raises(InvalidSettingsError, match=r"^ALLOWED_ORIGINS: .*final slash$"):
        read(ALLOWED_ORIGINS="https://app.example.mx/")


def test_development_can_be_asked_what_production_would_miss() -> None:
    missing = missing_for_production(read(SMTP_URL=PRODUCTION["SMTP_URL"]))

    assert missing == [
        "SECRET_KEY (at least 32 bytes)",
        "NAMING_KEY (at least 32 bytes)",
        "MAIL_FROM",
        "SITE_URL (https)",
    ]


def test_lists_are_split_at_commas_and_surrounding_spaces_do_not_matter() -> None:
    settings = read(
        SECRET_KEY=" a key ",
        SECRET_KEYS_ALSO_ACCEPTED=" the first key, the second key ,",
        ALLOWED_ORIGINS="https://App.example.mx , http://localhost:5173",
        ALLOWED_HOSTS="api.example.mx,,10.0.0.1",
    )

    assert settings.secret_key == SecretStr("a key")
    accepted = [key.get_secret_value() for key in settings.secret_keys_also_accepted]
    assert accepted == ["the first key", "the second key"]
    assert settings.allowed_origins == ("https://app.example.mx", "http://localhost:5173")
    assert settings.origins.allows("https://app.example.mx")
    assert settings.allowed_hosts == ("api.example.mx", "10.0.0.1")


def test_empty_variables_count_as_unset() -> None:
    assert read(**{name.upper(): "" for name in Settings.model_fields}) == Settings(_env_file=None)


def test_a_hash_in_a_key_is_part_of_it() -> None:
    assert read(SECRET_KEY="a#b").secret_key == SecretStr("a#b")


def test_no_secret_is_in_a_repr() -> None:
    settings = read(
        SECRET_KEY=f"{_SECRET}-1",
        SECRET_KEYS_ALSO_ACCEPTED=f"{_SECRET}-2,{_SECRET}-3",
        NAMING_KEY=f"{_SECRET}-4",
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


def test_the_log_names_the_databases_host_without_a_password(tmp_path: Path) -> None:
    urls = ["postgres://ana:hunter2@db.example.mx/accounts", "postgres://db.example.mx:6432/accounts", "sqlite://a.db"]

    assert [read(DATABASE_URL=url).database_host for url in urls] == [
        "db.example.mx:5432",
        "db.example.mx:6432",
        "a.db",
    ]
    assert read(DATA_DIR=str(tmp_path)).database_host == str(tmp_path / "accounts.sqlite3")


def test_the_database_is_in_the_data_directory_whatever_its_name(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a b", "ñandú", "a%20b", "a:b", "a?b", "a#b")]

    databases = [read(DATA_DIR=str(folder)).database for folder in folders]

    files = [database["connections"]["default"]["credentials"]["file_path"] for database in databases]
    assert files == [str(folder / "accounts.sqlite3") for folder in folders]


def test_a_redis_url_that_is_accepted_can_be_composed() -> None:
    urls = ["redis://127.0.0.1:6379", "redis://127.0.0.1:6379/3", "rediss://:word@10.0.0.1:6380/0"]

    storages = [limit_storage(read(REDIS_URL=url))[0] for url in urls]

    assert [type(storage) for storage in storages] == [RedisStorage] * len(urls)


def test_an_env_file_is_read_in_development_and_yields_to_the_environment(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SITE_NAME=Facturas Ñandú\nPORT=9000\n", "utf-8")

    settings = read(PORT="9001")

    assert (settings.site_name, settings.port) == ("Facturas Ñandú", 9001)


def test_an_env_file_is_not_read_in_production(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SITE_NAME=Facturas\nCONCEAL_ACCOUNTS=true\n", "utf-8")

    settings = read(**PRODUCTION)

    assert (settings.site_name, settings.conceal_accounts) == ("Timbrado", False)


def test_the_key_of_development_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    settings = read(DATA_DIR=str(tmp_path))

    first, second = make_keys(settings), make_keys(settings)

    assert first.signing("captcha") == second.signing("captcha")
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert len((tmp_path / "secret.key").read_bytes()) >= 32


def test_serve_stops_with_one_sentence_on_stderr(tmp_path: Path) -> None:
    stopped = run_command(
        "serve", DATA_DIR=str(tmp_path / "data"), PORT="0", DATABASE_URL=f"mysql://ana:{_SECRET}@127.0.0.1/x"
    )

    assert stopped.returncode == 2
    assert stopped.stdout == ""
    assert len(stopped.stderr.splitlines()) == 1
    assert stopped.stderr.startswith("Invalid settings: DATABASE_URL: ")
    assert _SECRET not in stopped.stderr
    assert not (tmp_path / "data").exists()


def test_a_command_before_the_first_serve_explains_its_failure_without_a_traceback(tmp_path: Path) -> None:
    stopped = run_here(tmp_path, "captcha-answer", "not-an-id", DATA_DIR=str(tmp_path / "data"))

    assert stopped.returncode == 1
    assert len(stopped.stderr.splitlines()) == 1


def test_a_pool_is_not_smaller_than_its_minimum() -> None:
    with pytest.raises(InvalidSettingsError, match="DATABASE_POOL_MINIMUM is greater than DATABASE_POOL_MAXIMUM"):
        read(DATABASE_POOL_MINIMUM="11")


def test_settings_say_how_postgresql_is_used() -> None:
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


def test_production_reads_no_env_file_however_its_name_is_written(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SITE_NAME=Elsewhere")
    others = {name: value for name, value in PRODUCTION.items() if name != "ENVIRONMENT"}
    names = ("ENVIRONMENT", "environment", "Environment")

    assert [read(**others, **{name: "production"}).site_name for name in names] == ["Timbrado"] * 3


_PAYPAL = {"PAYPAL_CLIENT_ID": "id", "PAYPAL_CLIENT_SECRET": _SECRET, "PAYPAL_WEBHOOK_ID": "hook"}
_BANK = {
    "BANK_DEPOSIT_CLABE": "032180000118359719",
    "BANK_DEPOSIT_BANK": "Banco",
    "BANK_DEPOSIT_BENEFICIARY": "Timbrado",
}


_CAPTCHAS = {"CAPTCHA_PROVIDER": "turnstile", "CAPTCHA_SITE_KEY": "0x4AAA", "CAPTCHA_SECRET": _SECRET}


def test_a_payment_method_and_a_captcha_provider_are_set_completely_or_not_at_all() -> None:
    for group in (_PAYPAL, _BANK, _CAPTCHAS):
        for missing in group:
            sentence = fault(**{name: value for name, value in group.items() if name != missing})

            assert f"{missing} must be set too" in sentence
            assert _SECRET not in sentence
        assert read(**group)


def test_a_clabe_that_does_not_check_is_refused() -> None:
    clabes = ["002010077777777772", "0020100777", "x"]

    faults = [fault(**{**_BANK, "BANK_DEPOSIT_CLABE": clabe}) for clabe in clabes]

    assert [text for text in faults if "BANK_DEPOSIT_CLABE: must be a CLABE of 18 digits" not in text] == []


def test_a_wrong_file_of_plans_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plans.toml").write_text("iva = 1")

    with pytest.raises(InvalidSettingsError, match="PLANS_FILE: iva: "):
        read(PLANS_FILE=str(tmp_path / "plans.toml"))


def test_paypal_is_the_sandbox_except_in_production() -> None:
    assert read().paypal_url == "https://api-m.sandbox.paypal.com"
    assert read(**PRODUCTION).paypal_url == "https://api-m.paypal.com"
    assert read(**PRODUCTION, PAYPAL_BASE_URL="https://paypal.example.mx").paypal_url == "https://paypal.example.mx"


def test_production_speaks_to_paypal_over_https_only() -> None:
    with pytest.raises(
        InvalidSettingsError, match="PAYPAL_RETURN_URL: production needs https; PAYPAL_BASE_URL: production"
    ):
        read(**PRODUCTION, PAYPAL_BASE_URL="http://paypal.example.mx", PAYPAL_RETURN_URL="http://app.example.mx")


def test_a_captcha_provider_has_its_own_verification_url() -> None:
    urls = {}
    for name in ("turnstile", "hcaptcha", "recaptcha"):
        site = read(**{**_CAPTCHAS, "CAPTCHA_PROVIDER": name}).captcha_site
        assert site
        urls[name] = site.url
    other = read(**_CAPTCHAS, CAPTCHA_VERIFICATION_URL="https://www.recaptcha.net/recaptcha/api/siteverify")

    assert urls == {
        "turnstile": "https://challenges.cloudflare.com/turnstile/v0/siteverify",
        "hcaptcha": "https://api.hcaptcha.com/siteverify",
        "recaptcha": "https://www.google.com/recaptcha/api/siteverify",
    }
    assert other.captcha_site
    assert other.captcha_site.url == "https://www.recaptcha.net/recaptcha/api/siteverify"
    assert read().captcha_site is None


def test_a_captcha_providers_tokens_count_for_our_hosts_in_production() -> None:
    origins = {"ALLOWED_ORIGINS": "https://cuentas.example.mx:8443,capacitor://localhost"}
    sites = [
        read(**_CAPTCHAS).captcha_site,
        read(**_CAPTCHAS, **PRODUCTION, **origins).captcha_site,
        read(**_CAPTCHAS, **PRODUCTION, CAPTCHA_HOSTNAMES="www.Example.mx").captcha_site,
    ]

    assert [site and set(site.hostnames) for site in sites] == [
        set(),
        {"app.example.mx", "cuentas.example.mx", "localhost"},
        {"www.example.mx"},
    ]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"CAPTCHA_PROVIDER": "geetest"}, "CAPTCHA_PROVIDER: must be 'turnstile', 'hcaptcha' or 'recaptcha'"),
        ({"CAPTCHA_SITE_KEY": "two words"}, "CAPTCHA_SITE_KEY: must have 1 to 200 printable ASCII characters"),
        ({"CAPTCHA_VERIFICATION_URL": "nowhere"}, "CAPTCHA_VERIFICATION_URL: must be one URL"),
        ({"CAPTCHA_HOSTNAMES": "https://app.example.mx"}, "CAPTCHA_HOSTNAMES: must be hosts such as"),
        ({"CAPTCHA_ACTION": "two words"}, "CAPTCHA_ACTION: must have 1 to 100 letters, digits"),
        ({"CAPTCHA_ACTION": "a", "CAPTCHA_PROVIDER": "hcaptcha"}, "CAPTCHA_ACTION: hcaptcha reports no action"),
        ({"CAPTCHA_PROOF_OF_WORK": "-1"}, "CAPTCHA_PROOF_OF_WORK: must be at least 0"),
        ({"CAPTCHA_PROOF_OF_WORK": "1000001"}, "CAPTCHA_PROOF_OF_WORK: must be at most 1000000"),
        (
            {**PRODUCTION, "CAPTCHA_VERIFICATION_URL": "http://captchas.example.mx"},
            "CAPTCHA_VERIFICATION_URL: production needs https",
        ),
    ],
)
def test_a_wrong_setting_of_captchas_stops_the_start(wrong: dict[str, str], sentence: str) -> None:
    told = fault(**{**_CAPTCHAS, **wrong})

    assert sentence in told
    assert _SECRET not in told


def test_only_development_has_a_default_bank_account() -> None:
    assert read().bank_account
    assert read(**PRODUCTION).bank_account is None
    assert read(**PRODUCTION, **_BANK).bank_account


def test_an_env_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    for encoding in ("utf-16", "latin-1"):
        (tmp_path / ".env").write_text("SITE_NAME=Facturación\n", encoding)

        assert fault() == ".env cannot be read: it is not UTF-8"


def test_options_in_the_databases_url_are_refused() -> None:
    options = ["sslmode=require", "connect_timeout=5", "max_size=5"]
    url, sentence = (
        "postgres://ana:word@127.0.0.1/accounts",
        r"DATABASE_URL: must not have options \(\w+\): use DATABASE_TLS for",
    )

    assert [query for query in options if not re.match(sentence, fault(DATABASE_URL=f"{url}?{query}"))] == []


def test_a_url_is_checked_to_its_end() -> None:
    urls = [
        "https://app.example.mx, https://b.mx",
        "https://app.example.mx:port",
        "https://app.example.mx:99999999",
        "https://ap p",
        "https://-",
        'https://x" onclick=x',
        "app.example.mx",
    ]

    assert [url for url in urls if not fault(RECOVER_URL=url).startswith("RECOVER_URL: must be one URL")] == []


def test_a_url_may_have_a_port_and_a_path() -> None:
    urls = ["https://app.example.mx/entrar?a=1#b", "http://[::1]:5173", "HTTPS://App.example.mx"]

    assert [read(RECOVER_URL=url).recover_url for url in urls] == urls


def test_a_blank_value_is_refused() -> None:
    names = ["BANK_DEPOSIT_BANK", "BANK_DEPOSIT_BENEFICIARY", "SITE_NAME"]

    assert [name for name in names if not fault(**{**_BANK, name: " "}).startswith(f"{name}: ")] == []
