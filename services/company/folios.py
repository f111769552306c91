"""Parses the folios of a series, and the approval of the scheme before CFDI (CFD, Anexo 20 of 2004)."""

import re
from dataclasses import dataclass

from services.common.characters import is_blank, plain
from services.common.outcomes import FieldErrorCode, FieldProblem, ForbiddenCharacter

MAX_FOLIO = 2**63 - 1
MAX_APPROVAL_NUMBER = 10**14 - 1
# From the first rules to the end of the scheme: folios of CFD, and of printed invoices with a bar code, were approved
# until CFDI replaced both in 2014.
APPROVAL_YEARS = range(2004, 2015)

_Refusal = FieldErrorCode | ForbiddenCharacter

_INTEGER = re.compile(r"(-?)0*([0-9]+)")
_MAX_DIGITS = len(str(MAX_FOLIO))


@dataclass(frozen=True, slots=True)
class FolioRange:
    """`last` is None if the range has no end."""

    first: int
    last: int | None


@dataclass(frozen=True, slots=True)
class Approval:
    number: int
    year: int


def parse_folios(first: str, last: str | None) -> FolioRange | list[FieldProblem]:
    """Returns the range or the problems of firstFolio and lastFolio. An empty last folio means no end."""
    first_folio = _parse_first(first)
    last_folio = None if last is None or is_blank(last) else _parse(last, MAX_FOLIO)
    problems = [first_folio] if isinstance(first_folio, FieldProblem) else []
    if isinstance(last_folio, _Refusal):
        problems.append(FieldProblem.of("lastFolio", last_folio, 1, MAX_FOLIO))
    if isinstance(first_folio, FieldProblem) or isinstance(last_folio, _Refusal):
        return problems
    if last_folio is not None and last_folio < first_folio:
        return [FieldProblem("lastFolio", FieldErrorCode.LESS_THAN_FIRST, first_folio, MAX_FOLIO)]
    return FolioRange(first_folio, last_folio)


def parse_approval(number: str | None, year: int | None) -> Approval | list[FieldProblem] | None:
    """Requires both or neither; an empty number counts as omitted. Returns problems of both fields."""
    problems = []
    first_year, last_year = APPROVAL_YEARS[0], APPROVAL_YEARS[-1]
    parsed = None if number is None or is_blank(number) else _parse(number, MAX_APPROVAL_NUMBER)
    if parsed is None and year is not None:
        problems.append(FieldProblem("approvalNumber", FieldErrorCode.MISSING, 1, MAX_APPROVAL_NUMBER))
    if isinstance(parsed, _Refusal):
        problems.append(FieldProblem.of("approvalNumber", parsed, 1, MAX_APPROVAL_NUMBER))
    if year is None and parsed is not None:
        problems.append(FieldProblem("approvalYear", FieldErrorCode.MISSING, first_year, last_year))
    if year is not None and year not in APPROVAL_YEARS:
        problems.append(FieldProblem("approvalYear", FieldErrorCode.OUT_OF_RANGE, first_year, last_year))
    if problems or isinstance(parsed, _Refusal):
        return problems
    return None if parsed is None or year is None else Approval(parsed, year)


def _parse_first(text: str) -> int | FieldProblem:
    if is_blank(text):
        return FieldProblem("firstFolio", FieldErrorCode.MISSING, 1, MAX_FOLIO)
    folio = _parse(text, MAX_FOLIO)
    return FieldProblem.of("firstFolio", folio, 1, MAX_FOLIO) if isinstance(folio, _Refusal) else folio


def _parse(text: str, largest: int) -> int | FieldErrorCode | ForbiddenCharacter:
    """Parses a number of at least 1. A too long one is not converted."""
    typed = plain(text)
    if isinstance(typed, ForbiddenCharacter):
        return typed
    match = _INTEGER.fullmatch(typed)
    if match is None:
        return FieldErrorCode.MALFORMED
    sign, digits = match.groups()
    if sign or len(digits) > _MAX_DIGITS or not 1 <= int(digits) <= largest:
        return FieldErrorCode.OUT_OF_RANGE
    return int(digits)
