"""The services' enums, registered with what clients are told of their values."""

import enum
from typing import Any, cast

import strawberry

from services.accounts.onboarding import OnboardingStep as OnboardingStep
from services.accounts.onboarding import PaymentMethod as PaymentMethod
from services.accounts.rfc import TaxpayerType as TaxpayerType
from services.common.outcomes import FieldErrorCode as FieldErrorCode
from services.common.translations import Language as Language
from services.company.company import CompanyWarningCode as CompanyWarningCode


def _register(enumeration: type[enum.Enum], description: str, values: dict[str, str]) -> None:
    strawberry.enum(enumeration, description=description)
    for value in cast(Any, enumeration).__strawberry_definition__.values:
        value.description = values[value.name]


_register(Language, "A language of messages and mails.", {"ES": "Spanish of Mexico.", "EN": "English."})
_register(
    FieldErrorCode,
    "What is wrong with a field. Further codes may join: show `message` for one that you do not know.",
    {
        "MALFORMED": "It does not have the shape that it needs.",
        "TOO_SHORT": "It has fewer characters than `minimum`.",
        "TOO_LONG": "It has more characters than `maximum`.",
        "TOO_COMMON": "The password is among the commonest ones.",
        "CONTAINS_IDENTITY": "The password is made of the RFC, the e-mail or the site's name.",
        "DOES_NOT_MATCH": "The second typing differs from the first.",
        "GENERIC_RFC": "XAXX010101000, XEXX010101000, and those of foreign partners (EXT…) belong to nobody.",
        "NOT_NEW": "The new password equals the current or the mailed one.",
        "MISSING": "It is empty, has only spaces and invisible characters, or is left out, and is needed here.",
        "FORBIDDEN_CHARACTER": "It has a character that it cannot have: `|` in a name, one that nobody sees, or a "
        "Cyrillic letter in an RFC. FieldError.character says which.",
        "NOT_IN_CATALOGUE": "The SAT's catalogue does not have this code.",
        "NOT_FOR_TAXPAYER_TYPE": "The code is not for the account's taxpayerType.",
        "OUT_OF_RANGE": "The number is less than `minimum` or greater than `maximum`.",
        "LESS_THAN_FIRST": "The last folio is less than the first, which is `minimum`.",
        "ALREADY_USED": "Another one has this name.",
        "FOLIOS_TAKEN": "Folios of the series were taken, so that this stays as it is, or not less than they are.",
    },
)
_register(
    TaxpayerType,
    "The kind of taxpayer, read off the length of the RFC.",
    {"PERSONA_FISICA": "A person: an RFC of 13 characters.", "PERSONA_MORAL": "A company: an RFC of 12 characters."},
)
_register(
    OnboardingStep,
    "A step of the progress bar, from the first form to the first invoice.",
    {
        "CREATE_ACCOUNT": "Step 1: RFC, e-mail and password.",
        "CONFIRM_ACCOUNT": "Step 2: the code from the mail.",
        "CONFIGURE_COMPANY": "Step 3: the company's data, series and folios.",
        "SELECT_PAYMENT_METHOD": "Step 4: how to pay.",
    },
)
_register(
    PaymentMethod,
    "A way to pay.",
    {
        "PAYPAL": "PayPal, which activates at once.",
        "BANK_DEPOSIT": "A bank deposit or transfer, which activates once the operator sees it.",
    },
)

_register(
    CompanyWarningCode,
    "What is conspicuous about a company's data. Further codes may join: show `message` for one that you do not know.",
    {
        "LEGAL_FORM_IN_NAME": "legalName ends in a régimen societario such as S.A. de C.V.; CFDI 4.0 wants it left "
        "out.",
        "LOWER_CASE_IN_NAME": "legalName has small letters; the SAT registers names in capitals.",
        "ACCENT_IN_NAME": "legalName has accents; the SAT registers most names without. Ñ and Ü are not meant.",
        "TYPOGRAPHIC_SIGN_IN_NAME": "legalName has curly quotes, long dashes or the like, as word processors put them.",
        "HTML_ENTITY_IN_NAME": "legalName has an HTML entity such as `&amp;` instead of its sign.",
    },
)


class SessionTransport(enum.Enum):
    BEARER = "BEARER"
    COOKIE = "COOKIE"


_register(
    SessionTransport,
    "How the session's token travels.",
    {
        "BEARER": "For mobile apps: the token is in the answer, and goes into the Authorization header.",
        "COOKIE": "For SPAs: the token goes into an HttpOnly cookie and never reaches a script.",
    },
)
