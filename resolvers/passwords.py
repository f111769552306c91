from schema.context import Info
from schema.types import PasswordPolicy


async def password_policy(info: Info) -> PasswordPolicy:
    return PasswordPolicy.of(info.context.services.password_policy)
