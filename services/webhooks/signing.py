"""The secrets of endpoints and the signatures of deliveries, after Standard Webhooks."""

import base64
import hmac
from datetime import datetime
from uuid import UUID

from services.common.secrets import Keys

_PREFIX = "whsec_"


class Signer:
    """Derives each secret from NAMING_KEY, the endpoint's id and a version, so that none is stored."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def secret(self, endpoint_id: UUID, version: int) -> str:
        """Returns the secret as its receiver configures it."""
        return _PREFIX + base64.b64encode(self._key(endpoint_id, version)).decode()

    def headers(
        self, endpoint_id: UUID, versions: tuple[int, ...], message_id: str, now: datetime, body: bytes
    ) -> dict[str, str]:
        """Returns the headers that prove who sent the body and when, with a signature for each version."""
        timestamp = str(int(now.timestamp()))
        signed = b".".join((message_id.encode(), timestamp.encode(), body))
        digests = [hmac.digest(self._key(endpoint_id, version), signed, "sha256") for version in versions]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
        }

    def _key(self, endpoint_id: UUID, version: int) -> bytes:
        return self._keys.lasting(f"webhook {endpoint_id} {version}")
