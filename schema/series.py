"""The series of a company and the mutations that change them."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

import strawberry

from schema.context import Info
from schema.errors import register
from schema.list_size import ListSize
from schema.scalars import BigInt
from schema.signed_in import SignedInSuccess
from services.common.batches import Batch
from services.common.outcomes import InvalidInput, NotAuthenticated, RestrictedSession
from services.company.series_form import SeriesForm
from services.company.series_outcomes import (
    CompanyNotConfigured,
    LastSeries,
    SeriesInUse,
    SeriesLimitReached,
    SeriesNotFound,
    SeriesView,
)
from services.invoices.queries import MAX_SKIPPED_FOLIOS

SkippedFolios = Batch[UUID, list[int]]


def series_of(info: Info, views: Sequence[SeriesView], skipped: SkippedFolios | None = None) -> "list[Series]":
    """Returns series whose skipped folios are read together, by `skipped` with those of others."""
    invoices = info.context.services.invoices
    batch = skipped or Batch(partial(invoices.skipped_folios, [view.id for view in views]))
    return [Series.of(view, batch) for view in views]


@strawberry.type(description="A range of folios for invoices.")
class Series:
    view_id: strawberry.Private[UUID]
    skipped: strawberry.Private[SkippedFolios]
    id: strawberry.ID = strawberry.field(description="The identifier of the series, for updateSeries and deleteSeries.")
    name: str = strawberry.field(description="The Serie attribute of the invoices; empty for the unnamed series.")
    first_folio: BigInt = strawberry.field(description="The first folio of the series.")
    last_folio: BigInt | None = strawberry.field(description="The last folio of the series; null if it has no end.")
    next_folio: BigInt | None = strawberry.field(
        description="The folio of the next invoice; null once all folios have been issued."
    )
    remaining: BigInt | None = strawberry.field(
        description="The number of folios left; null if there is no last folio."
    )
    approval_number: BigInt | None = strawberry.field(
        description="The number of the SAT's approval of these folios, in the scheme before CFDI."
    )
    approval_year: int | None = strawberry.field(description="The year of the SAT's approval of these folios.")
    created_at: datetime = strawberry.field(description="When the series was created.")

    @strawberry.field(
        description="The folios that were taken for invoices that a provider did not stamp, and that stay unused: the "
        "highest 50, in descending order. Tax authorities may ask about them.",
        directives=[ListSize(assumed_size=MAX_SKIPPED_FOLIOS)],
    )
    async def skipped_folios(self) -> list[BigInt]:
        return [BigInt(str(folio)) for folio in await self.skipped.get(self.view_id) or ()]

    @classmethod
    def of(cls, view: SeriesView, skipped: SkippedFolios) -> "Series":
        return cls(
            view_id=view.id,
            skipped=skipped,
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


@strawberry.input(description="The input of createSeries.")
class CreateSeriesInput:
    name: str = strawberry.field(
        description="The Serie attribute of the invoices: up to 25 characters, without `|`, unique and "
        "case-sensitive. One series may have an empty name."
    )
    first_folio: BigInt = strawberry.field(
        default=BigInt("1"), description="The first folio, from 1 to 9223372036854775807."
    )
    last_folio: BigInt | None = strawberry.field(
        default=None, description="The last folio, not less than the first; omitted or empty for no end."
    )
    approval_number: BigInt | None = strawberry.field(
        default=None,
        description="The number of the SAT's approval, up to 14 digits: only for folios of the scheme before CFDI, "
        "and only with approvalYear. An empty string counts as omitted.",
    )
    approval_year: int | None = strawberry.field(
        default=None, description="The year of the SAT's approval, from 2004 to 2014. Only with approvalNumber."
    )

    def value(self) -> SeriesForm:
        return SeriesForm(self.name, self.first_folio, self.last_folio, self.approval_number, self.approval_year)


@strawberry.input(
    description="The input of updateSeries. It replaces all data of the series: an omitted optional field is cleared."
)
class UpdateSeriesInput:
    id: strawberry.ID = strawberry.field(description="The id of the series, from me.company.series.")
    name: str = strawberry.field(
        description="As in CreateSeriesInput. Once folios have been issued, it cannot change, so that no folio is "
        "issued twice."
    )
    first_folio: BigInt = strawberry.field(
        description="The first folio. Once folios have been issued, it cannot change."
    )
    last_folio: BigInt | None = strawberry.field(
        default=None, description="The last folio, not less than the last one issued; omitted or empty for no end."
    )
    approval_number: BigInt | None = strawberry.field(default=None, description="As in CreateSeriesInput.")
    approval_year: int | None = strawberry.field(default=None, description="As in CreateSeriesInput.")

    def value(self) -> SeriesForm:
        return SeriesForm(self.name, self.first_folio, self.last_folio, self.approval_number, self.approval_year)


@strawberry.input(description="The input of deleteSeries.")
class DeleteSeriesInput:
    id: strawberry.ID = strawberry.field(description="The id of the series, from me.company.series.")


@strawberry.type(description="The series is created. The first one completes step 3.")
class CreateSeriesSuccess(SignedInSuccess):
    series: Series = strawberry.field(description="The new series.")


@strawberry.type(description="The series is updated.")
class UpdateSeriesSuccess(SignedInSuccess):
    series: Series = strawberry.field(description="The updated series.")


@strawberry.type(description="The series is deleted.")
class DeleteSeriesSuccess(SignedInSuccess):
    id: strawberry.ID = strawberry.field(description="The id of the deleted series, to remove it from a list.")


register(CompanyNotConfigured, "The company's data is missing. Call configureCompany before creating a series.")
register(
    SeriesLimitReached,
    "The company has the maximum number of series.",
    maximum="The maximum number of series per company.",
)
register(SeriesNotFound, "The account has no series with this id; it may have been deleted.")
register(SeriesInUse, "Folios of the series have been issued, so it cannot be deleted.")
register(LastSeries, "This is the company's only series, so it cannot be deleted. Create another one first.")

CreateSeriesResult = Annotated[
    CreateSeriesSuccess
    | InvalidInput
    | CompanyNotConfigured
    | SeriesLimitReached
    | RestrictedSession
    | NotAuthenticated,
    strawberry.union("CreateSeriesResult", description="The result of createSeries."),
]
UpdateSeriesResult = Annotated[
    UpdateSeriesSuccess | InvalidInput | SeriesNotFound | RestrictedSession | NotAuthenticated,
    strawberry.union("UpdateSeriesResult", description="The result of updateSeries."),
]
DeleteSeriesResult = Annotated[
    DeleteSeriesSuccess | SeriesNotFound | SeriesInUse | LastSeries | RestrictedSession | NotAuthenticated,
    strawberry.union("DeleteSeriesResult", description="The result of deleteSeries."),
]


def _big(number: int | None) -> BigInt | None:
    return None if number is None else BigInt(str(number))
