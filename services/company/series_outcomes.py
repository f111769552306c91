"""What services/company/series.py shows of a series, and what comes of changing one or of taking its folios."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models.sql import as_datetime, as_uuid
from services.company.folios import MAX_FOLIO


@dataclass(frozen=True, slots=True)
class SeriesView:
    id: UUID
    name: str
    first_folio: int
    last_folio: int | None
    last_taken: int
    approval_number: int | None
    approval_year: int | None
    created_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "SeriesView":
        """From a row as either database returns it."""
        return cls(**{**row, "id": as_uuid(row["id"]), "created_at": as_datetime(row["created_at"])})

    @property
    def next_folio(self) -> int | None:
        """None once all are taken."""
        last = MAX_FOLIO if self.last_folio is None else self.last_folio
        return self.last_taken + 1 if self.last_taken < last else None

    @property
    def remaining(self) -> int | None:
        """None where there is no last one."""
        return None if self.last_folio is None else self.last_folio - self.last_taken


@dataclass(frozen=True, slots=True)
class SeriesCreated:
    series: SeriesView


@dataclass(frozen=True, slots=True)
class SeriesUpdated:
    series: SeriesView


@dataclass(frozen=True, slots=True)
class SeriesDeleted:
    id: UUID


@dataclass(frozen=True, slots=True)
class CompanyNotConfigured:
    """The company's data come first."""


@dataclass(frozen=True, slots=True)
class SeriesLimitReached:
    maximum: int


@dataclass(frozen=True, slots=True)
class SeriesNotFound:
    """None of the account's series has this id."""


@dataclass(frozen=True, slots=True)
class SeriesInUse:
    """Folios of it were taken."""


@dataclass(frozen=True, slots=True)
class LastSeries:
    """The account has no other."""


@dataclass(frozen=True, slots=True)
class FolioIssued:
    series: str
    folio: int


@dataclass(frozen=True, slots=True)
class SeriesExhausted:
    """The last folio is taken."""
