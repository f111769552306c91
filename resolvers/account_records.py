from datetime import datetime
from typing import Annotated

import strawberry

from schema.account_records import AccountBy, AccountRecord, AccountRecordConnection, AccountResult, AccountsResult
from schema.context import Info
from schema.pages import After, First
from services.access.records import AccountPage, AccountView
from services.common.pages import DEFAULT_PAGE


async def account(
    info: Info, by: Annotated[AccountBy, strawberry.argument(description="Which account.")]
) -> AccountResult:
    match await info.context.services.account_records.find(info.context.caller, by.value()):
        case AccountView() as view:
            return AccountRecord.of(info, view)
        case failure:
            return failure


async def accounts(
    info: Info,
    after: After = None,
    first: First = DEFAULT_PAGE,
    updated_since: Annotated[
        datetime | None,
        strawberry.argument(description="Lists only accounts whose updatedAt is not before this; omit it for all."),
    ] = None,
) -> AccountsResult:
    records = info.context.services.account_records
    match await records.page(info.context.caller, after=after, first=first, updated_since=updated_since):
        case AccountPage() as page:
            return AccountRecordConnection.of(info, page)
        case failure:
            return failure
