"""The merchant that the service is at the stand-in, with credentials that all of its processes derive alike."""

import hmac
from dataclasses import dataclass, field

from app.development.paypal.api import Access
from app.development.paypal.events import Events
from services.common.secrets import Keys

PATH = "/paypal"
_TOKEN_SECONDS = 32_400


@dataclass(frozen=True, slots=True)
class Merchant:
    url: str
    client_id: str
    client_secret: str = field(repr=False)
    webhook_id: str
    _key: bytes = field(repr=False)

    @classmethod
    def of(cls, keys: Keys, own_url: str) -> "Merchant":
        """`own_url` is where the service reaches itself."""
        key = keys.lasting("paypal stand-in")
        return cls(own_url + PATH, "stand-in", _derived(key, "client secret"), "STANDIN", key)

    @property
    def access(self) -> Access:
        token = _derived(self._key, "token")
        return Access(
            self.client_id,
            self.client_secret,
            _TOKEN_SECONDS,
            lambda: token,
            lambda given: hmac.compare_digest(given.encode(), token.encode()),
        )

    @property
    def events(self) -> Events:
        return Events(self.url, self.webhook_id, hmac.digest(self._key, b"events", "sha256"))


def _derived(key: bytes, purpose: str) -> str:
    return hmac.digest(key, purpose.encode(), "sha256").hex()
