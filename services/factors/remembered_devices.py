"""Devices on which login skips the second step, by a token that the device keeps. Only its digest is stored.

A token counts for one account, beside its right password, and while that password is the same: every change of it
increments the account's generation.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from models.account import Account
from models.remembered_device import RememberedDevice
from services.common.caller import Caller
from services.common.secrets import digest, generate_token

DEVICE_LIFE = timedelta(days=30)
MAX_DEVICES = 20


@dataclass(frozen=True, slots=True)
class DeviceToken:
    token: str = field(repr=False)
    expires_at: datetime


async def remember(account: Account, session_id: UUID, caller: Caller, now: datetime) -> DeviceToken:
    """Remembers the caller's device, in the caller's transaction, which has locked the account.

    One too many ends the one that was used least recently.
    """
    token = DeviceToken(generate_token(), now + DEVICE_LIFE)
    await RememberedDevice.create(
        id=uuid4(),
        account_id=account.id,
        digest=digest(token.token),
        password_generation=account.password_generation,
        session_id=session_id,
        created_at=now,
        last_used_at=now,
        expires_at=token.expires_at,
        device_name=caller.device_name,
        user_agent=caller.user_agent,
    )
    used_least = RememberedDevice.filter(account_id=account.id).order_by("-last_used_at").offset(MAX_DEVICES)
    if surplus := await used_least.limit(MAX_DEVICES).values_list("id", flat=True):
        await RememberedDevice.filter(id__in=surplus).delete()
    return token


async def find(account: Account, token: str | None, now: datetime) -> RememberedDevice | None:
    """Returns the account's device that the token belongs to, in a transaction that has locked the account."""
    if not token:
        return None
    valid = RememberedDevice.filter(account_id=account.id, password_generation=account.password_generation)
    return await valid.get_or_none(digest=digest(token), expires_at__gt=now)


async def record_use(device: RememberedDevice, session_id: UUID, now: datetime) -> None:
    await RememberedDevice.filter(id=device.id).update(session_id=session_id, last_used_at=now)
