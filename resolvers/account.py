from functools import partial

from schema.account import Account
from schema.context import Info
from schema.signed_in import AccountLoader
from services.accounts.sessions import Principal


async def me(info: Info) -> Account | None:
    principal = await info.context.services.sessions.authenticate(info.context.caller)
    return Account.of(principal) if principal else None


def account_after(info: Info, principal: Principal) -> AccountLoader:
    """Returns what reads the account of a success once it is selected."""
    return partial(_reload, info, principal)


async def _reload(info: Info, principal: Principal) -> Account:
    return Account.of(await info.context.services.sessions.reload(principal))
