"""The series of a company, and the mutations that change them."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.errors import register
from schema.messages import message_field
from schema.scalars import BigInt
from services.common.outcomes import InvalidInput, NotAuthenticated, PasswordChangeRequired
from services.company.series_form import SeriesForm
from services.company.series_outcomes import (
    CompanyNotConfigured,
    LastSeries,
    SeriesInUse,
    SeriesLimitReached,
    SeriesNotFound,
    SeriesView,
)


@strawberry.type(description="A run of folios for invoices.")
class Series:
    id: strawberry.ID = strawberry.field(description="Goes into updateSeries and deleteSeries.")
    name: str = strawberry.field(description="The Serie of the invoices; empty for the one without a name.")
    first_folio: BigInt = strawberry.field(description="The folio that the series begins with.")
    last_folio: BigInt | None = strawberry.field(description="The folio that the series ends with; null for none.")
    next_folio: BigInt | None = strawberry.field(
        description="The folio that the next invoice takes; null once all are taken."
    )
    remaining: BigInt | None = strawberry.field(description="How many folios are left; null without a last folio.")
    approval_number: BigInt | None = strawberry.field(
        description="The number of the SAT's approval of these folios, in the scheme before CFDI."
    )
    approval_year: int | None = strawberry.field(description="The year of that approval.")
    created_at: datetime = strawberry.field(description="When the series was created.")

    @classmethod
    def of(cls, view: SeriesView) -> "Series":
        return cls(
            id=strawberry.ID(str(view.id)),
            name=view.name,
            first_folio=BigInt(str(view.first_folio)),
            last_folio=_big(view.last_folio),
            next_folio=_big(view.next_folio),
            remaining=_big(view.remaining),
            approval_number=_big(view.approval_number),
            approval_year=view.approval_year,
            created_at=view.created_at,
        )


@strawberry.input(description="Step 3: a series of invoices.")
class CreateSeriesInput:
    name: str = strawberry.field(
        description="The Serie of the invoices: up to 25 characters, none of them `|`, and not that of another series; "
        "names that differ only in case are two. One of them may be empty."
    )
    first_folio: BigInt = strawberry.field(
        default=BigInt("1"), description="The folio to begin with, from 1 to 9223372036854775807."
    )
    last_folio: BigInt | None = strawberry.field(
        default=None, description="The folio to end with, not less than the first; left out or empty for none."
    )
    approval_number: BigInt | None = strawberry.field(
        default=None,
        description="The number of the SAT's approval, up to 14 digits: only for folios of the scheme before CFDI, and "
        "together with its year. Empty is left out.",
    )
    approval_year: int | None = strawberry.field(default=None, description="The year of that approval, 2004 to 2014.")

    def value(self) -> SeriesForm:
        return SeriesForm(self.name, self.first_folio, self.last_folio, self.approval_number, self.approval_year)


@strawberry.input(description="A series as it shall be: what is left out is taken from it.")
class UpdateSeriesInput:
    id: strawberry.ID = strawberry.field(description="From me.company.series.")
    name: str = strawberry.field(
        description="As in CreateSeriesInput; stays what it is once folios were taken, so that no folio is taken twice."
    )
    first_folio: BigInt = strawberry.field(description="Stays what it is once folios were taken, too.")
    last_folio: BigInt | None = strawberry.field(
        default=None, description="Not less than what was taken; left out or empty for none."
    )
    approval_number: BigInt | None = strawberry.field(default=None, description="As in CreateSeriesInput.")
    approval_year: int | None = strawberry.field(default=None, description="As in CreateSeriesInput.")

    def value(self) -> SeriesForm:
        return SeriesForm(self.name, self.first_folio, self.last_folio, self.approval_number, self.approval_year)


@strawberry.input(description="Which series to delete.")
class DeleteSeriesInput:
    id: strawberry.ID = strawberry.field(description="From me.company.series.")


@strawberry.type(description="The series is there; with the first one, step 3 is done.")
class CreateSeriesSuccess:
    message: str = message_field()
    series: Series = strawberry.field(description="The new series.")


@strawberry.type(description="The series is what was sent.")
class UpdateSeriesSuccess:
    message: str = message_field()
    series: Series = strawberry.field(description="The series as it is now.")


@strawberry.type(description="The series is gone.")
class DeleteSeriesSuccess:
    message: str = message_field()
    id: strawberry.ID = strawberry.field(description="The series' id, to take it off the list.")


register(CompanyNotConfigured, "The company's data come before its series: configureCompany first.")
register(SeriesLimitReached, "The company has as many series as it may have.", maximum="How many a company may have.")
register(SeriesNotFound, "None of the account's series has this id; perhaps it was just deleted.")
register(SeriesInUse, "Folios of the series were taken, so it stays.")
register(LastSeries, "It is the company's only series: create another one first.")

CreateSeriesResult = Annotated[
    CreateSeriesSuccess
    | InvalidInput
    | CompanyNotConfigured
    | SeriesLimitReached
    | PasswordChangeRequired
    | NotAuthenticated,
    strawberry.union("CreateSeriesResult", description="What came of createSeries."),
]
UpdateSeriesResult = Annotated[
    UpdateSeriesSuccess | InvalidInput | SeriesNotFound | PasswordChangeRequired | NotAuthenticated,
    strawberry.union("UpdateSeriesResult", description="What came of updateSeries."),
]
DeleteSeriesResult = Annotated[
    DeleteSeriesSuccess | SeriesNotFound | SeriesInUse | LastSeries | PasswordChangeRequired | NotAuthenticated,
    strawberry.union("DeleteSeriesResult", description="What came of deleteSeries."),
]


def _big(number: int | None) -> BigInt | None:
    return None if number is None else BigInt(str(number))
