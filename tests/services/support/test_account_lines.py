"""The form of a line, and every way in which one is refused."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid1, uuid4

import pytest

from services.accounts.rfc import Rfc
from services.common.translations import Language
from services.company.folios import MAX_FOLIO
from services.support.account_lines import MAX_BYTES, AccountLine, LineProblem, parse_line
from tests.account_lines import HASH, SERIES, account_line
from tests.forms import COMPANY, EMAIL, RFC

NOW = datetime(2026, 11, 26, tzinfo=UTC)
PERSON = "CACX7605101P8"


def _line(**changes: Any) -> AccountLine:
    parsed = parse_line(account_line(**changes), NOW)
    assert isinstance(parsed, AccountLine), parsed
    return parsed


def _problems(**changes: Any) -> list[str]:
    parsed = parse_line(account_line(**changes), NOW)
    assert isinstance(parsed, tuple), parsed
    return [str(problem) for problem in parsed]


def test_a_whole_line_is_an_account_with_its_company_and_series() -> None:
    account_id = uuid4()

    line = _line(id=str(account_id), email=" mailto:Ana@Example.com ", rfc="eku-9003173c9")

    assert (line.id, line.email.address, line.rfc) == (account_id, "Ana@example.com", Rfc(RFC))
    assert (line.password_hash, line.language) == (HASH, Language.EN)
    assert line.created_at == datetime(2020, 5, 17, 16, tzinfo=UTC)
    assert line.confirmed_at == datetime(2020, 5, 18, 10, tzinfo=UTC)
    assert line.company
    assert (line.company.legal_name, line.company_outdated) == (COMPANY["legalName"], False)
    (series,) = line.series
    assert (series.checked.name, series.checked.folios.first, series.checked.folios.last) == ("A", 10, 99)
    assert series.last_taken == 41


def test_only_email_and_rfc_are_needed() -> None:
    line = _line(passwordHash=..., language=..., createdAt=..., confirmedAt=..., company=..., series=...)

    assert (line.id, line.password_hash, line.language, line.company, line.series) == (
        None,
        None,
        Language.ES,
        None,
        (),
    )
    assert line.created_at == line.confirmed_at == NOW


def test_without_the_field_an_account_was_confirmed_when_it_was_created() -> None:
    assert _line(confirmedAt=...).confirmed_at == datetime(2020, 5, 17, 16, tzinfo=UTC)


def test_a_series_goes_on_where_the_other_system_stopped() -> None:
    def last_taken(**changes: Any) -> int:
        (series,) = _line(series=[{"name": "A", **changes}]).series
        return series.last_taken

    assert last_taken() == 0
    assert last_taken(firstFolio="10") == 9
    assert last_taken(nextFolio="7") == 6
    assert last_taken(lastFolio=7, nextFolio=8) == 7
    assert last_taken(nextFolio=MAX_FOLIO + 1) == MAX_FOLIO


def test_a_company_of_the_other_type_of_taxpayer_is_taken_only_if_the_line_says_so() -> None:
    refused = _problems(rfc=PERSON)
    line = _line(rfc=PERSON, company={**COMPANY, "outdated": True})

    assert refused == ["company.taxRegime: not for taxpayer type"]
    assert (line.company_outdated, line.company and line.company.tax_regime) == (True, "601")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"email": ...}, "email: missing"),
        ({"email": None}, "email: missing"),
        ({"email": 7}, "email: not a text"),
        ({"email": "ana"}, "email: malformed"),
        ({"email": "ana\0@example.com"}, "email: forbidden character U+0000"),
        ({"email": "a" * 60_000}, "email: too long"),
        ({"rfc": ...}, "rfc: missing"),
        ({"rfc": "XAXX010101000"}, "rfc: generic rfc"),
        ({"rfc": ["EKU9003173C9"]}, "rfc: not a text"),
        ({"passwordHash": "una frase larga"}, "passwordHash: of no known kind"),
        ({"passwordHash": "$2b$04$x"}, "passwordHash: malformed"),
        ({"passwordHash": HASH.replace("$04$", "$15$")}, "passwordHash: takes too long or too much memory to verify"),
        ({"passwordHash": "$2b$" + "x" * 9_000}, "passwordHash: too long"),
        ({"passwordHash": {}}, "passwordHash: not a text"),
        ({"language": "fr"}, "language: not one of es, en"),
        ({"createdAt": "2020-05-17"}, "createdAt: not a time in ISO 8601 with an offset"),
        ({"createdAt": "2020-05-17T10:00:00"}, "createdAt: not a time in ISO 8601 with an offset"),
        ({"createdAt": "0001-01-01T00:00:00+14:00"}, "createdAt: not a time in ISO 8601 with an offset"),
        ({"createdAt": "2030-01-01T00:00:00Z"}, "createdAt: before 1990 or in the future"),
        ({"createdAt": 1589731200}, "createdAt: not a text"),
        ({"confirmedAt": None}, "confirmedAt: not confirmed; the person can register again"),
        ({"id": "7"}, "id: not a random UUID (version 4)"),
        ({"id": str(uuid1())}, "id: not a random UUID (version 4)"),
        ({"id": str(UUID(int=7))}, "id: not a random UUID (version 4)"),
        ({"id": "urn:uuid:" + str(uuid4())}, "id: not a random UUID (version 4)"),
        ({"password": "una frase larga"}, "password: unknown field"),
        ({HASH: 1}, "…: unknown field"),
        ({"company": "ESCUELA"}, "company: not an object"),
        ({"company": {**COMPANY, "legalName": "A|B"}}, "company.legalName: forbidden character «|»"),
        ({"company": {**COMPANY, "postalCode": 26015}}, "company.postalCode: not a text"),
        ({"company": {**COMPANY, "taxRegime": "999"}}, "company.taxRegime: not in catalogue"),
        ({"company": {**COMPANY, "outdated": 1}}, "company.outdated: not true or false"),
        ({"company": {**COMPANY, "rfc": RFC}}, "company.rfc: unknown field"),
        ({"company": None}, "series: without a company"),
        ({"series": {}}, "series: not a list of at most 100"),
        ({"series": [{"name": str(n)} for n in range(101)]}, "series: not a list of at most 100"),
        ({"series": [SERIES, SERIES]}, "series: two with the same name"),
        ({"series": ["A"]}, "series[0]: not an object"),
        ({"series": [{"name": "A", "id": 1}]}, "series[0].id: unknown field"),
        ({"series": [{"name": "A", "firstFolio": 0}]}, "series[0].firstFolio: out of range"),
        ({"series": [{"name": "A", "firstFolio": 1.5}]}, "series[0].firstFolio: not a text"),
        ({"series": [{"name": "A", "firstFolio": 9, "lastFolio": 8}]}, "series[0].lastFolio: less than first"),
        ({"series": [{"name": "A", "approvalNumber": 7}]}, "series[0].approvalYear: missing"),
        ({"series": [{"name": "A", "approvalYear": True}]}, "series[0].approvalYear: not a whole number"),
        (
            {"series": [{**SERIES, "nextFolio": 101}]},
            "series[0].nextFolio: not between the first folio and the one after the last",
        ),
        ({"series": [{**SERIES, "nextFolio": "-1"}]}, "series[0].nextFolio: not a whole number"),
        ({"series": [{**SERIES, "nextFolio": "9" * 5_000}]}, "series[0].nextFolio: not a whole number"),
    ],
)
def test_a_line_is_refused_with_the_field_and_the_reason(changes: dict[str, Any], problem: str) -> None:
    assert _problems(**changes) == [problem]


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe{",
        b'{"email":"\xff"}',
        b'{"email":"\\ud800@example.com"}',
        b"[" * MAX_BYTES,
        b'{"a":' * 10_000,
        b"\0",
        b"{}{}",
        b'{"email":NaN}',
        b"{'email':1}",
        "{}".encode("utf-16"),
    ],
)
def test_what_is_no_json_in_utf_8_is_refused(line: bytes) -> None:
    assert parse_line(line, NOW) == (LineProblem(None, "not JSON in UTF-8"),)


@pytest.mark.parametrize("line", [b"[]", b"null", b'"ana@example.com"', b"7"])
def test_what_is_no_object_is_refused(line: bytes) -> None:
    assert parse_line(line, NOW) == (LineProblem(None, "not an object"),)


def test_every_problem_of_a_line_is_named() -> None:
    parsed = parse_line(json.dumps({"language": "fr", "passwordHash": "x"}).encode(), NOW)

    assert isinstance(parsed, tuple)
    assert {problem.field for problem in parsed} == {"email", "rfc", "language", "passwordHash"}


def test_a_hash_is_not_shown() -> None:
    assert HASH not in repr(_line())
    assert EMAIL not in repr(_line())
