"""Most tests write their account and its session straight to the database. These are like those that people get."""

from datetime import datetime
from typing import Any

from models.account import Account
from models.audit_event import AuditEvent
from models.event import Event
from models.known_network import KnownNetwork
from models.session import Session
from tests.api import Api
from tests.forms import EMAIL

WRITTEN = "eva@example.com"
_OWN = ("id", "account_id", "email_key", "email", "password_hash", "digest", "subject", "event_id", "position")


async def test_a_written_account_and_its_session_are_like_those_of_a_registration_and_a_login(api: Api) -> None:
    await api.confirmed()
    await api.token()
    networks = await KnownNetwork.all().count()

    await api.account(WRITTEN)
    await api.session(WRITTEN)

    assert await _kept(WRITTEN) == await _kept(EMAIL)
    assert await KnownNetwork.all().count() == 2 * networks


async def _kept(email: str) -> list[dict[str, Any]]:
    """The account's rows, without what every account has of its own, and of times only whether there is one."""
    account = await Account.get(email=email)
    rows = [
        *await Account.filter(id=account.id).values(),
        *await Session.filter(account_id=account.id).values(),
        *await AuditEvent.filter(account_id=account.id).order_by("at").values(),
        *await Event.filter(account_id=account.id).values(),
    ]
    return [{name: _shown(value) for name, value in row.items() if name not in _OWN} for row in rows]


def _shown(value: Any) -> Any:
    return "a time" if isinstance(value, datetime) else value
