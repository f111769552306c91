"""The view of a reservation, and the outcomes of reserving, confirming and releasing."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models.sql import as_datetime, as_uuid


class ReservationStatus(enum.Enum):
    RESERVED = "reserved"
    CONFIRMED = "confirmed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class ReservationView:
    """`series_name` and `stamps_left` are as they were when it was reserved; `uuid` is the fiscal folio.

    `folio_skipped` is whether a released folio stays used; otherwise it returned to the series.
    """

    id: UUID
    client_id: UUID
    request_id: UUID
    account_id: UUID
    series_id: UUID
    series_name: str
    folio: int
    payment_id: UUID
    stamps_left: int
    status: ReservationStatus
    uuid: UUID | None
    reserved_at: datetime
    confirmed_at: datetime | None
    released_at: datetime | None
    folio_skipped: bool

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "ReservationView":
        """Builds the view from a row of either database."""
        return cls(
            id=as_uuid(row["id"]),
            client_id=as_uuid(row["client_id"]),
            request_id=as_uuid(row["request_id"]),
            account_id=as_uuid(row["account_id"]),
            series_id=as_uuid(row["series_id"]),
            series_name=row["series_name"],
            folio=row["folio"],
            payment_id=as_uuid(row["payment_id"]),
            stamps_left=row["stamps_left"],
            status=_status(row),
            uuid=as_uuid(row["uuid"]) if row["uuid"] else None,
            reserved_at=as_datetime(row["reserved_at"]),
            confirmed_at=_time(row["confirmed_at"]),
            released_at=_time(row["released_at"]),
            folio_skipped=row["skipped_folio"] is not None,
        )


@dataclass(frozen=True, slots=True)
class ReservationPage:
    """Reservations with their cursors."""

    edges: list[tuple[str, ReservationView]]
    has_next: bool


@dataclass(frozen=True, slots=True)
class InvoiceReserved:
    reservation: ReservationView


@dataclass(frozen=True, slots=True)
class InvoiceConfirmed:
    reservation: ReservationView


@dataclass(frozen=True, slots=True)
class InvoiceReleased:
    reservation: ReservationView


@dataclass(frozen=True, slots=True)
class AccountNotActive:
    """Nothing is paid for this moment."""


@dataclass(frozen=True, slots=True)
class NoStampsLeft:
    """All stamps that are good now have been used."""


@dataclass(frozen=True, slots=True)
class RequestIdReused:
    """The client reserved for another account or series with this request id."""


@dataclass(frozen=True, slots=True)
class ReservationNotFound:
    """The client reserved nothing with this request id."""


@dataclass(frozen=True, slots=True)
class InvoiceAlreadyConfirmed:
    """The invoice was confirmed, with that UUID."""

    uuid: UUID


@dataclass(frozen=True, slots=True)
class InvoiceAlreadyReleased:
    """The reservation was released, so it can no longer be confirmed."""


@dataclass(frozen=True, slots=True)
class UuidInUse:
    """Another invoice was confirmed with this UUID."""


def _status(row: Mapping[str, Any]) -> ReservationStatus:
    if row["open_since"]:
        return ReservationStatus.RESERVED
    return ReservationStatus.CONFIRMED if row["uuid"] else ReservationStatus.RELEASED


def _time(value: datetime | str | None) -> datetime | None:
    return as_datetime(value) if value else None
