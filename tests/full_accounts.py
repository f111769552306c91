"""An account with everything that it may have: a company, a hundred series and fifty sessions."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from models.account import Account
from models.series import Series
from models.session import Session
from services.accounts.sessions import MAX_SESSIONS
from services.common.secrets import digest
from services.company.series import MAX_SERIES
from tests.api import COMPANY, Api
from tests.stored_accounts import store_account, store_company


async def full_account(api: Api) -> Api:
    """Whoever is logged in with it. It is written past the API, which would take long and mails in production."""
    now = datetime.now(UTC)
    account = await store_account()
    await store_company(account, legal_name=COMPANY["legalName"].lower() + " sa de cv")
    tokens = [f"token{number}" for number in range(MAX_SESSIONS)]
    await Series.bulk_create(_series(account, number, now) for number in range(MAX_SERIES))
    await Session.bulk_create(_session(account, token, now) for token in tokens)
    return api.signed_in(tokens[0])


def _series(account: Account, number: int, now: datetime) -> Series:
    return Series(
        id=uuid4(),
        account_id=account.id,
        name=f"SERIE {number}",
        first_folio=1,
        last_folio=2**62,
        last_taken=2**61,
        approval_number=10**13,
        approval_year=2012,
        created_at=now,
    )


def _session(account: Account, token: str, now: datetime) -> Session:
    return Session(
        id=uuid4(),
        account_id=account.id,
        digest=digest(token),
        created_at=now,
        last_seen_at=now,
        ends_at=now + timedelta(days=30),
        expires_at=now + timedelta(days=14),
        device_name="x" * 100,
        user_agent="Mozilla/5.0 (X11; Linux x86_64) " + "x" * 200,
        ip_address="2001:db8:1234:5678:9abc:def0:1234:5678",
    )
