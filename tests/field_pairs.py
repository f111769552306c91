"""Every pair of a field and a code that the services can answer, read off their code.

A code counts for the field that is named with it, `FieldProblem("rfc", FieldErrorCode.MALFORMED)`, and for those of
_PARSED where a function returns it alone. `FieldProblem.of("rfc", …)` also stands for a character that is forbidden.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

SERVICES = Path(__file__).parents[1] / "services"

# What a function that returns a code, without a field, is asked for.
_PARSED: dict[str, set[str]] = {
    "of": set(),  # FieldProblem's own, which has the field
    "parse_rfc": {"rfc"},
    "check": {"password", "newPassword"},
    "check_acceptance": {"acceptedPrivacyNotice", "version"},
    "check_confirmation": {"passwordConfirmation", "newPasswordConfirmation"},
    "parse_attribute": {"legalName", "name"},
    "parse_answer": {"credential", "passkey"},
    "incorrect": {"credential", "passkey"},
    "parse_device_name": {"deviceName", "nickname"},
    "parse_legal_name": {"legalName"},
    "parse_tax_regime": {"taxRegime"},
    "parse_postal_code": {"postalCode"},
    "_parse": {"firstFolio", "lastFolio", "approvalNumber"},
}


def field_pairs() -> set[tuple[str, str]]:
    """Raises KeyError for a function that answers a code and is not known here."""
    trees = (ast.parse(path.read_text("utf-8")) for path in SERVICES.rglob("*.py"))
    return {pair for tree in trees for pair in _pairs(tree, "")}


def _pairs(node: ast.AST, function: str) -> Iterator[tuple[str, str]]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            function = name
        case ast.Call(args=[ast.Constant(value=str(field)), ast.Attribute(ast.Name("FieldErrorCode"), code), *_]):
            yield field, code
            return
        case ast.Call(ast.Attribute(ast.Name("FieldProblem"), "of"), args=[ast.Constant(value=str(field)), *_]):
            yield field, "FORBIDDEN_CHARACTER"
        case ast.Call(ast.Attribute(ast.Name("FieldProblem"), "of"), args=[ast.Name("field"), *_]):
            yield from ((field, "FORBIDDEN_CHARACTER") for field in _PARSED[function])
        case ast.Attribute(ast.Name("FieldErrorCode"), code):
            yield from ((field, code) for field in _PARSED[function])
    for child in ast.iter_child_nodes(node):
        yield from _pairs(child, function)
