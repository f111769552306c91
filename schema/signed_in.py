"""What the successes of signed-in mutations have in common."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import strawberry

from schema.messages import message_field

if TYPE_CHECKING:
    from schema.account import Account

AccountLoader = Callable[[], Awaitable["Account"]]


@strawberry.type
class SignedInSuccess:
    load_account: strawberry.Private[AccountLoader]
    message: str = message_field()

    @strawberry.field(description="The account as it is after the mutation, read only if selected.")
    async def account(self) -> Annotated["Account", strawberry.lazy("schema.account")]:
        return await self.load_account()
