"""The most expensive requests within MAX_BODY: the worst of each family that a search found, by CPU time.

Some are refused by a bound, to show its purpose: without the bound, most of them take a tenth of a second or more.
"""

import json
from dataclasses import dataclass, field
from itertools import combinations, islice
from typing import Any

from graphql import get_introspection_query

from app.operations import OPERATIONS

INTROSPECTION = get_introspection_query(
    descriptions=True,
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    one_of=True,
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A request. `code` is the error that development answers with, or None if the operation is executed.

    With `signed_in`, its account has as many series and sessions as an account may have.
    """

    query: str
    code: str | None = "VALIDATION_FAILED"
    variables: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    signed_in: bool = False

    def body(self, serial: int = 0) -> bytes:
        """Returns the body of the request. Each `serial` makes a different document, so that none is cached."""
        parts = {"query": f"#{serial}\n{self.query}", "variables": self.variables}
        return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


def _each(template: str, count: int) -> str:
    """Repeats the template, with n0, n1 … in place of its asterisks."""
    return " ".join(template.replace("*", f"n{number}") for number in range(count))


def _unused(selections: str, name: str = "Unused") -> str:
    """Returns a fragment on an unknown type, so that no rule stops at its first field."""
    return f"fragment {name} on Nowhere{{{selections}}}"


def _overlapping(sets: int, spreads: int, fragments: int, groups: int = 1) -> str:
    """Returns selection sets under one name, each with some of the fragments; validation compares all pairs."""
    chosen = [
        " ".join(f"...n{(number * spreads + more) % fragments}" for more in range(spreads)) for number in range(sets)
    ]
    compared = (
        _unused(" ".join(f"x{group}{{y{group} {some}}}" for some in chosen), f"Group{group}") for group in range(groups)
    )
    return "{__typename}" + "".join(compared) + _each("fragment * on Nowhere{*}", fragments)


def _operations_over(large: str, operations: int) -> str:
    """Returns operations that each reach the large fragment through a different set of fragments."""
    choices = islice((choice for size in range(1, 9) for choice in combinations(range(9), size)), operations)
    spreads = (" ".join(f"...n{fragment}" for fragment in choice) for choice in choices)
    queries = "".join(f"query q{number}{{me{{{some}}}}}" for number, some in enumerate(spreads))
    return queries + _each("fragment * on Nowhere{...Unused}", 9) + _unused(large)


def _circle(length: int) -> str:
    steps = (f"fragment n{number} on Query{{...n{(number + 1) % length} ...n0}}" for number in range(length))
    return "{...n0}" + "".join(steps)


def _levels(first: str, count: int) -> str:
    steps = (f"fragment n{number} on Query{{...n{number + 1} ...n{number + 1}}}" for number in range(count))
    return f"{first}{''.join(steps)}fragment n{count} on Query{{__typename}}"


def _lattice(width: int, levels: int, spreads: int) -> str:
    """Returns fragments with only a `__typename`, each spread by some fragments of the level above."""
    fragments = "".join(
        f"fragment f{level}n{number} on Query{{__typename "
        + " ".join(f"...f{level + 1}n{(number + more) % width}" for more in range(spreads) if level + 1 < levels)
        + "}"
        for level in range(levels)
        for number in range(width)
    )
    return "{" + _each("...f0*", width) + "}" + fragments


def _of_series(selections: str, code: str | None = None) -> Sample:
    return Sample("{me{company{" + selections + "}}}", code, signed_in=True)


_SERIES = "id name firstFolio lastFolio nextFolio remaining approvalNumber approvalYear createdAt"
_PAYMENT = "id status amount{amount currency} method reference planId createdAt paidAt expiresAt"
_SESSION = "id createdAt lastSeenAt expiresAt deviceName userAgent ipAddress current"
SCREEN = (
    "{me{id email rfc taxpayerType createdAt confirmedAt language passwordChangeRequired paymentPending "
    "onboarding{currentStep completedSteps} activation{active since until renewableFrom method planId} "
    "openDeposit{id reference clabe bank beneficiary amount{amount currency} planId requestedAt expiresAt} "
    "payments{" + _PAYMENT + "} "
    "sessions{"
    + _SESSION
    + "} company{id legalName taxRegime{id code description taxpayerTypes} postalCode updatedAt warnings{code message} "
    "series{" + _SERIES + "}}} plans{id name subtotal{amount currency} tax{amount currency} total{amount currency} "
    "stamps periodMonths} taxRegimes{id code description taxpayerTypes} paymentMethods "
    "passwordPolicy{minimumLength maximumLength}}"
)

_BREAKS = "\n" * 8_000
_WRAPPED = "{name kind description ofType{name kind description ofType{name kind description}}}"

CORPUS = {
    "our largest operation": Sample(OPERATIONS["CreateAccount"], "BAD_REQUEST"),
    "GraphiQL's introspection": Sample(INTROSPECTION, None),
    "introspection, a field by many names": Sample(
        "{__schema{types{fields{" + _each("*:type{kind name ofType{kind name}}", 6) + "}}}}", None
    ),
    "introspection, a field by more names": Sample(
        "{__schema{types{fields{" + _each("*:type{kind name ofType{kind name}}", 11) + "}}}}", "TOO_COMPLEX"
    ),
    "introspection, types thrice": Sample(
        "{__schema{" + _each("*:types{name fields{name description type" + _WRAPPED + "}}", 3) + "}}", None
    ),
    "fields": Sample("{__typename}" + _unused(_each("*", 399))),
    "fields by other names": Sample("{__typename}" + _unused(_each("*:a", 30) + _each("o*", 369))),
    "overlapping selections": Sample(_overlapping(26, 7, 12)),
    "overlapping selections after line breaks": Sample(_BREAKS + _overlapping(26, 7, 12)),
    "fragments side by side": Sample(
        "{__typename}" + _unused(_each("...*", 62)) + _each("fragment * on Nowhere{*}", 62)
    ),
    "inline fragments": Sample("{__typename}" + _unused(_each("...{*}", 145))),
    "operations over a large fragment": Sample(_operations_over("a(b:[" + "1 " * 250 + "])", 20)),
    "a circle of fragments": Sample(_circle(48)),
    "an input of unknown fields": Sample("mutation{login(input:{" + _each("*:1", 190) + "}){__typename}}"),
    "a list where an input is due": Sample("mutation{login(input:[" + "1 " * 580 + "]){__typename}}"),
    "variables that nobody uses": Sample("query(" + _each("$*:Int", 145) + "){__typename}"),
    "a long name in each error": Sample("query " + "q" * 18_000 + "(" + _each("$*:Int", 20) + "){__typename}"),
    "line breaks before each error": Sample(_BREAKS + "{me{" + _each("*", 20) + "}}"),
    "names of types to suggest": Sample(
        _BREAKS + "{me{" + _each("...on ResendConfirmationCodeSuccess*{id}", 12) + "}}"
    ),
    "type system definitions": Sample("enum E{" + _each("*", 590) + "}"),
    "comments": Sample("#\n" * 590 + "{__typename}#" + "x" * 16_000, None),
    "escapes": Sample('mutation{login(input:"' + r"\u0041" * 2_700 + '"){__typename}}'),
    "an indented block string": Sample('mutation{login(input:"""' + "\n x" * 4_500 + '"""){__typename}}'),
    "a long number": Sample("query($a:Int=" + "1" * 19_000 + "){__typename @include(if:$a)}"),
    "unknown fields in variables": Sample(
        OPERATIONS["ChangePassword"],
        "BAD_REQUEST",
        {"input": {f"newPasswordConfirmation{number}": number for number in range(500)}},
    ),
    "lists in variables": Sample("{__typename}", None, {"x": [[[[[[[[[[]]]]]]]]]] * 900}),
    "quotes in a cookie": Sample(
        "{__typename}", None, headers={"cookie": 'a="' + r"\"" * 7_900 + '"', "origin": "http://localhost:8000"}
    ),
    "all that one screen shows": Sample(SCREEN, None, signed_in=True),
    "series by many names": _of_series(_each("*:series{id}", 9)),
    "series by many names, in fragments": _of_series(
        _each("...on Company{*:series{id ...{__typename createdAt @skip(if:false)}}}", 6)
    ),
    "fields of the series by many names": _of_series("series{" + _each("*:createdAt", 30) + "}"),
    "fields of the series under directives": _of_series(
        "series{" + " ".join(f"{name} @skip(if:false)" for name in _SERIES.split()) + _each("*:id", 17) + "}"
    ),
    "the series of many accounts": Sample("{" + _each("*:me{company{series{id}}}", 9) + "}", None, signed_in=True),
    "sessions by many names": Sample("{me{" + _each("*:sessions{id}", 18) + "}}", None, signed_in=True),
    "payments by many names": Sample("{me{" + _each("*:payments{id}", 18) + "}}", None, signed_in=True),
    "companies by many names": Sample("{me{" + _each("*:company{legalName}", 30) + "}}", None, signed_in=True),
    "deposits by many names": Sample("{me{" + _each("*:openDeposit{reference}", 30) + "}}", None, signed_in=True),
    "typenames in inline fragments of a list": _of_series(
        "series{" + "...{__typename}" * 112 + _each("*:id", 26) + "}"
    ),
    "typenames in fragments of a list": Sample(
        "{me{company{series{" + _each("...*", 26) + "}}}}" + _each("fragment * on Series{__typename}", 26),
        None,
        signed_in=True,
    ),
    "typenames in a lattice of fragments": Sample(_lattice(8, 6, 3), None),
    "typenames in overlapping selections": Sample(
        _overlapping(26, 7, 12).replace("x0{y0", "x0{__typename y0").replace("Nowhere{n", "Nowhere{__typename n")
    ),
    "past the overlaps, typenames in one set": Sample("{" + "__typename " * 590 + "}", "TOO_COMPLEX"),
    "past the overlaps, typenames in a set each": Sample("{" + "me{__typename}" * 140 + "}", "TOO_COMPLEX"),
    "past the fields, series thirty times": _of_series(_each("*:series{id}", 30), "TOO_COMPLEX"),
    "past the fields, series in a list": Sample(
        "{me{" + _each("*:sessions{id}", 18) + "company{series{id}}}}", "TOO_COMPLEX"
    ),
    "past the tokens": Sample(_overlapping(15, 20, 30, groups=3), "PARSE_FAILED"),
    "past the levels": Sample(
        "{__typename}" + _unused("__schema{__type{" * 18 + _each("*", 300) + "}" * 36), "TOO_COMPLEX"
    ),
    "past the fields, 25 levels of spreads": Sample(_levels("{...n0}", 25), "TOO_COMPLEX"),
    "past the fields, in a fragment that nobody uses": Sample(_levels("{__typename}", 25), "TOO_COMPLEX"),
    "past the fields, sessions thirty times": Sample("{me{" + _each("*:sessions{id}", 30) + "}}", "TOO_COMPLEX"),
    "past the overlaps": Sample("{__typename}" + _unused("x{a}" * 145), "TOO_COMPLEX"),
    "past the overlaps, behind a namesake": Sample(
        "{__typename}" + _unused("x{a}" * 140) + _unused("x"), "TOO_COMPLEX"
    ),
    "past the lists": Sample(
        "{__schema{types{fields{type{ofType{"
        + _each("*:fields{description isDeprecated deprecationReason}", 20)
        + "}}}}}}",
        "TOO_COMPLEX",
    ),
}
