"""The services' enums, registered as GraphQL enums with descriptions."""

import enum
from typing import Any, cast

import strawberry

from services.access.verification import VerifiedTokenKind as VerifiedTokenKind
from services.accounts.onboarding import OnboardingStep as OnboardingStep
from services.accounts.onboarding import PaymentMethod as PaymentMethod
from services.accounts.rfc import TaxpayerType as TaxpayerType
from services.accounts.security_events import SecurityEventActor as SecurityEventActor
from services.accounts.security_events import SecurityEventKind as SecurityEventKind
from services.captcha.provider import ProviderName as ProviderName
from services.common.outcomes import FieldErrorCode as FieldErrorCode
from services.common.translations import Language as Language
from services.company.company import CompanyWarningCode as CompanyWarningCode
from services.events.facts import AccountField as AccountField
from services.events.facts import EventType as EventType
from services.factors.second_factors import ProofWay as ProofWay
from services.invoices.outcomes import ReservationStatus as ReservationStatus
from services.payments.queries import PaymentStatus as PaymentStatus


def _register(enumeration: type[enum.Enum], description: str, values: dict[str, str], name: str | None = None) -> None:
    strawberry.enum(enumeration, name=name, description=description)
    for value in cast(Any, enumeration).__strawberry_definition__.values:
        value.description = values[value.name]


_register(Language, "A language of messages and mails.", {"ES": "Mexican Spanish.", "EN": "English."})
_register(
    FieldErrorCode,
    "What is wrong with a field. New codes may be added: for an unknown code, show `message`.",
    {
        "MALFORMED": "The value has the wrong format.",
        "TOO_SHORT": "The value has fewer than `minimum` characters.",
        "TOO_LONG": "The value has more than `maximum` characters.",
        "TOO_COMMON": "The password is one of the most common ones.",
        "CONTAINS_IDENTITY": "The password is made up of the RFC, the e-mail address or the site's name.",
        "DOES_NOT_MATCH": "The confirmation does not match the password.",
        "GENERIC_RFC": "The RFC is generic and does not identify a taxpayer: XAXX010101000, XEXX010101000 or one for "
        "foreign partners (EXT…).",
        "NOT_NEW": "The new password is the same as the current or the mailed one.",
        "INCORRECT": "The current password is wrong. In a session opened with a mailed one, it is that one.",
        "MISSING": "The field is required, but is omitted, empty, or contains only spaces and invisible characters.",
        "FORBIDDEN_CHARACTER": "The value contains a character that is not allowed, given in FieldError.character: "
        "`|` in a name, an invisible character, or a Cyrillic letter in an RFC.",
        "NOT_IN_CATALOGUE": "The code is not in the SAT's catalogue.",
        "NOT_FOR_TAXPAYER_TYPE": "The code is not valid for the account's taxpayerType.",
        "OUT_OF_RANGE": "The number is less than `minimum` or greater than `maximum`.",
        "LESS_THAN_FIRST": "The last folio is less than the first folio, which is `minimum`.",
        "ALREADY_USED": "Another series already has this name, or the passkey is registered already.",
        "FOLIOS_TAKEN": "Folios of the series have been issued, so the name and the first folio cannot change, and "
        "the last folio cannot be less than the last one issued.",
        "NOT_CURRENT": "The privacy notice of this version does not apply. Show that of privacyNotice.",
    },
)
_register(
    VerifiedTokenKind,
    "What kind of token verifySession was asked about.",
    {
        "SESSION": "A session's token, which opens everything here that its owner may do.",
        "ACCESS_TOKEN": "An access token of createAccessToken, for another API.",
    },
)
_register(
    TaxpayerType,
    "The kind of taxpayer, derived from the length of the RFC.",
    {
        "PERSONA_FISICA": "A person, with an RFC of 13 characters.",
        "PERSONA_MORAL": "A company, with an RFC of 12 characters.",
    },
)
_register(
    OnboardingStep,
    "A step of onboarding, from the first form to the first invoice.",
    {
        "CREATE_ACCOUNT": "Step 1: register with RFC, e-mail address and password.",
        "CONFIRM_ACCOUNT": "Step 2: confirm with the code from the mail.",
        "CONFIGURE_COMPANY": "Step 3: enter the company's data, and a series with its folios.",
        "SELECT_PAYMENT_METHOD": "Step 4: choose a payment method, and pay.",
    },
)
_register(
    PaymentMethod,
    "A payment method.",
    {
        "PAYPAL": "PayPal; activates the account at once.",
        "BANK_DEPOSIT": "Bank deposit or transfer; activates the account once the operator confirms it.",
    },
)
_register(
    PaymentStatus,
    "What became of a payment.",
    {
        "OPEN": "The payer has not paid yet.",
        "PENDING": "PayPal has not said yet whether it took the money. Do not let the user pay again.",
        "PAID": "The money arrived.",
        "REFUNDED": "The money went back.",
        "EXPIRED": "The payer did not pay in time.",
        "REPLACED": "Another payment took its place: for another plan or price, or by the other method.",
        "DECLINED": "PayPal declined the payment.",
        "CANCELED": "The payer canceled the deposit, or asked for the deletion of the account.",
    },
)
_register(
    EventType,
    "What happened to an account. New types may be added: ignore those that you do not know.",
    {
        "ACCOUNT_CONFIRMED": "`account.confirmed`: the account exists.",
        "ACCOUNT_ACTIVATED": "`account.activated`: the paid time begins, or gets another end.",
        "ACCOUNT_LAPSED": "`account.lapsed`: the paid time has ended without a renewal.",
        "ACCOUNT_DEACTIVATED": "`account.deactivated`: a refund or a correction left no paid time.",
        "ACCOUNT_UPDATED": "`account.updated`: the account's data have changed.",
        "ACCOUNT_DELETED": "`account.deleted`: the account is gone; its last event.",
        "SERIES_CREATED": "`series.created`: a series was added.",
        "SERIES_UPDATED": "`series.updated`: the data of a series have changed.",
        "SERIES_DELETED": "`series.deleted`: a series without issued folios was deleted.",
        "INVOICE_CONFIRMED": "`invoice.confirmed`: an invoice got its fiscal folio.",
        "STAMPS_LOW": "`stamps.low`: few stamps are left, or none.",
        "PASSWORD_CHANGED": "`password.changed`: the password was changed, or ended by a recovery or the operator.",
        "SESSIONS_REVOKED": "`sessions.revoked`: sessions were ended, other than by logging out or expiring.",
    },
)
_register(
    AccountField,
    "A part of an account that changed. New parts may be added: ignore those that you do not know.",
    {
        "EMAIL": "The e-mail address, at least its spelling.",
        "RFC": "The RFC.",
        "COMPANY": "The company's data; they may be hidden now, since the taxpayer is of another type.",
        "LANGUAGE": "The language of mails, which is the `locale` of access tokens.",
    },
)

_register(
    ProofWay,
    "How the owner of an account can prove again who they are. New ways may be added.",
    {
        "PASSWORD": "By the account's password.",
        "TOTP": "By a code of the authenticator app.",
        "PASSKEY": "By a passkey.",
        "RECOVERY_CODE": "By a recovery code, which is used up.",
    },
)
_register(
    SecurityEventKind,
    "What happened to an account. New kinds may be added: for an unknown kind, show `message`.",
    {
        "CONFIRMED": "The account was confirmed.",
        "SIGNED_IN": "A login opened the session `sessionId`.",
        "SIGN_IN_FAILED": "A login failed: the password was wrong, or wrong ones had locked it.",
        "RECOVERY_REQUESTED": "A new password was asked for.",
        "RECOVERED": "A mailed password was used, which ended the account's password and all sessions.",
        "REAUTHENTICATED": "The password or a code was confirmed in the session `sessionId`.",
        "REAUTHENTICATION_FAILED": "A wrong password or code was entered in the session `sessionId`.",
        "PASSWORD_CHANGED": "The password was changed, which ended all other sessions.",
        "PASSWORD_REVOKED": "The operator ended the password, so that only recovery gives access.",
        "SECOND_FACTOR_ADDED": "A second factor was added.",
        "SECOND_FACTOR_REMOVED": "The second factor was removed.",
        "SECOND_FACTOR_ENDS": "The operator announced that the second factor ends in three days.",
        "RECOVERY_CODE_USED": "A recovery code was used instead of the second factor.",
        "RECOVERY_CODES_REPLACED": "New recovery codes were created.",
        "DEVICE_REMEMBERED": "A device was remembered, on which login skips the second step.",
        "DEVICE_FORGOTTEN": "A remembered device was forgotten.",
        "PASSKEY_ADDED": "A passkey was added.",
        "PASSKEY_RENAMED": "A passkey got another name, or none.",
        "PASSKEY_REMOVED": "A passkey was removed.",
        "PASSKEY_REFUSED": "A passkey was refused because its counter had not advanced: it may have been copied.",
        "SESSION_RENAMED": "The device of the session `sessionId` got another name, or none.",
        "SESSIONS_REVOKED": "The session `sessionId` was ended or, if that is null, several were.",
        "UNLOCKED": "The operator let logins go on after wrong passwords.",
        "EMAIL_CHANGE_REQUESTED": "Another e-mail address was asked for.",
        "EMAIL_CHANGED": "The e-mail address was changed.",
        "EMAIL_REVERTED": "A change of the e-mail address was taken back, which ended the password and all sessions.",
        "RFC_CHANGED": "The RFC was changed.",
        "LANGUAGE_CHANGED": "The language of mails was changed.",
        "COMPANY_CHANGED": "The company's data were changed.",
        "PRIVACY_NOTICE_ACCEPTED": "A privacy notice was accepted.",
        "DELETION_REQUESTED": "The deletion of the account was asked for.",
        "DELETION_CANCELED": "The deletion of the account was taken back.",
        "EXPORT_REQUESTED": "A link to download the account's data was asked for.",
        "EXPORT_DOWNLOADED": "Somebody downloaded the account's data by the link that was mailed.",
        "DATA_EXPORTED": "The operator handed out all data about the person, as anybody may ask for their own.",
        "ACCOUNT_IMPORTED": "The operator took the account over from another system.",
    },
)
_register(
    SecurityEventActor,
    "Who did something to an account.",
    {
        "OWNER": "Somebody who had signed in, or who read the account's mails: you, unless you do not recognize it.",
        "ANYBODY": "Somebody who had not signed in, and may be a stranger.",
        "OPERATOR": "A person of the service.",
        "SYSTEM": "The service by itself.",
    },
)
_register(
    ReservationStatus,
    "What became of a reservation. No clock decides it: it stays reserved until the API client says more.",
    {
        "RESERVED": "The folio and the stamp are taken, and the invoice is being stamped.",
        "CONFIRMED": "The invoice is stamped.",
        "RELEASED": "The invoice was not stamped, and the stamp was given back.",
    },
)
_register(
    CompanyWarningCode,
    "What looks unusual about a company's data. New codes may be added: for an unknown code, show `message`.",
    {
        "LEGAL_FORM_IN_NAME": "legalName ends in a régimen societario, such as S.A. de C.V.; CFDI 4.0 requires the "
        "name without it.",
        "LOWER_CASE_IN_NAME": "legalName contains lower-case letters; the SAT registers names in upper case.",
        "ACCENT_IN_NAME": "legalName contains accents; the SAT registers most names without them. Does not apply to Ñ "
        "and Ü.",
        "TYPOGRAPHIC_SIGN_IN_NAME": "legalName contains curly quotes, long dashes or similar characters that word "
        "processors insert.",
        "HTML_ENTITY_IN_NAME": "legalName contains an HTML entity, such as `&amp;`, instead of its character.",
    },
)


class SessionTransport(enum.Enum):
    BEARER = "BEARER"
    COOKIE = "COOKIE"


_register(
    SessionTransport,
    "How the client sends and receives the session token.",
    {
        "BEARER": "For mobile apps: the response contains the token, and the client sends it in the Authorization "
        "header.",
        "COOKIE": "For web apps: the token is set as an HttpOnly cookie, which scripts cannot read.",
    },
)
_register(
    ProviderName,
    "A provider of captchas.",
    {"TURNSTILE": "Cloudflare's Turnstile.", "HCAPTCHA": "hCaptcha.", "RECAPTCHA": "Google's reCAPTCHA."},
    name="CaptchaProviderName",
)
