from resolvers.account import account_after
from schema.access_tokens import CreateAccessTokenInput, CreateAccessTokenResult, CreateAccessTokenSuccess
from schema.context import Info, Input
from services.access.tokens import AccessTokenCreated


async def create_access_token(info: Info, input: Input[CreateAccessTokenInput]) -> CreateAccessTokenResult:
    match await info.context.services.access_tokens.create(info.context.caller, input.audience):
        case AccessTokenCreated(principal, token, expires_at):
            return CreateAccessTokenSuccess(
                load_account=account_after(info, principal), access_token=token, expires_at=expires_at
            )
        case failure:
            return failure
