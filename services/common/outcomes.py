"""Outcomes that several services share."""

import enum
from dataclasses import dataclass
from datetime import datetime


class FieldErrorCode(enum.Enum):
    MALFORMED = "MALFORMED"
    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    TOO_COMMON = "TOO_COMMON"
    CONTAINS_IDENTITY = "CONTAINS_IDENTITY"
    DOES_NOT_MATCH = "DOES_NOT_MATCH"
    GENERIC_RFC = "GENERIC_RFC"
    NOT_NEW = "NOT_NEW"
    INCORRECT = "INCORRECT"
    MISSING = "MISSING"
    FORBIDDEN_CHARACTER = "FORBIDDEN_CHARACTER"
    NOT_IN_CATALOGUE = "NOT_IN_CATALOGUE"
    NOT_FOR_TAXPAYER_TYPE = "NOT_FOR_TAXPAYER_TYPE"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    LESS_THAN_FIRST = "LESS_THAN_FIRST"
    ALREADY_USED = "ALREADY_USED"
    FOLIOS_TAKEN = "FOLIOS_TAKEN"
    NOT_CURRENT = "NOT_CURRENT"


@dataclass(frozen=True, slots=True)
class ForbiddenCharacter:
    """A character that a field does not allow, as shown to people: `«А» (U+0410)`, or `U+200B` if it is invisible."""

    character: str


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """`field` is its path in the mutation's input, in camelCase; `character` is set for FORBIDDEN_CHARACTER.

    `minimum` and `maximum` are the bounds that the field has, whatever the code: how many characters a text may have,
    and which numbers a number may be. None stands for no bound.
    """

    field: str
    code: FieldErrorCode
    minimum: int | None = None
    maximum: int | None = None
    character: str | None = None

    @classmethod
    def of(
        cls,
        field: str,
        found: FieldErrorCode | ForbiddenCharacter,
        minimum: int | None = None,
        maximum: int | None = None,
    ) -> "FieldProblem":
        if isinstance(found, ForbiddenCharacter):
            return cls(field, FieldErrorCode.FORBIDDEN_CHARACTER, minimum, maximum, found.character)
        return cls(field, found, minimum, maximum)


@dataclass(frozen=True, slots=True)
class InvalidInput:
    problems: tuple[FieldProblem, ...]


@dataclass(frozen=True, slots=True)
class TooManyAttempts:
    retry_after_seconds: int


@dataclass(frozen=True, slots=True)
class DrawnCaptcha:
    """A captcha to show. Its image and its audio are generated on request."""

    id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CaptchaRequired:
    captcha: DrawnCaptcha


@dataclass(frozen=True, slots=True)
class CaptchaMismatch:
    captcha: DrawnCaptcha


@dataclass(frozen=True, slots=True)
class InvalidCredentials:
    """The e-mail address, the password or both are wrong; deliberately unspecified."""


@dataclass(frozen=True, slots=True)
class NotAuthenticated:
    """No session stands behind the credential."""


@dataclass(frozen=True, slots=True)
class NotAuthorized:
    """The credential is not that of an API client with this scope."""

    scope: str


@dataclass(frozen=True, slots=True)
class PasswordChangeRequired:
    """The session was opened with a mailed password."""


@dataclass(frozen=True, slots=True)
class SecondFactorEnrollmentRequired:
    """The operator demands a second factor of everybody, and the account has none."""


RestrictedSession = PasswordChangeRequired | SecondFactorEnrollmentRequired
"""Why a session may not do what another one may."""
