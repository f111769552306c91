"""What a mail about a sign-in says of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """`browser` and `system` are of a closed list, or None. `failures` in a row came before it."""

    at: datetime
    browser: str | None
    system: str | None
    failures: int

    def as_json(self) -> dict[str, object]:
        return {
            "at": self.at.isoformat(),
            "browser": self.browser,
            "system": self.system,
            "failures": self.failures,
        }

    @classmethod
    def of_json(cls, facts: Mapping[str, Any] | str) -> "SignInFacts":
        """Reads a column as Tortoise or a raw statement returns it."""
        read = json.loads(facts) if isinstance(facts, str) else facts
        return cls(datetime.fromisoformat(read["at"]), read["browser"], read["system"], read["failures"])
