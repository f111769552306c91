"""Builds the services from the settings. No other module chooses the implementations of their ports."""

import asyncio
import contextlib
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from limits.aio.storage import Storage
from pydantic import SecretStr

from app.database import connected
from app.development.paypal.merchant import Merchant
from app.health import Health
from app.observation import note_api_client, note_principal
from app.settings import InvalidSettingsError, Settings, collector_host
from models.sql import fetch
from schema.services import Services
from services.access.client_registry import ClientRegistry
from services.access.clients import ApiClients
from services.access.events import EventFeed
from services.access.records import AccountRecords
from services.access.tokens import AccessTokenService, Handover
from services.access.verification import SessionVerification
from services.accounts.credentials import StandIns
from services.accounts.email_change import EmailChangeService
from services.accounts.hashing import Hasher
from services.accounts.lockout import LoginLockout
from services.accounts.login import LoginService
from services.accounts.onboarding import PaymentMethod
from services.accounts.passkey_login import PasskeyLoginService
from services.accounts.passkey_proofs import PasskeyProofs
from services.accounts.passkeys import PasskeyService
from services.accounts.password_policy import PasswordPolicy
from services.accounts.passwords import PasswordService
from services.accounts.preferences import PreferenceService
from services.accounts.privacy import PrivacyService
from services.accounts.reauthentication import ReauthenticationService
from services.accounts.registration import RegistrationService
from services.accounts.registration_ids import RegistrationIds
from services.accounts.remembered_devices import RememberedDevices
from services.accounts.rfc_change import RfcChangeService
from services.accounts.second_factor import SecondFactorService
from services.accounts.second_factor_demand import SecondFactorDemand
from services.accounts.second_step import SecondStepService
from services.accounts.security_events import SecurityEvents
from services.accounts.sessions import SessionLife, SessionService
from services.accounts.sign_ins import SignIns
from services.audit.actors import Actors
from services.captcha.provider import CaptchaProvider
from services.captcha.service import CaptchaService
from services.cleanup import Cleanup, Retention
from services.common.cpus import usable_cpus
from services.common.heartbeat import Heartbeat
from services.common.limit_storage import DatabaseStorage
from services.common.limits import Limit, Limiter, Limits
from services.common.measures import IGNORED, Measures
from services.common.outages import Outages, Part
from services.common.pseudonyms import Pseudonyms
from services.common.secrets import Keys
from services.common.tracing import UNTRACED, Tracer
from services.common.translations import Translations
from services.company.company import CompanyService
from services.company.series import SeriesService
from services.events.worker import EventWorker
from services.factors.passkeys import Passkeys
from services.factors.second_factors import SecondFactors
from services.invoices.service import InvoiceService
from services.mail.files import FileTransport
from services.mail.mail_limit import MailLimit
from services.mail.rendering import MailRenderer
from services.mail.site import Site
from services.mail.smtp import SmtpServer, SmtpTransport
from services.mail.transport import Transport
from services.mail.worker import MailWorker
from services.payments.bank.deposits import DepositService
from services.payments.history import PaymentHistory
from services.payments.paypal.client import PayPalClient
from services.payments.paypal.orders import PayPalOrders, PayPalPage
from services.payments.paypal.reconciliation import Reconciler
from services.payments.paypal.service import PayPalService
from services.payments.paypal.webhooks import PayPalWebhooks
from services.payments.plans import BUNDLED as BUNDLED_PLANS
from services.payments.plans import Plans
from services.payments.stamps import StampService
from services.payments.worker import PaymentWorker
from services.support.account_deletion import AccountDeletion
from services.support.account_import import AccountImport
from services.support.changes import AccountSupport
from services.support.data_export import DataExport
from services.support.deletion import DeletionService
from services.support.personal_data import PersonalData
from services.webhooks.endpoints import WebhookEndpoints
from services.webhooks.sender import Connection
from services.webhooks.signing import Signer
from services.webhooks.worker import WebhookWorker

ROOT = Path(__file__).parent.parent
_NO_LIMIT = "1000000000/second"


@dataclass(frozen=True, slots=True)
class PayPal:
    """The PayPal services, if PayPal is configured."""

    orders: PayPalOrders
    events: PayPalWebhooks
    aclose: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Composition:
    """The parts of a process: the services behind the API, and the workers."""

    services: Services
    actors: Actors
    paypal: PayPal | None
    mail_worker: MailWorker
    cleanup: Cleanup
    payment_worker: PaymentWorker
    event_worker: EventWorker
    webhook_worker: WebhookWorker
    webhooks: WebhookEndpoints
    site: Site
    pseudonyms: Pseudonyms
    outages: Outages
    support: AccountSupport
    deletion: DeletionService
    personal_data: PersonalData
    account_import: AccountImport
    client_registry: ClientRegistry
    limiter: Limiter
    limits: Limits
    published_keys: Mapping[str, object]
    aclose: Callable[[], Awaitable[None]]

    async def work(self, stopped: asyncio.Event) -> None:
        """Sends mails, deletes expired rows and follows up on payments and events, until `stopped` is set."""
        heartbeat = Heartbeat()
        await asyncio.gather(
            self.mail_worker.run(stopped, heartbeat.turns["mail"]),
            self.cleanup.run(stopped, heartbeat.turns["cleanup"]),
            self.payment_worker.run(stopped, heartbeat.turns["payments"]),
            self.event_worker.run(stopped, heartbeat.turns["events"]),
            self.webhook_worker.run(stopped, heartbeat.turns["webhooks"]),
            heartbeat.run(stopped),
        )


def compose(settings: Settings, measures: Measures = IGNORED, tracer: Tracer = UNTRACED) -> Composition:
    keys = make_keys(settings)
    storage, close_storage = limit_storage(settings)
    limits = _limits(settings)
    limiter = Limiter(storage, keys, measures)
    translations = Translations(ROOT / "locales")
    provider = CaptchaProvider(settings.captcha_site, tracer=tracer) if settings.captcha_site else None
    pseudonyms = Pseudonyms(keys)
    actors = Actors(pseudonyms)
    captchas = CaptchaService(
        keys,
        limiter,
        limits.create_captcha,
        actors,
        proof_of_work=settings.captcha_proof_of_work,
        provider=provider,
        measures=measures,
    )

    hasher = _hasher(settings, measures, tracer)
    lockout = LoginLockout(keys)
    factors = SecondFactors(keys)
    passkeys = Passkeys(settings.relying_party)
    passkey_proofs = PasskeyProofs(passkeys=passkeys, actors=actors)
    policy = PasswordPolicy(settings.password_minimum_length, site_words=_site_words(settings))
    registration_ids = RegistrationIds(keys)
    demand = SecondFactorDemand(settings.second_factor_required)
    sessions = SessionService(
        SessionLife(timedelta(days=settings.session_idle_days), timedelta(days=settings.session_days)),
        actors,
        notice=note_principal,
        demand=demand,
    )
    registration = RegistrationService(
        hasher=hasher,
        limiter=limiter,
        limits=limits,
        captchas=captchas,
        lockout=lockout,
        policy=policy,
        ids=registration_ids,
        actors=actors,
        conceal_accounts=settings.conceal_accounts,
        notice=settings.privacy_notice,
    )
    sign_ins = SignIns(sessions, lockout, actors)
    login = LoginService(
        hasher=hasher,
        limiter=limiter,
        limits=limits,
        captchas=captchas,
        lockout=lockout,
        sessions=sessions,
        sign_ins=sign_ins,
        ids=registration_ids,
        stand_ins=StandIns(keys),
        factors=factors,
        passkeys=passkeys,
        actors=actors,
        conceal_accounts=settings.conceal_accounts,
    )
    passwords = PasswordService(
        hasher=hasher,
        limiter=limiter,
        limits=limits,
        captchas=captchas,
        lockout=lockout,
        sessions=sessions,
        policy=policy,
        actors=actors,
    )

    plans = Plans.read(settings.plans_file or BUNDLED_PLANS)
    paypal = _paypal(settings, keys, limiter, limits, tracer)
    orders = paypal.orders if paypal else None
    deposits = DepositService(
        account=settings.bank_account,
        plans=plans,
        sessions=sessions,
        limiter=limiter,
        limits=limits,
        life=timedelta(days=settings.bank_deposit_days),
        actors=actors,
    )
    methods = {PaymentMethod.PAYPAL: paypal, PaymentMethod.BANK_DEPOSIT: settings.bank_account}

    deletion = DeletionService(limiter=limiter, limits=limits, lockout=lockout, actors=actors)
    account_deletion = AccountDeletion(
        delay=timedelta(days=settings.account_deletion_days), deletion=deletion, sessions=sessions, actors=actors
    )
    personal_data = PersonalData(limiter, limits, lockout, actors, translations)
    signer, connect = Signer(keys), partial(Connection, policy=settings.webhook_policy)
    handover, published_keys = _handover(settings)
    api_clients = ApiClients(limiter=limiter, limits=limits, notice=note_api_client)
    outages = _outages(settings, storage, measures)
    site = _site(settings)
    mails, clean_up_mails = _mails(settings, site, translations, limiter, limits, outages, measures, tracer)

    async def aclose() -> None:
        await outages.aclose()
        await close_storage()
        if paypal:
            await paypal.aclose()
        if provider:
            await provider.aclose()

    return Composition(
        services=Services(
            translations=translations,
            password_policy=policy,
            captchas=captchas,
            registration=registration,
            sessions=sessions,
            login=login,
            passwords=passwords,
            reauthentication=ReauthenticationService(
                hasher=hasher,
                factors=factors,
                passkeys=passkey_proofs,
                limiter=limiter,
                limits=limits,
                sessions=sessions,
                actors=actors,
            ),
            second_step=SecondStepService(
                limiter=limiter,
                limits=limits,
                lockout=lockout,
                sessions=sessions,
                sign_ins=sign_ins,
                factors=factors,
                proofs=passkey_proofs,
                actors=actors,
            ),
            passkeys=PasskeyService(passkeys=passkeys, factors=factors, sessions=sessions, actors=actors),
            passkey_login=PasskeyLoginService(
                limiter=limiter,
                limits=limits,
                lockout=lockout,
                sessions=sessions,
                sign_ins=sign_ins,
                passkeys=passkeys,
                proofs=passkey_proofs,
                actors=actors,
            ),
            second_factor=SecondFactorService(
                site=settings.site_name,
                factors=factors,
                sessions=sessions,
                limiter=limiter,
                limits=limits,
                actors=actors,
            ),
            remembered_devices=RememberedDevices(sessions=sessions, actors=actors),
            email_changes=EmailChangeService(
                limiter=limiter,
                limits=limits,
                lockout=lockout,
                sessions=sessions,
                factors=factors,
                actors=actors,
                conceal_accounts=settings.conceal_accounts,
            ),
            rfc_changes=RfcChangeService(sessions=sessions, actors=actors),
            deletion=account_deletion,
            data_export=DataExport(
                limiter=limiter, limits=limits, sessions=sessions, personal_data=personal_data, actors=actors
            ),
            privacy=PrivacyService(notice=settings.privacy_notice, sessions=sessions, actors=actors),
            preferences=PreferenceService(sessions, actors),
            security_events=SecurityEvents(actors),
            company=CompanyService(sessions, actors),
            series=SeriesService(sessions, actors),
            plans=plans,
            payment_methods=tuple(method for method, configured in methods.items() if configured),
            paypal=PayPalService(
                orders=orders, plans=plans, sessions=sessions, limiter=limiter, limits=limits, actors=actors
            ),
            deposits=deposits,
            payments=PaymentHistory(),
            access_tokens=AccessTokenService(handover=handover, sessions=sessions, limiter=limiter, limits=limits),
            account_records=AccountRecords(api_clients),
            session_verification=SessionVerification(api_clients, handover, demand),
            stamps=StampService(),
            invoices=InvoiceService(clients=api_clients),
            event_feed=EventFeed(api_clients),
        ),
        actors=actors,
        paypal=paypal,
        mail_worker=mails,
        cleanup=Cleanup(
            _retention(settings),
            clean_up_files=clean_up_mails,
            delete_accounts=account_deletion.run_due,
            outages=outages,
        ),
        payment_worker=PaymentWorker(Reconciler(orders), deposits, outages),
        event_worker=EventWorker(outages=outages),
        webhook_worker=WebhookWorker(
            signer=signer, connect=connect, operator_email=settings.operator_email, outages=outages
        ),
        webhooks=WebhookEndpoints(signer=signer, connect=connect),
        site=site,
        pseudonyms=pseudonyms,
        outages=outages,
        support=AccountSupport(limiter=limiter, limits=limits, lockout=lockout, actors=actors),
        deletion=deletion,
        personal_data=personal_data,
        account_import=AccountImport(lockout),
        client_registry=ClientRegistry(),
        limiter=limiter,
        limits=limits,
        published_keys=published_keys,
        aclose=aclose,
    )


@contextlib.asynccontextmanager
async def composed(
    settings: Settings, measures: Measures = IGNORED, tracer: Tracer = UNTRACED
) -> AsyncIterator[Composition]:
    """Composes the services for a command and connects the database. Closes both at the end."""
    composition = compose(settings, measures, tracer)
    async with connected(settings.database), contextlib.aclosing(composition):
        yield composition


def make_keys(settings: Settings) -> Keys:
    """Returns the keys of the settings; in development, SECRET_KEY is by default generated once in DATA_DIR."""
    secret_key, naming_key = settings.secret_key, settings.naming_key
    if not settings.development and not (secret_key and naming_key):
        raise InvalidSettingsError("production needs SECRET_KEY and NAMING_KEY")
    return Keys(
        _bytes(secret_key) if secret_key else _kept(settings.data_dir / "secret.key", _secret_key),
        also_accepted=[_bytes(key) for key in settings.secret_keys_also_accepted],
        naming_key=_bytes(naming_key) if naming_key else None,
    )


def limit_storage(settings: Settings) -> tuple[Storage, Callable[[], Awaitable[None]]]:
    """Returns the storage of the limits' counters, and the function that closes it."""
    if settings.redis_url is None:
        return DatabaseStorage(wrap_exceptions=True), _nothing
    from services.common.redis_storage import redis_storage  # takes a tenth of the start

    return redis_storage(settings.redis_url.get_secret_value(), settings.redis_key_prefix)


def _bytes(key: SecretStr) -> bytes:
    return key.get_secret_value().encode("utf-8", "surrogateescape")  # as it is in the environment


def make_health(settings: Settings) -> Health:
    if settings.redis_url is None:
        return Health(settings.database, None)
    from services.common.redis_storage import RedisProbe  # takes a tenth of the start

    return Health(settings.database, RedisProbe(settings.redis_url.get_secret_value(), settings.redis_key_prefix))


def _handover(settings: Settings) -> tuple[Handover | None, Mapping[str, object]]:
    """Returns how access tokens are issued, and the JWK Set that verifies them.

    In development, the key is by default generated once in DATA_DIR. In production, a command may run without keys.
    """
    given = settings.access_token_keys
    complete = settings.development or (given and settings.access_token_issuer)
    if not (settings.access_token_audiences and complete):
        return None, {"keys": []}
    from services.access.keys import SigningKeys, generate_key  # loads OpenSSL, which takes 0.1 seconds

    file = settings.data_dir / "access-token.pem"
    try:
        keys = SigningKeys.parse(given.get_secret_value() if given else _kept(file, generate_key).decode("latin-1"))
    except ValueError as error:
        raise InvalidSettingsError(f"ACCESS_TOKEN_KEYS: {error}") from None
    return Handover(settings.token_issuer, frozenset(settings.access_token_audiences), keys), keys.published


def _secret_key() -> bytes:
    return secrets.token_hex(32).encode()


def _kept(path: Path, generate: Callable[[], bytes]) -> bytes:
    """Reads a key of development, or generates it; of several processes, the first to link its file wins."""
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=path.parent) as generated:  # readable only by its owner
            generated.write(generate())
            generated.flush()
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(generated.name)
    return path.read_bytes()


def _hasher(settings: Settings, measures: Measures, tracer: Tracer) -> Hasher:
    """Returns the hasher for one of the processes of `serve`, which share the CPUs."""
    cpus = usable_cpus() / settings.workers
    return Hasher(
        time_cost=settings.argon2_time_cost,
        memory_kib=settings.argon2_memory_kib,
        parallelism=settings.argon2_parallelism,
        cpus=cpus,
        measures=measures,
        tracer=tracer,
    )


def _limits(settings: Settings) -> Limits:
    """In TEST_MODE, only the limits that are set count."""
    notations = {name: getattr(settings, f"limit_{name}") for name in Limits.__dataclass_fields__}
    if settings.test_mode:
        notations |= {name: _NO_LIMIT for name in notations if f"limit_{name}" not in settings.model_fields_set}
    return Limits(**{name: Limit.parse(name, notation) for name, notation in notations.items()})


def _outages(settings: Settings, storage: Storage, measures: Measures) -> Outages:
    parts = [Part("database", settings.database_host, partial(fetch, "SELECT 1"))]
    if settings.redis_url:
        parts.append(Part("redis", _host_of(settings.redis_url), storage.check))
    if settings.smtp_url:
        parts.append(Part("smtp", _host_of(settings.smtp_url)))
    if settings.tracing:
        parts.append(Part("collector", collector_host()))
    return Outages(parts, measures)


def _host_of(url: SecretStr) -> str:
    """Returns the host and the port, without the password."""
    return urlsplit(url.get_secret_value()).netloc.rpartition("@")[2]


async def _nothing() -> None:
    """Closes nothing, since the database has its own life cycle."""


def _site(settings: Settings) -> Site:
    return Site(
        name=settings.site_name,
        url=settings.site_url,
        sender=settings.mail_from,
        confirm_url=settings.confirm_url,
        confirm_email_url=settings.confirm_email_url,
        revert_email_url=settings.revert_email_url,
        export_url=settings.download_url,
        recover_url=settings.recover_url,
        support=settings.support_email,
    )


def _mails(
    settings: Settings,
    site: Site,
    translations: Translations,
    limiter: Limiter,
    limits: Limits,
    outages: Outages,
    measures: Measures,
    tracer: Tracer,
) -> tuple[MailWorker, Callable[[], None] | None]:
    """Returns the mail worker, and the function that deletes old mails if mails are files."""
    make_transport, clean_up = _transport(settings)
    renderer = MailRenderer(translations, site)
    worker = MailWorker(
        make_transport=make_transport,
        renderer=renderer,
        limit=MailLimit(limiter, limits.mail_email),
        senders=settings.mail_senders,
        outages=outages,
        measures=measures,
        tracer=tracer,
    )
    return worker, clean_up


def _transport(settings: Settings) -> tuple[Callable[[], Transport], Callable[[], None] | None]:
    if settings.smtp_url:
        server = SmtpServer.parse(settings.smtp_url.get_secret_value())
        return (lambda: SmtpTransport(server, settings.mail_from)), None
    folder = settings.data_dir / "mail"
    return (lambda: FileTransport(folder)), FileTransport(folder).clean_up


def _paypal(settings: Settings, keys: Keys, limiter: Limiter, limits: Limits, tracer: Tracer) -> PayPal | None:
    api = _paypal_api(settings, keys, tracer)
    if api is None:
        return None
    page = PayPalPage(
        brand=settings.site_name,
        return_url=settings.paypal_return_url or settings.site_url,
        cancel_url=settings.paypal_cancel_url or settings.site_url,
    )
    orders = PayPalOrders(api, page)
    return PayPal(orders, PayPalWebhooks(api=api, orders=orders, limiter=limiter, limits=limits), api.aclose)


def _paypal_api(settings: Settings, keys: Keys, tracer: Tracer) -> PayPalClient | None:
    """Returns the client of PayPal or, in development, of its stand-in."""
    if settings.paypal_client_id and settings.paypal_client_secret and settings.paypal_webhook_id:
        secret, webhook_id = settings.paypal_client_secret.get_secret_value(), settings.paypal_webhook_id
        return PayPalClient(settings.paypal_url, settings.paypal_client_id, secret, webhook_id, tracer=tracer)
    if settings.stands_in_for_paypal:
        stand_in = Merchant.of(keys, settings.own_url)
        return PayPalClient(
            stand_in.url, stand_in.client_id, stand_in.client_secret, stand_in.webhook_id, tracer=tracer
        )
    return None


def _retention(settings: Settings) -> Retention:
    return Retention(
        trail=timedelta(days=settings.audit_days),
        attempts=timedelta(days=settings.audit_attempt_days),
        events=timedelta(days=settings.event_days),
    )


def _site_words(settings: Settings) -> tuple[str, ...]:
    host = settings.site_url.partition("://")[2].split("/")[0].split(":")[0]
    return (settings.site_name, host)
