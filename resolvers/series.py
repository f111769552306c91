import strawberry

from resolvers.account import account_after
from schema.context import Info, Input
from schema.series import (
    CreateSeriesInput,
    CreateSeriesResult,
    CreateSeriesSuccess,
    DeleteSeriesInput,
    DeleteSeriesResult,
    DeleteSeriesSuccess,
    UpdateSeriesInput,
    UpdateSeriesResult,
    UpdateSeriesSuccess,
    series_of,
)
from services.company.series_outcomes import SeriesCreated, SeriesDeleted, SeriesUpdated


async def create_series(info: Info, input: Input[CreateSeriesInput]) -> CreateSeriesResult:
    match await info.context.services.series.create(info.context.caller, input.value()):
        case SeriesCreated(principal, series):
            (made,) = series_of(info, [series])
            return CreateSeriesSuccess(load_account=account_after(info, principal), series=made)
        case failure:
            return failure


async def update_series(info: Info, input: Input[UpdateSeriesInput]) -> UpdateSeriesResult:
    match await info.context.services.series.update(info.context.caller, input.id, input.value()):
        case SeriesUpdated(principal, series):
            (changed,) = series_of(info, [series])
            return UpdateSeriesSuccess(load_account=account_after(info, principal), series=changed)
        case failure:
            return failure


async def delete_series(info: Info, input: Input[DeleteSeriesInput]) -> DeleteSeriesResult:
    match await info.context.services.series.delete(info.context.caller, input.id):
        case SeriesDeleted(principal, id):
            return DeleteSeriesSuccess(load_account=account_after(info, principal), id=strawberry.ID(str(id)))
        case failure:
            return failure
