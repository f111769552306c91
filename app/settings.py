"""Reads the settings from the environment, once at start. Nothing else in the project reads the environment."""

import enum
import os
import ssl
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from app.database import Postgresql, Tls, sqlite_configuration, tortoise_configuration
from app.origins import Origins, is_loopback, own_origin
from app.secret_files import SUFFIX, SecretFiles, UnreadableSecret, secret_names
from app.setting_checks import EXAMPLE_CLABE, PRODUCTION_NEEDS, doubts, faults, sentence
from app.setting_text import MultiLine, check_text
from app.setting_types import (
    PAYPAL_LIVE,
    AccessTokenKeys,
    Address,
    AndroidApps,
    AppleApps,
    Audiences,
    BindHost,
    Clabe,
    CodeUrl,
    DatabaseUrl,
    EventLoop,
    HeaderNames,
    Hosts,
    Issuer,
    Key,
    LimitNotation,
    Manifests,
    Networks,
    OneKey,
    OptionalAddress,
    OptionalUrl,
    OriginList,
    PasskeyDomain,
    PasskeyOrigins,
    PayPalUrl,
    PlansFile,
    RedisUrl,
    Secrets,
    SiteName,
    SmtpUrl,
    ThresholdNotation,
    Url,
    is_url,
)
from services.accounts.password_policy import MIN_POLICY_LENGTH
from services.accounts.privacy_notice import PrivacyNotice
from services.captcha.proof_of_work import MAX_WORK
from services.captcha.provider import VERIFICATION_URLS, ProviderName, Site
from services.factors.relying_party import RelyingParty
from services.payments.bank.account import BankAccount
from services.webhooks.addresses import LOOPBACK, AddressPolicy

_PAYPAL_SANDBOX = "https://api-m.sandbox.paypal.com"
_PATTERNS = {
    "log_level": "must be DEBUG, INFO, WARNING or ERROR",
    "redis_key_prefix": "must have 1 to 64 letters, digits, _ or -",
    "captcha_site_key": "must have 1 to 200 printable ASCII characters without spaces",
    "captcha_action": "must have 1 to 100 letters, digits, /, _ or -",
    "privacy_notice_version": "must have 1 to 40 printable ASCII characters without spaces",
    "paypal_client_id": "must have 1 to 200 printable ASCII characters without spaces",
    "paypal_webhook_id": "must have 1 to 100 letters and digits",
    "database_application_name": "must have 1 to 63 printable ASCII characters",
}
_OTLP = "http/protobuf"  # the protocol of traces
_DRAIN_SECONDS = 8.0  # docs/decisions/0039-health-and-draining.md says why


class Environment(enum.Enum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class InvalidSettingsError(Exception):
    """The service cannot start. `sentences` has one for each invalid setting, for the operator."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = sentences


class Settings(BaseSettings):
    """The settings. `data_dir` is the variable DATA_DIR, and so on; docs/settings.md explains each."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        env_file_encoding="utf-8",
    )

    environment: Environment = Environment.DEVELOPMENT
    host: BindHost = "127.0.0.1"
    development_beyond_loopback: bool = False
    port: int = Field(8000, ge=0, le=65535)
    workers: int = Field(1, ge=1, le=256)
    event_loop: EventLoop = "auto"
    keep_alive_seconds: int = Field(75, ge=1, le=3600)
    metrics_host: BindHost = "127.0.0.1"
    metrics_port: int | None = Field(None, ge=0, le=65535)
    tracing: bool = False
    drain_seconds: float | None = Field(None, ge=0, le=600)
    log_level: str = Field("INFO", pattern="^(?i:DEBUG|INFO|WARNING|ERROR)$")
    secret_key: OneKey = None
    secret_keys_also_accepted: Secrets = ()
    naming_key: Key = None
    data_dir: Path = Path("data")
    redis_url: RedisUrl = None
    redis_key_prefix: str = Field("timbrado-accounts", pattern="^[A-Za-z0-9_-]{1,64}$")
    database_url: DatabaseUrl = None
    database_wait_seconds: float = Field(30, ge=0, le=3600)
    database_pool_minimum: int = Field(1, ge=0, le=1000)
    database_pool_maximum: int = Field(10, ge=1, le=1000)
    database_statement_seconds: float = Field(5, ge=0.1, le=60)
    database_tls: Tls = Tls.PREFER
    database_application_name: str = Field("timbrado-accounts", pattern="^[ -~]{1,63}$")
    smtp_url: SmtpUrl = None
    worker_in_serve: bool = True
    mail_senders: int = Field(2, ge=1, le=100)
    mail_from: Address = "cuentas@example.com"
    site_name: SiteName = Field("Timbrado", min_length=1, max_length=60)
    site_url: Url = "http://localhost:5173"
    confirm_url: CodeUrl = None
    confirm_email_url: CodeUrl = None
    revert_email_url: CodeUrl = None
    export_url: CodeUrl = None
    recover_url: OptionalUrl = None
    support_email: OptionalAddress = None
    privacy_notice_version: str | None = Field(None, pattern="^[!-~]{1,40}$")
    privacy_notice_url: OptionalUrl = None
    allowed_origins: OriginList = ()
    allowed_request_headers: HeaderNames = ()
    allowed_hosts: Hosts = ()
    trusted_documents: Manifests = ()
    trusted_documents_only: bool = False
    trusted_proxies: int = Field(0, ge=0, le=10)
    conceal_accounts: bool = False
    second_factor_required: bool = False
    session_idle_days: int = Field(14, ge=1, le=365)
    session_days: int = Field(30, ge=1, le=365)
    passkey_rp_id: PasskeyDomain = None
    passkey_origins: PasskeyOrigins = ()
    passkey_android_apps: AndroidApps = ()
    passkey_apple_apps: AppleApps = ()
    password_minimum_length: int = Field(8, ge=MIN_POLICY_LENGTH, le=64)
    argon2_time_cost: int = Field(2, ge=1, le=20)
    argon2_memory_kib: int = Field(19_456, ge=64, le=4_194_304)
    argon2_parallelism: int = Field(1, ge=1, le=16)
    captcha_provider: ProviderName | None = None
    captcha_site_key: str | None = Field(None, pattern="^[!-~]{1,200}$")
    captcha_secret: SecretStr | None = None
    captcha_verification_url: OptionalUrl = None
    captcha_hostnames: Hosts = ()
    captcha_action: str | None = Field(None, pattern="^[A-Za-z0-9_/-]{1,100}$")
    captcha_proof_of_work: int = Field(5_000, ge=0, le=MAX_WORK)
    limit_create_account: LimitNotation = "100/hour"
    limit_create_account_captcha: ThresholdNotation = "10/hour"
    limit_resend: LimitNotation = "100/hour"
    limit_resend_captcha: ThresholdNotation = "10/hour"
    limit_confirm_account: LimitNotation = "300/hour"
    limit_login: LimitNotation = "300/hour"
    limit_login_captcha: ThresholdNotation = "20/15 minutes"
    limit_recover_password: LimitNotation = "30/hour"
    limit_download_export: LimitNotation = "30/hour"
    limit_create_captcha: LimitNotation = "120/10 minutes"
    limit_passkey_options: LimitNotation = "300/10 minutes"
    limit_paypal_webhook: LimitNotation = "60/hour"
    limit_create_account_email: LimitNotation = "12/day"
    limit_create_account_email_client: LimitNotation = "4/day"
    limit_login_failures: ThresholdNotation = "5/15 minutes"
    limit_recover_password_email: LimitNotation = "1/minute;3/day"
    limit_resend_email: LimitNotation = "1/minute;10/day"
    limit_mail_email: LimitNotation = "15/day"
    limit_current_password: LimitNotation = "5/15 minutes"
    limit_second_factor: LimitNotation = "10/hour"
    limit_change_email: LimitNotation = "5/day"
    limit_export_account: LimitNotation = "3/day"
    limit_access_token: LimitNotation = "120/5 minutes"
    limit_api_client: LimitNotation = "10000/minute"
    limit_payment: LimitNotation = "30/hour"
    limit_paypal_webhook_payment: LimitNotation = "10/hour"
    access_token_audiences: Audiences = ()
    access_token_issuer: Issuer = None
    access_token_keys: AccessTokenKeys = None
    plans_file: PlansFile = None
    paypal_client_id: str | None = Field(None, pattern="^[!-~]{1,200}$")
    paypal_client_secret: SecretStr | None = None
    paypal_webhook_id: str | None = Field(None, pattern="^[A-Za-z0-9]{1,100}$")
    paypal_base_url: PayPalUrl = None
    paypal_sandbox_in_production: bool = False
    paypal_return_url: OptionalUrl = None
    paypal_cancel_url: OptionalUrl = None
    bank_deposit_clabe: Clabe = None
    bank_deposit_bank: str | None = Field(None, min_length=1, max_length=100)
    bank_deposit_beneficiary: str | None = Field(None, min_length=1, max_length=100)
    bank_deposit_days: int = Field(5, ge=1, le=60)
    audit_days: int = Field(365, ge=1, le=3650)
    audit_attempt_days: int = Field(30, ge=1, le=3650)
    account_deletion_days: int = Field(7, ge=1, le=30)
    event_days: int = Field(30, ge=7, le=3650)
    webhook_allowed_networks: Networks = ()
    operator_email: OptionalAddress = None
    web_app_dir: Path = Path("examples/web/dist")
    paypal_stand_in: bool = True
    test_mode: bool = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        variables: dict[str, str | None] = {}
        for source in (dotenv_settings, env_settings):
            if isinstance(source, EnvSettingsSource):
                variables |= {name.lower(): value for name, value in source.env_vars.items()}
        return init_settings, SecretFiles(settings_cls, variables), env_settings, dotenv_settings

    @field_validator("*", mode="before")
    @classmethod
    def _check_text(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, UnreadableSecret):
            raise ValueError(value.sentence)
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(text, str) and text and info.field_name:
            metadata = cls.model_fields[info.field_name].metadata
            check_text(text, separator="," if NoDecode in metadata else "\n" if MultiLine in metadata else None)
        return value

    @property
    def development(self) -> bool:
        return self.environment is Environment.DEVELOPMENT

    @property
    def has_paypal(self) -> bool:
        return bool(self.paypal_client_id and self.paypal_client_secret and self.paypal_webhook_id)

    @property
    def stands_in_for_paypal(self) -> bool:
        """Whether the service plays PayPal for itself: in development only, if PayPal is not set up."""
        return self.development and self.paypal_stand_in and not self.has_paypal

    @property
    def drains_for(self) -> float:
        """The seconds of DRAIN_SECONDS."""
        default = 0.0 if self.development else _DRAIN_SECONDS
        return default if self.drain_seconds is None else self.drain_seconds

    @property
    def own_url(self) -> str:
        """Where the service reaches itself on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}.get(self.host.lower(), self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def browsers_url(self) -> str:
        """Where browsers reach the service in development, a phone's among them."""
        return f"http://{self.allowed_hosts[0]}:{self.port}" if self.allowed_hosts else self.own_url

    @property
    def origins(self) -> Origins:
        """The origins that may use the service; in development also those of this machine."""
        return Origins(frozenset(self.allowed_origins), loopback=self.development)

    @property
    def paypal_url(self) -> str:
        """PAYPAL_BASE_URL, or else PayPal's live API in production and its sandbox in development."""
        return self.paypal_base_url or (_PAYPAL_SANDBOX if self.development else PAYPAL_LIVE)

    @property
    def captcha_site(self) -> Site | None:
        """How the captcha provider knows us, if there is one; in production, its tokens count only for our hosts."""
        if not (self.captcha_provider and self.captcha_site_key and self.captcha_secret):
            return None
        hostnames = {host.lower() for host in self.captcha_hostnames}
        if not hostnames and not self.development:
            hostnames = {host for url in (self.site_url, *self.allowed_origins) if (host := urlsplit(url).hostname)}
        return Site(
            name=self.captcha_provider,
            site_key=self.captcha_site_key,
            secret=self.captcha_secret.get_secret_value(),
            url=self.captcha_verification_url or VERIFICATION_URLS[self.captcha_provider],
            hostnames=frozenset(hostnames),
            action=self.captcha_action,
        )

    @property
    def site_origin(self) -> str:
        """The origin of SITE_URL, as browsers send it."""
        parts = urlsplit(self.site_url)
        return own_origin(parts.scheme, parts.netloc)

    @property
    def relying_party(self) -> RelyingParty:
        """For whom passkeys are made: by default the host of SITE_URL, or localhost if that is this machine."""
        host = "localhost" if is_loopback(self.site_origin) else urlsplit(self.site_origin).hostname or ""
        return RelyingParty(self.passkey_rp_id or host, self.site_name, self._allows_passkeys_of)

    def _allows_passkeys_of(self, origin: str) -> bool:
        """Of pages and apps. Apps of Apple give the domain as their origin."""
        pages = self.passkey_origins or (self.site_origin, *self.allowed_origins)
        of_apple = (f"https://{self.relying_party.id}",) if self.passkey_apple_apps else ()
        if Origins(frozenset((*pages, *of_apple)), loopback=self.development).allows(origin):
            return True
        return origin in {app.origin for app in self.passkey_android_apps}

    @property
    def privacy_notice(self) -> PrivacyNotice | None:
        if not (self.privacy_notice_version and self.privacy_notice_url):
            return None
        return PrivacyNotice(self.privacy_notice_version, self.privacy_notice_url)

    @property
    def webhook_policy(self) -> AddressPolicy:
        """Where deliveries may go besides public addresses; in development, also to this machine."""
        return AddressPolicy((*self.webhook_allowed_networks, *(LOOPBACK if self.development else ())))

    @property
    def download_url(self) -> str | None:
        """EXPORT_URL, or else the service's own page in development."""
        return self.export_url or (f"{self.browsers_url}/exports#{{code}}" if self.development else None)

    @property
    def token_issuer(self) -> str:
        """ACCESS_TOKEN_ISSUER, or else the address of the service in development."""
        return self.access_token_issuer or self.own_url

    @property
    def bank_account(self) -> BankAccount | None:
        """The bank account for deposits, if it is set; in development, an example by default."""
        if self.bank_deposit_clabe and self.bank_deposit_bank and self.bank_deposit_beneficiary:
            return BankAccount(self.bank_deposit_clabe, self.bank_deposit_bank, self.bank_deposit_beneficiary)
        return BankAccount(EXAMPLE_CLABE, "Banco de ejemplo", self.site_name) if self.development else None

    @property
    def database_host(self) -> str:
        """Where the database is, for the log: a host with its port, or a file."""
        credentials = self.database["connections"]["default"]["credentials"]
        return str(credentials.get("file_path") or f"{credentials['host']}:{credentials['port']}")

    @property
    def _postgresql(self) -> Postgresql:
        return Postgresql(
            pool_minimum=self.database_pool_minimum,
            pool_maximum=self.database_pool_maximum,
            statement_seconds=self.database_statement_seconds,
            tls=self.database_tls,
            application_name=self.database_application_name,
        )

    @property
    def database(self) -> dict[str, Any]:
        """Tortoise's configuration."""
        if self.database_url:
            url = self.database_url.get_secret_value()
            return tortoise_configuration(url, self._postgresql, traced=self.tracing)
        return sqlite_configuration(self.data_dir / "accounts.sqlite3", traced=self.tracing)


def read_settings(needs: Collection[str] = PRODUCTION_NEEDS, **given: Any) -> Settings:
    """Reads the settings from the environment; `given` values take precedence, and are validated in the same way.

    `needs` names the settings that production must be given for what is about to run. Raises InvalidSettingsError,
    which names every invalid setting and repeats no value.
    """
    settings = parse_settings(**given)
    if found := faults(settings, needs):
        raise InvalidSettingsError(*found)
    return settings


def parse_settings(**given: Any) -> Settings:
    """Reads the settings, but checks each one only by itself, for those who report what else is wrong."""
    file = _env_file()
    try:
        settings = Settings(_env_file=file, **given)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidSettingsError(f".env cannot be read: {reason}") from None
    except ValidationError as error:
        raise InvalidSettingsError(*(sentence(each, _PATTERNS) for each in error.errors())) from None
    _check_authorities(os.environ.get("SSL_CERT_FILE"))
    if settings.tracing:
        _check_collector()
    if file and not settings.development:
        raise InvalidSettingsError("ENVIRONMENT: .env is for development; give production real variables")
    return settings


def _check_authorities(file: str | None) -> None:
    """Checks OpenSSL's own variable, which every client of TLS would otherwise fail on without naming it."""
    if not file:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except ssl.SSLError:
        raise InvalidSettingsError("SSL_CERT_FILE: must be a file of certificates in PEM") from None
    except OSError as error:
        raise InvalidSettingsError(f"SSL_CERT_FILE: cannot be read: {error.strerror}") from None


def collector_url() -> str:
    """Returns where traces go. OpenTelemetry's SDK reads its variables itself, in this order."""
    names = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    return next(filter(None, map(os.environ.get, names)), "http://localhost:4318")


def collector_host() -> str:
    """Returns the host and port of the collector, for the log, without a password."""
    return urlsplit(collector_url()).netloc.rpartition("@")[2]


def _check_collector() -> None:
    """Checks OpenTelemetry's variables of which a wrong value would silently lose the traces."""
    if not is_url(collector_url()):
        raise InvalidSettingsError("OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL such as http://collector:4318")
    names = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
    if next(filter(None, map(os.environ.get, names)), _OTLP) != _OTLP:
        raise InvalidSettingsError(f"OTEL_EXPORTER_OTLP_PROTOCOL: must be {_OTLP}, usually at port 4318")


def mistyped_settings() -> list[str]:
    """Returns a sentence for each name that looks like a mistyped setting or appears in .env more than once."""
    names = [*Settings.model_fields, *(f"{name}{SUFFIX}" for name in secret_names(Settings))]
    return doubts(names, os.environ, _env_file())


def _env_file() -> Path | None:
    """Returns None in production."""
    environments = (value.strip() for name, value in os.environ.items() if name.upper() == "ENVIRONMENT")
    return None if Environment.PRODUCTION.value in environments else Path(".env")
