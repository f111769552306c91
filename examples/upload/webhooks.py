"""Events of timbrado-accounts, as they are delivered: verified, noted once, and told to the pages."""

import logging
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError
from starlette.requests import Request
from starlette.responses import Response

from .changes import Changes
from .journal import Journal

MAX_BYTES = 20_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Receiver:
    journal: Journal
    changes: Changes
    secret: str = field(repr=False)

    async def receive(self, request: Request) -> Response:
        """Answers 204 also for a type that we do not know, which would otherwise hold up those after it."""
        event = self._verified(dict(request.headers), await request.body())
        if event is None:
            return Response(status_code=401)
        content = event.get("data") or {}
        account_id = content.pop("accountId", None)
        if account_id and self.journal.note(
            request.headers["webhook-id"], account_id, event["type"], content, event["timestamp"]
        ):
            log.info("%s of %s", event["type"], account_id)
            self.changes.tell(account_id)
        return Response(status_code=204)

    def _verified(self, headers: dict[str, str], body: bytes) -> dict[str, Any] | None:
        try:
            event: dict[str, Any] = Webhook(self.secret).verify(body, headers)
        except (WebhookVerificationError, ValueError):  # ValueError: neither base64 nor UTF-8
            return None
        return event
