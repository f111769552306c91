"""What the owner of an account chooses about how it is treated: the language of its mails."""

from dataclasses import dataclass
from functools import partial

from models.account import Account
from models.transactions import atomically
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.outcomes import NotAuthenticated, RestrictedSession
from services.common.translations import Language
from services.events.facts import AccountField, Details, EventType
from services.events.publishing import publish


@dataclass(frozen=True, slots=True)
class PreferencesUpdated:
    principal: Principal


@dataclass(frozen=True, slots=True)
class PreferenceService:
    sessions: SessionService
    actors: Actors

    async def update(
        self, caller: Caller, language: Language
    ) -> PreferencesUpdated | RestrictedSession | NotAuthenticated:
        """Records and publishes the language only if it is another one."""
        principal = await self.sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        await atomically(partial(self._update, caller, principal, language))
        return PreferencesUpdated(principal)

    async def _update(self, caller: Caller, principal: Principal, language: Language) -> None:
        others = Account.filter(id=principal.id).exclude(language=language.value)
        if await others.update(language=language.value):
            await record(self.actors.of(caller), EventKind.LANGUAGE_CHANGED, principal.id)
            changed = Details(changed=(AccountField.LANGUAGE,))
            await publish(principal.id, EventType.ACCOUNT_UPDATED, changed)
