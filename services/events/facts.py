"""What an event may say: names and ids, no secret, and no more about a person than is needed."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID


class EventType(enum.Enum):
    """What can happen to an account. docs/product.md explains each."""

    ACCOUNT_CONFIRMED = "account.confirmed"
    ACCOUNT_ACTIVATED = "account.activated"
    ACCOUNT_LAPSED = "account.lapsed"
    ACCOUNT_DEACTIVATED = "account.deactivated"
    ACCOUNT_UPDATED = "account.updated"
    ACCOUNT_DELETED = "account.deleted"
    SERIES_CREATED = "series.created"
    SERIES_UPDATED = "series.updated"
    SERIES_DELETED = "series.deleted"
    INVOICE_CONFIRMED = "invoice.confirmed"
    STAMPS_LOW = "stamps.low"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105
    SESSIONS_REVOKED = "sessions.revoked"


class AccountField(enum.Enum):
    """What `account.updated` may be about."""

    EMAIL = "email"
    RFC = "rfc"
    COMPANY = "company"
    LANGUAGE = "language"


_FIELDS = {each.value: each for each in AccountField}


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What an event says besides its type, time and account. Each type fills the fields that it needs.

    `changed` also holds the names of parts that only a newer release knows, so that whoever reads it says the same.
    `active_until` is the end of the paid time, `request_id` and `invoice_uuid` belong to a confirmed invoice, and
    `stamps_left` says how many stamps the account still has.
    """

    changed: tuple[AccountField | str, ...] = ()
    active_until: datetime | None = None
    series_id: UUID | None = None
    request_id: str | None = None
    invoice_uuid: UUID | None = None
    stamps_left: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Returns the fields that are set, by the names that they have in the schema."""
        values = {
            "changed": [_name(each) for each in self.changed] or None,
            "activeUntil": self.active_until and _text(self.active_until),
            "seriesId": self.series_id and str(self.series_id),
            "requestId": self.request_id,
            "invoiceUuid": self.invoice_uuid and str(self.invoice_uuid),
            "stampsLeft": self.stamps_left,
        }
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> "Details":
        until, series_id, invoice_uuid = (stored.get(name) for name in ("activeUntil", "seriesId", "invoiceUuid"))
        return cls(
            changed=tuple(_FIELDS.get(each, each) for each in stored.get("changed", ())),
            active_until=datetime.fromisoformat(until) if until else None,
            series_id=UUID(series_id) if series_id else None,
            request_id=stored.get("requestId"),
            invoice_uuid=UUID(invoice_uuid) if invoice_uuid else None,
            stamps_left=stored.get("stampsLeft"),
        )


NO_DETAILS = Details()


def _name(field: AccountField | str) -> str:
    return field.value if isinstance(field, AccountField) else field


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
