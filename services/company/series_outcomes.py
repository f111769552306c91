"""The view of a series, the outcomes of changing it, and what keeps an invoice from taking one of its folios."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models.sql import as_datetime, as_uuid
from services.accounts.sessions import Principal
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
        """Builds the view from a row of either database."""
        return cls(**{**row, "id": as_uuid(row["id"]), "created_at": as_datetime(row["created_at"])})

    @property
    def next_folio(self) -> int | None:
        """None once all have been issued."""
        last = MAX_FOLIO if self.last_folio is None else self.last_folio
        return self.last_taken + 1 if self.last_taken < last else None

    @property
    def remaining(self) -> int | None:
        """None if the range has no end."""
        return None if self.last_folio is None else self.last_folio - self.last_taken


@dataclass(frozen=True, slots=True)
class SeriesCreated:
    principal: Principal
    series: SeriesView


@dataclass(frozen=True, slots=True)
class SeriesUpdated:
    principal: Principal
    series: SeriesView


@dataclass(frozen=True, slots=True)
class SeriesDeleted:
    principal: Principal
    id: UUID


@dataclass(frozen=True, slots=True)
class CompanyNotConfigured:
    """The company must be configured first."""


@dataclass(frozen=True, slots=True)
class SeriesLimitReached:
    maximum: int


@dataclass(frozen=True, slots=True)
class SeriesNotFound:
    """The account has no series with this id."""


@dataclass(frozen=True, slots=True)
class SeriesInUse:
    """Folios of the series have been issued."""


@dataclass(frozen=True, slots=True)
class LastSeries:
    """The account has no other series."""


@dataclass(frozen=True, slots=True)
class SeriesExhausted:
    """The last folio has been issued."""
