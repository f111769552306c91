"""What every resolver gets of the request and of the process."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import strawberry

from services.caller import Caller
from services.language import Texts
from services.validation.password import PasswordPolicy


@dataclass(frozen=True, slots=True)
class Services:
    """The process's services; they live as long as it does."""

    texts: Texts
    password_policy: PasswordPolicy


@dataclass(frozen=True, slots=True)
class Context:
    caller: Caller
    services: Services
    outcomes: dict[str, str] = field(default_factory=dict)  # root field → type of its result, for observers

    def translate(self, key: str, values: Mapping[str, object] | None = None) -> str:
        return self.services.texts.say(self.caller.language, key, values)


Info = strawberry.Info[Context, None]
