"""The lines by which accounts move between systems: one JSON object each (docs/importing.md)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from models.account import Account
from models.company import Company
from models.series import Series
from services.accounts.email import Email, email_problem, parse_email
from services.accounts.password_hashes import HashProblem, parse_hash
from services.accounts.rfc import Rfc, TaxpayerType, parse_rfc
from services.common.outcomes import FieldProblem, InvalidInput
from services.common.translations import Language
from services.company.company_form import CheckedCompany, CompanyForm, check_company
from services.company.folios import MAX_FOLIO
from services.company.series import MAX_SERIES
from services.company.series_form import CheckedSeries, SeriesForm, check_series

MAX_BYTES = 65_536
"""Of a line: more than twice what an account with a hundred series takes."""

_FIELDS = frozenset({"id", "email", "rfc", "passwordHash", "language", "createdAt", "confirmedAt", "company", "series"})
_COMPANY_FIELDS = frozenset({"legalName", "taxRegime", "postalCode", "outdated"})
_SERIES_FIELDS = frozenset({"name", "firstFolio", "lastFolio", "nextFolio", "approvalNumber", "approvalYear"})
_NAME = re.compile(r"[A-Za-z_]{1,40}", re.ASCII)  # of a field that an error may repeat
_RANDOM = 4  # the version of a random UUID
_FIRST_YEAR = 1990
_CLOCK_SKEW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LineProblem:
    """`field` is its path in the object. The reason repeats nothing of the line but single characters."""

    field: str | None
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}" if self.field else self.reason


@dataclass(frozen=True, slots=True)
class LineSeries:
    checked: CheckedSeries
    last_taken: int


@dataclass(frozen=True, slots=True, repr=False)
class AccountLine:
    """A parsed line. Without `password_hash`, only recovery opens the account."""

    id: UUID | None
    email: Email
    rfc: Rfc
    password_hash: str | None
    language: Language
    created_at: datetime
    confirmed_at: datetime
    company: CheckedCompany | None
    company_outdated: bool
    series: tuple[LineSeries, ...]


def parse_line(line: bytes, now: datetime) -> AccountLine | tuple[LineProblem, ...]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return (LineProblem(None, "not JSON in UTF-8"),)
    if not isinstance(value, dict):
        return (LineProblem(None, "not an object"),)
    return _Parser(value, now).parse()


def format_line(account: Account, company: Company | None, series: Iterable[Series]) -> bytes:
    """Returns an account's line, without its line end. Importing it creates the same account."""
    line: dict[str, Any] = {
        "id": str(account.id),
        "email": account.email,
        "rfc": account.rfc,
        "passwordHash": account.password_hash,
        "language": account.language,
        "createdAt": account.created_at.astimezone(UTC).isoformat(),
        "confirmedAt": account.confirmed_at.astimezone(UTC).isoformat(),
    }
    if company:
        line["company"] = {
            "legalName": company.legal_name,
            "taxRegime": company.tax_regime,
            "postalCode": company.postal_code,
            **({"outdated": True} if account.company_outdated else {}),
        }
        line["series"] = [
            {
                "name": each.name,
                "firstFolio": each.first_folio,
                "lastFolio": each.last_folio,
                "nextFolio": each.last_taken + 1,
                "approvalNumber": each.approval_number,
                "approvalYear": each.approval_year,
            }
            for each in series
        ]
    return orjson.dumps(line)


class _Parser:
    """Collects the problems of a line while it reads the fields."""

    def __init__(self, value: dict[str, Any], now: datetime) -> None:
        self._value = value
        self._now = now
        self._problems: list[LineProblem] = []

    def parse(self) -> AccountLine | tuple[LineProblem, ...]:
        self._refuse_others(self._value, _FIELDS, "")
        email, rfc = self._email(), self._rfc()
        created_at = self._time("createdAt", self._now)
        company, outdated = self._company(rfc.taxpayer_type if rfc else None)
        series = self._series(has_company="company" in self._value and self._value["company"] is not None)
        account_id, password_hash, language = self._id(), self._password_hash(), self._language()
        confirmed_at = self._confirmed_at(created_at)
        if self._problems or email is None or rfc is None:
            return tuple(self._problems)
        return AccountLine(
            account_id,
            email,
            rfc,
            password_hash,
            language,
            created_at,
            confirmed_at,
            company,
            outdated,
            tuple(series),
        )

    def _email(self) -> Email | None:
        text = self._text(self._value, "email")
        email = parse_email(text)
        if email is None:
            self._add(email_problem(text))
        return email

    def _rfc(self) -> Rfc | None:
        rfc = parse_rfc(self._text(self._value, "rfc"))
        if isinstance(rfc, Rfc):
            return rfc
        self._add(FieldProblem.of("rfc", rfc))
        return None

    def _id(self) -> UUID | None:
        text = self._text(self._value, "id")
        if not text:
            return None
        try:
            parsed = UUID(text)
        except ValueError:
            parsed = None
        # Stand-ins of unknown e-mails and the progress of long commands need ids that are spread evenly.
        if parsed is None or str(parsed) != text.lower() or parsed.version != _RANDOM:
            self._refuse("id", "not a random UUID (version 4)")
        return parsed

    def _password_hash(self) -> str | None:
        text = self._text(self._value, "passwordHash")
        if not text:
            return None
        parsed = parse_hash(text)
        if isinstance(parsed, HashProblem):
            self._refuse("passwordHash", parsed.value)
            return None
        if parsed.cost > 1:
            self._refuse("passwordHash", "takes too long or too much memory to verify")
        return parsed.text

    def _language(self) -> Language:
        text = self._text(self._value, "language") or Language.ES.value
        if text not in {language.value for language in Language}:
            self._refuse("language", f"not one of {', '.join(language.value for language in Language)}")
            return Language.ES
        return Language(text)

    def _confirmed_at(self, created_at: datetime) -> datetime:
        """Without the field, the other system had only confirmed accounts; with null, this one was not."""
        if "confirmedAt" in self._value and self._value["confirmedAt"] is None:
            self._refuse("confirmedAt", "not confirmed; the person can register again")
        return self._time("confirmedAt", created_at)

    def _time(self, field: str, default: datetime) -> datetime:
        text = self._text(self._value, field)
        if not text:
            return default
        moment = _moment(text)
        if moment is None:
            self._refuse(field, "not a time in ISO 8601 with an offset")
        elif moment.year < _FIRST_YEAR or moment > self._now + _CLOCK_SKEW:
            self._refuse(field, f"before {_FIRST_YEAR} or in the future")
        return moment or default

    def _company(self, taxpayer_type: TaxpayerType | None) -> tuple[CheckedCompany | None, bool]:
        value = self._value.get("company")
        if value is None:
            return None, False
        if not isinstance(value, dict):
            self._refuse("company", "not an object")
            return None, False
        self._refuse_others(value, _COMPANY_FIELDS, "company.")
        outdated = value.get("outdated", False)
        if not isinstance(outdated, bool):
            self._refuse("company.outdated", "not true or false")
        form = CompanyForm(
            *(self._text(value, field, "company.") for field in ("legalName", "taxRegime", "postalCode"))
        )
        if taxpayer_type is None:
            return None, False
        checked = check_company(form, _other(taxpayer_type) if outdated is True else taxpayer_type)
        if isinstance(checked, InvalidInput):
            for problem in checked.problems:
                self._add(problem, "company.")
            return None, False
        return checked, outdated is True

    def _series(self, *, has_company: bool) -> list[LineSeries]:
        values = self._value.get("series")
        if values is None:
            return []
        if not isinstance(values, list) or len(values) > MAX_SERIES:
            self._refuse("series", f"not a list of at most {MAX_SERIES}")
            return []
        if values and not has_company:
            self._refuse("series", "without a company")
        parsed = [each for place, value in enumerate(values) if (each := self._one_series(value, f"series[{place}]"))]
        if len({each.checked.name for each in parsed}) < len(parsed):
            self._refuse("series", "two with the same name")
        return parsed

    def _one_series(self, value: object, path: str) -> LineSeries | None:
        if not isinstance(value, dict):
            self._refuse(path, "not an object")
            return None
        self._refuse_others(value, _SERIES_FIELDS, f"{path}.")
        year = value.get("approvalYear")
        if year is not None and type(year) is not int:
            self._refuse(f"{path}.approvalYear", "not a whole number")
            return None
        form = SeriesForm(
            self._text(value, "name", f"{path}."),
            self._number(value, "firstFolio", path) or "1",
            self._number(value, "lastFolio", path) or None,
            self._number(value, "approvalNumber", path) or None,
            year,
        )
        checked = check_series(form)
        if isinstance(checked, InvalidInput):
            for problem in checked.problems:
                self._add(problem, f"{path}.")
            return None
        return self._with_next(checked, self._number(value, "nextFolio", path), path)

    def _with_next(self, checked: CheckedSeries, text: str, path: str) -> LineSeries | None:
        first, last = checked.folios.first, checked.folios.last or MAX_FOLIO
        if text and not re.fullmatch(r"[0-9]{1,19}", text, re.ASCII):
            self._refuse(f"{path}.nextFolio", "not a whole number")
            return None
        following = int(text) if text else first
        if not first <= following <= last + 1:
            self._refuse(f"{path}.nextFolio", "not between the first folio and the one after the last")
            return None
        return LineSeries(checked, following - 1)

    def _number(self, value: dict[str, Any], field: str, path: str) -> str:
        """Returns the text of a whole number, which JSON may have as a number or as a string."""
        number = value.get(field)
        return str(number) if type(number) is int else self._text(value, field, f"{path}.")

    def _text(self, value: dict[str, Any], field: str, path: str = "") -> str:
        """Returns an empty string if the field is absent, null or, which it reports, not a string."""
        text = value.get(field)
        if text is None or isinstance(text, str):
            return text or ""
        self._refuse(f"{path}{field}", "not a text")
        return ""

    def _refuse_others(self, value: dict[str, Any], known: frozenset[str], path: str) -> None:
        if others := sorted(value.keys() - known):
            name = others[0] if _NAME.fullmatch(others[0]) else "…"
            self._refuse(f"{path}{name}", "unknown field")

    def _add(self, problem: FieldProblem, path: str = "") -> None:
        reason = problem.code.value.lower().replace("_", " ")
        if problem.character:
            reason += f" {problem.character}"
        if not any(known.field == f"{path}{problem.field}" for known in self._problems):  # such as "not a text"
            self._refuse(f"{path}{problem.field}", reason)

    def _refuse(self, field: str, reason: str) -> None:
        self._problems.append(LineProblem(field, reason))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _other(taxpayer_type: TaxpayerType) -> TaxpayerType:
    (other,) = set(TaxpayerType) - {taxpayer_type}
    return other
