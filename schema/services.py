"""The services, as resolvers get them. The commands compose them without loading GraphQL."""

from dataclasses import dataclass

from services.access.events import EventFeed
from services.access.records import AccountRecords
from services.access.tokens import AccessTokenService
from services.access.verification import SessionVerification
from services.accounts.email_change import EmailChangeService
from services.accounts.login import LoginService
from services.accounts.onboarding import PaymentMethod
from services.accounts.passkey_login import PasskeyLoginService
from services.accounts.passkeys import PasskeyService
from services.accounts.password_policy import PasswordPolicy
from services.accounts.passwords import PasswordService
from services.accounts.preferences import PreferenceService
from services.accounts.privacy import PrivacyService
from services.accounts.reauthentication import ReauthenticationService
from services.accounts.registration import RegistrationService
from services.accounts.remembered_devices import RememberedDevices
from services.accounts.rfc_change import RfcChangeService
from services.accounts.second_factor import SecondFactorService
from services.accounts.second_step import SecondStepService
from services.accounts.security_events import SecurityEvents
from services.accounts.sessions import SessionService
from services.captcha.service import CaptchaService
from services.common.translations import Translations
from services.company.company import CompanyService
from services.company.series import SeriesService
from services.invoices.service import InvoiceService
from services.payments.bank.deposits import DepositService
from services.payments.history import PaymentHistory
from services.payments.paypal.service import PayPalService
from services.payments.plans import Plans
from services.payments.stamps import StampService
from services.support.account_deletion import AccountDeletion
from services.support.data_export import DataExport


@dataclass(frozen=True, slots=True)
class Services:
    """The services, which live as long as the process."""

    translations: Translations
    password_policy: PasswordPolicy
    captchas: CaptchaService
    registration: RegistrationService
    sessions: SessionService
    login: LoginService
    passwords: PasswordService
    reauthentication: ReauthenticationService
    second_step: SecondStepService
    second_factor: SecondFactorService
    remembered_devices: RememberedDevices
    passkeys: PasskeyService
    passkey_login: PasskeyLoginService
    email_changes: EmailChangeService
    rfc_changes: RfcChangeService
    privacy: PrivacyService
    deletion: AccountDeletion
    data_export: DataExport
    preferences: PreferenceService
    security_events: SecurityEvents
    company: CompanyService
    series: SeriesService
    plans: Plans
    payment_methods: tuple[PaymentMethod, ...]
    paypal: PayPalService
    deposits: DepositService
    payments: PaymentHistory
    access_tokens: AccessTokenService
    stamps: StampService
    invoices: InvoiceService
    account_records: AccountRecords
    session_verification: SessionVerification
    event_feed: EventFeed
