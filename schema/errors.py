"""Failures that the user can act on: their interface, their registration, and those that several subjects share.

Their messages are in locales/, under the name of the type.
"""

from datetime import timedelta
from typing import Any, get_type_hints

import strawberry
from graphql import GraphQLError
from strawberry.annotation import StrawberryAnnotation
from strawberry.types import get_object_definition
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from schema.context import Info
from schema.enums import FieldErrorCode
from schema.list_size import ListSize
from schema.messages import message_field, type_name
from services.common.outcomes import (
    FieldProblem,
    InvalidCredentials,
    InvalidInput,
    NotAuthenticated,
    NotAuthorized,
    PasswordChangeRequired,
    SecondFactorEnrollmentRequired,
    TooManyAttempts,
)

MAX_PROBLEMS = 10  # of one input, one for each field
_MESSAGE = "A message for the user, in the language of Accept-Language: what happened, and what to do next."


@strawberry.interface(
    description="A failure that the user can act on. Every failure implements this interface: select `... on "
    "UserError { message }` to handle failures that are added to a union later."
)
class UserError:
    message: str = message_field(_MESSAGE)


def register(failure: type[Any], description: str, *more_interfaces: type[UserError], **fields: Any) -> None:
    """Registers a service's outcome as a GraphQL type that implements UserError, named after its class plus "Error".

    It has the fields of `more_interfaces`, too. `fields` are others to expose: the description of a field of the
    outcome, or a strawberry.field whose resolver converts one. Services need not know GraphQL, and the type checker
    sees one class for each failure.
    """
    interfaces = [get_object_definition(each, strict=True) for each in (UserError, *more_interfaces)]
    shown = {field.python_name: field for interface in interfaces for field in interface.fields}
    shown |= {name: _field(failure, name, field) for name, field in fields.items()}
    failure.__strawberry_definition__ = StrawberryObjectDefinition(
        name=f"{failure.__name__}Error",
        description=description,
        origin=failure,
        interfaces=interfaces,
        fields=list(shown.values()),
        is_input=False,
        is_interface=False,
        extend=False,
        directives=(),
        is_type_of=None,
        resolve_type=None,
    )


def _field_message(root: strawberry.Parent["FieldError"], info: Info) -> str:
    key = f"FieldError.{root.field}.{root.code.name}"
    return info.context.translate(key, vars(root), otherwise=f"FieldErrorCode.{root.code.name}")


@strawberry.type(description="An error in one field of the input.")
class FieldError(UserError):
    field: str = strawberry.field(
        description="The path of the field in the input, in camelCase, with dots if it is nested: `captcha.answer`."
    )
    code: FieldErrorCode = strawberry.field(description="The machine-readable code of the error.")
    character: str | None = strawberry.field(
        description="The character that FORBIDDEN_CHARACTER refers to, as shown in message: `«А» (U+0410)`, or "
        "`U+200B` if it is invisible. Null for other codes.",
    )
    minimum: str | None = strawberry.field(
        description="The minimum for the field, whatever the code, as a string of decimal digits: a value for folios, "
        "approvalNumber and approvalYear, a number of characters for texts. Null if there is no minimum."
    )
    maximum: str | None = strawberry.field(
        description="The maximum for the field, in the same unit as `minimum`. Null if there is no maximum."
    )
    message: str = strawberry.field(
        resolver=_field_message,
        description="The message to show next to the field, in the language of Accept-Language: what a correct value "
        "looks like, and what to do.",
    )

    @classmethod
    def of(cls, problem: FieldProblem) -> "FieldError":
        return cls(
            field=problem.field,
            code=problem.code,
            character=problem.character,
            minimum=None if problem.minimum is None else str(problem.minimum),
            maximum=None if problem.maximum is None else str(problem.maximum),
        )


def _field_errors(root: strawberry.Parent[InvalidInput]) -> list[FieldError]:
    return [FieldError.of(problem) for problem in root.problems]


def _wait_message(root: strawberry.Parent[TooManyAttempts], info: Info) -> str:
    return info.context.translate(type_name(root), {"wait": timedelta(seconds=root.retry_after_seconds)})


class ThrottledError(GraphQLError):
    """A rate limit is exceeded by a query, whose type has no room for the failure: the request's error says so."""

    def __init__(self, info: Info, throttled: TooManyAttempts) -> None:
        wait = throttled.retry_after_seconds
        extensions = {"code": "TOO_MANY_ATTEMPTS", "retryAfterSeconds": wait}
        super().__init__(_wait_message(throttled, info), extensions=extensions)


def _field(failure: type[Any], name: str, field: Any) -> StrawberryField:
    if isinstance(field, StrawberryField):
        field.python_name = name
        return field
    annotation = StrawberryAnnotation(get_type_hints(failure)[name])
    return StrawberryField(name, type_annotation=annotation, origin=failure, description=field)


register(
    InvalidInput,
    "The input has invalid fields. All of them are listed at once, so that a form can mark each one.",
    fields=strawberry.field(
        resolver=_field_errors,
        description="The errors, at least one, in the order of the form.",
        directives=[ListSize(assumed_size=MAX_PROBLEMS)],
    ),
)
register(
    TooManyAttempts,
    "A rate limit is exceeded; nothing was done.",
    retry_after_seconds="How many seconds to wait before trying again.",
    message=strawberry.field(resolver=_wait_message, description=_MESSAGE),
)
register(InvalidCredentials, "The e-mail address, the password or both are wrong; deliberately unspecified.")
register(NotAuthenticated, "The token or cookie does not belong to an open session.")
register(
    NotAuthorized,
    "The request needs the secret of an API client that has this scope. No other credential counts.",
    scope="The required scope, as in `python -m app client create --scope`, such as `accounts:read`.",
)
register(
    PasswordChangeRequired,
    "The session was opened with a mailed password; until changePassword, only me, changePassword and logout are "
    "allowed.",
)
register(
    SecondFactorEnrollmentRequired,
    "The operator demands a second factor of every account, and this one has none; until confirmTotp, only me, "
    "reauthenticate, enrollTotp, confirmTotp, changePassword and logout are allowed.",
)
