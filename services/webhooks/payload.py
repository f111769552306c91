"""The body of a delivery: type, time and data, as Standard Webhooks recommends."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.events.feed import EventView

TEST_TYPE = "webhook.test"
"""Of what `webhook test` sends, which is no event of the feed."""


def event_body(event: EventView) -> bytes:
    """Returns the same bytes whenever the event is delivered."""
    return _body(event.type.value, event.occurred_at, {"accountId": str(event.account_id), **event.details.as_json()})


def test_body(endpoint_id: UUID, now: datetime) -> bytes:
    return _body(TEST_TYPE, now, {"endpointId": str(endpoint_id)})


def _body(type: str, at: datetime, data: dict[str, Any]) -> bytes:
    timestamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    content = {"type": type, "timestamp": timestamp, "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
