import strawberry

from schema.context import Info
from schema.errors import (
    CompanyNotConfiguredError,
    InvalidInputError,
    LastSeriesError,
    NotAuthenticatedError,
    PasswordChangeRequiredError,
    SeriesInUseError,
    SeriesLimitReachedError,
    SeriesNotFoundError,
)
from schema.inputs import CreateSeriesInput, DeleteSeriesInput, Sent, UpdateSeriesInput
from schema.results.series import (
    CreateSeriesResult,
    CreateSeriesSuccess,
    DeleteSeriesResult,
    DeleteSeriesSuccess,
    UpdateSeriesResult,
    UpdateSeriesSuccess,
)
from schema.types.company import Series
from services.common.outcomes import InvalidInput, NotAuthenticated, PasswordChangeRequired
from services.company.series_outcomes import (
    CompanyNotConfigured,
    LastSeries,
    SeriesCreated,
    SeriesDeleted,
    SeriesInUse,
    SeriesLimitReached,
    SeriesNotFound,
    SeriesUpdated,
)


async def create_series(info: Info, input: Sent[CreateSeriesInput]) -> CreateSeriesResult:
    match await info.context.services.series.create(info.context.caller, input.value()):
        case SeriesCreated(series):
            return CreateSeriesSuccess(series=Series.of(series))
        case InvalidInput() as outcome:
            return InvalidInputError.of(outcome)
        case CompanyNotConfigured():
            return CompanyNotConfiguredError()
        case SeriesLimitReached(maximum):
            return SeriesLimitReachedError(maximum=maximum)
        case PasswordChangeRequired():
            return PasswordChangeRequiredError()
        case NotAuthenticated():
            return NotAuthenticatedError()


async def update_series(info: Info, input: Sent[UpdateSeriesInput]) -> UpdateSeriesResult:
    match await info.context.services.series.update(info.context.caller, input.id, input.value()):
        case SeriesUpdated(series):
            return UpdateSeriesSuccess(series=Series.of(series))
        case InvalidInput() as outcome:
            return InvalidInputError.of(outcome)
        case SeriesNotFound():
            return SeriesNotFoundError()
        case PasswordChangeRequired():
            return PasswordChangeRequiredError()
        case NotAuthenticated():
            return NotAuthenticatedError()


async def delete_series(info: Info, input: Sent[DeleteSeriesInput]) -> DeleteSeriesResult:
    match await info.context.services.series.delete(info.context.caller, input.id):
        case SeriesDeleted(id):
            return DeleteSeriesSuccess(id=strawberry.ID(str(id)))
        case SeriesNotFound():
            return SeriesNotFoundError()
        case SeriesInUse():
            return SeriesInUseError()
        case LastSeries():
            return LastSeriesError()
        case PasswordChangeRequired():
            return PasswordChangeRequiredError()
        case NotAuthenticated():
            return NotAuthenticatedError()
