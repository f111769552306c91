from schema.account import Account
from schema.context import Info


async def me(info: Info) -> Account | None:
    principal = await info.context.services.sessions.authenticate(info.context.caller)
    return Account.of(principal) if principal else None
