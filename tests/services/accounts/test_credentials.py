"""Which account's hash a login with an unknown e-mail costs."""

from typing import Any
from uuid import UUID

from models.account import Account
from services.accounts import credentials
from services.accounts.credentials import Candidate, StandIns
from services.common.clock import utc_now
from services.common.secrets import Keys
from tests.stored_accounts import store_account

STAND_INS = StandIns(Keys(b"a key of thirty-two bytes or more"))


async def _candidate(email: str, position: UUID | None = None) -> Candidate:
    return await credentials.look_up(email, "una frase", position or STAND_INS.position(email), utc_now())


async def test_an_unknown_email_has_the_first_account_at_or_after_its_position(database: dict[str, Any]) -> None:
    assert await _candidate("nobody@example.com") == Candidate()
    for number in (2, 5, 7):
        await store_account(f"{number}@example.com", id=UUID(int=number), password_hash=f"hash {number}")
    await Account.filter(id=UUID(int=7)).update(password_hash=None)

    found = [(await _candidate("nobody@example.com", UUID(int=position))).stand_in_hash for position in range(10)]

    assert found == ["hash 2"] * 3 + ["hash 5"] * 3 + [None] * 2 + ["hash 2"] * 2


async def test_unknown_emails_are_spread_over_the_accounts_and_keep_theirs(database: dict[str, Any]) -> None:
    for number in range(40):
        await store_account(f"{number}@example.com", password_hash=f"hash {number}")
    emails = [f"nobody-{number}@example.com" for number in range(100)]

    first, again = [[(await _candidate(email)).stand_in_hash for email in emails] for _ in range(2)]

    assert first == again
    assert None not in first
    assert len(set(first)) > 10


async def test_a_known_email_has_its_own_hash_and_no_stand_in(database: dict[str, Any]) -> None:
    await store_account("ana@example.com", password_hash="own")
    await store_account("eva@example.com", password_hash="another")

    candidate = await _candidate("ana@example.com")

    assert (candidate.password_hash, candidate.stand_in_hash) == ("own", None)


def test_positions_depend_on_the_naming_key() -> None:
    rotated = Keys(b"another key of thirty-two bytes or more", naming_key=b"a key of thirty-two bytes or more")
    other = Keys(b"another key of thirty-two bytes or more")

    assert STAND_INS.position("ana@example.com") == StandIns(rotated).position("ana@example.com")
    assert STAND_INS.position("ana@example.com") != StandIns(other).position("ana@example.com")
