"""The devices on which login skips the second step."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.errors import register
from schema.signed_in import SignedInSuccess
from services.accounts.remembered_devices import DeviceNotFound, DeviceView
from services.common.outcomes import NotAuthenticated, RestrictedSession


@strawberry.type(description="A device on which login skips the second step for 30 days.")
class RememberedDevice:
    id: strawberry.ID = strawberry.field(description="The identifier of the device, for forgetDevice; not its token.")
    created_at: datetime = strawberry.field(description="When the second factor was verified on it.")
    last_used_at: datetime = strawberry.field(description="When it was last used to log in.")
    expires_at: datetime = strawberry.field(description="When login asks for the second factor again.")
    device_name: str | None = strawberry.field(description="The name that the client gave at login.")
    user_agent: str | None = strawberry.field(description="The User-Agent of the device.")
    current: bool = strawberry.field(description="Whether it opened the session of the current request.")

    @classmethod
    def of(cls, view: DeviceView) -> "RememberedDevice":
        return cls(
            id=strawberry.ID(str(view.id)),
            created_at=view.created_at,
            last_used_at=view.last_used_at,
            expires_at=view.expires_at,
            device_name=view.device_name,
            user_agent=view.user_agent,
            current=view.current,
        )


@strawberry.input(description="The input of forgetDevice.")
class ForgetDeviceInput:
    id: strawberry.ID = strawberry.field(description="The id of the device, from me.rememberedDevices.")


@strawberry.type(description="Login asks for the second factor on the device again.")
class ForgetDeviceSuccess(SignedInSuccess):
    id: strawberry.ID = strawberry.field(description="The id of the device, to remove it from a list.")


register(DeviceNotFound, "The account has no remembered device with this id; it may have ended.")

ForgetDeviceResult = Annotated[
    ForgetDeviceSuccess | DeviceNotFound | RestrictedSession | NotAuthenticated,
    strawberry.union("ForgetDeviceResult", description="The result of forgetDevice."),
]
