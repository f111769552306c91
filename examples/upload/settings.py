"""What the operator says: variables of the environment, read once at the start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """`accounts_url` is where this process and browsers reach the service, and the issuer of its tokens."""

    accounts_url: str
    audience: str
    client_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    folder: Path
    port: int
    provider_seconds: float

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> "Settings":
        """Raises ValueError, which names the variable and repeats no value."""

        def needed(name: str) -> str:
            if value := environment.get(name, "").strip():
                return value
            raise ValueError(f"{name} is not set")

        return cls(
            accounts_url=environment.get("ACCOUNTS_URL", "http://127.0.0.1:8000").rstrip("/"),
            audience=needed("AUDIENCE"),
            client_secret=needed("CLIENT_SECRET"),
            webhook_secret=needed("WEBHOOK_SECRET"),
            folder=Path(environment.get("DATA_DIR", "data")),
            port=int(environment.get("PORT", "8100")),
            provider_seconds=float(environment.get("PROVIDER_SECONDS", "10")),
        )
