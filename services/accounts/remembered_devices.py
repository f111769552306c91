"""Owners see the devices on which login skips the second step, and forget them."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from tortoise.expressions import Subquery

from models.account import Account
from models.remembered_device import RememberedDevice
from models.transactions import atomically
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.ids import parse_id
from services.common.outcomes import NotAuthenticated, RestrictedSession
from services.events.publishing import lock_account
from services.factors.remembered_devices import MAX_DEVICES


@dataclass(frozen=True, slots=True)
class DeviceView:
    """`current` means that it opened the caller's session."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    device_name: str | None
    user_agent: str | None
    current: bool


@dataclass(frozen=True, slots=True)
class DeviceForgotten:
    principal: Principal
    id: UUID


@dataclass(frozen=True, slots=True)
class DeviceNotFound:
    """The account has no remembered device with this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedDevices:
    sessions: SessionService
    actors: Actors
    clock: Clock = utc_now

    async def list_for(self, principal: Principal) -> tuple[DeviceView, ...]:
        """Returns the devices that login would accept, the one used last first."""
        if principal.second_factor_since is None or principal.restricted:
            return ()
        generation = Account.filter(id=principal.id).values("password_generation")
        valid = RememberedDevice.filter(account_id=principal.id, expires_at__gt=self.clock())
        devices = await valid.filter(password_generation=Subquery(generation)).order_by("-last_used_at")
        return tuple(_view(device, principal) for device in devices[:MAX_DEVICES])

    async def forget(
        self, caller: Caller, id: str
    ) -> DeviceForgotten | DeviceNotFound | RestrictedSession | NotAuthenticated:
        """The next login on that device asks for the second factor. Its session stays."""
        principal = await self.sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        device_id = parse_id(id)
        if device_id is None:
            return DeviceNotFound()
        return await atomically(partial(self._forget, caller, principal, device_id))

    async def _forget(self, caller: Caller, principal: Principal, device_id: UUID) -> DeviceForgotten | DeviceNotFound:
        await lock_account(principal.id)  # a login with the device is over, or will not find it
        if not await RememberedDevice.filter(id=device_id, account_id=principal.id).delete():
            return DeviceNotFound()
        await record(self.actors.of(caller), EventKind.DEVICE_FORGOTTEN, principal.id, subject=device_id)
        return DeviceForgotten(principal, device_id)


def _view(device: RememberedDevice, principal: Principal) -> DeviceView:
    return DeviceView(
        id=device.id,
        created_at=device.created_at,
        last_used_at=device.last_used_at,
        expires_at=device.expires_at,
        device_name=device.device_name,
        user_agent=device.user_agent,
        current=device.session_id == principal.session_id,
    )
