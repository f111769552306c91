from typing import Annotated

import strawberry

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
from schema.results.told import told
from schema.types.company import Series


@strawberry.type(description="The series is there; with the first one, step 3 is done.")
class CreateSeriesSuccess:
    message: str = told()
    series: Series = strawberry.field(description="The new series.")


@strawberry.type(description="The series is what was sent.")
class UpdateSeriesSuccess:
    message: str = told()
    series: Series = strawberry.field(description="The series as it is now.")


@strawberry.type(description="The series is gone.")
class DeleteSeriesSuccess:
    message: str = told()
    id: strawberry.ID = strawberry.field(description="The series' id, to take it off the list.")


CreateSeriesResult = Annotated[
    CreateSeriesSuccess
    | InvalidInputError
    | CompanyNotConfiguredError
    | SeriesLimitReachedError
    | PasswordChangeRequiredError
    | NotAuthenticatedError,
    strawberry.union("CreateSeriesResult", description="What came of createSeries."),
]
UpdateSeriesResult = Annotated[
    UpdateSeriesSuccess | InvalidInputError | SeriesNotFoundError | PasswordChangeRequiredError | NotAuthenticatedError,
    strawberry.union("UpdateSeriesResult", description="What came of updateSeries."),
]
DeleteSeriesResult = Annotated[
    DeleteSeriesSuccess
    | SeriesNotFoundError
    | SeriesInUseError
    | LastSeriesError
    | PasswordChangeRequiredError
    | NotAuthenticatedError,
    strawberry.union("DeleteSeriesResult", description="What came of deleteSeries."),
]
