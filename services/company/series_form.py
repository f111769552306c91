"""Checks the data of a series."""

from dataclasses import dataclass
from typing import Any

from services.common.outcomes import FieldProblem, InvalidInput
from services.company.cfdi_text import parse_attribute
from services.company.folios import Approval, FolioRange, parse_approval, parse_folios

MAX_NAME_LENGTH = 25


@dataclass(frozen=True, slots=True)
class SeriesForm:
    """The form of a series, as typed. An empty last folio or approval number, as HTML forms send, counts as omitted."""

    name: str
    first_folio: str
    last_folio: str | None = None
    approval_number: str | None = None
    approval_year: int | None = None


@dataclass(frozen=True, slots=True)
class CheckedSeries:
    """The parsed data."""

    name: str
    folios: FolioRange
    approval: Approval | None

    def columns(self) -> dict[str, Any]:
        """The typed columns of models/series.py."""
        return {
            "name": self.name,
            "first_folio": self.folios.first,
            "last_folio": self.folios.last,
            "approval_number": self.approval.number if self.approval else None,
            "approval_year": self.approval.year if self.approval else None,
        }


def check_series(form: SeriesForm) -> CheckedSeries | InvalidInput:
    name = parse_attribute(form.name, MAX_NAME_LENGTH)
    folios = parse_folios(form.first_folio, form.last_folio)
    approval = parse_approval(form.approval_number, form.approval_year)
    if isinstance(name, str) and isinstance(folios, FolioRange) and not isinstance(approval, list):
        return CheckedSeries(name, folios, approval)
    problems = [] if isinstance(name, str) else [FieldProblem.of("name", name, maximum=MAX_NAME_LENGTH)]
    for part in (folios, approval):
        problems += part if isinstance(part, list) else []
    return InvalidInput(tuple(problems))
