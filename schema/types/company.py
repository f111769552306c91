from datetime import datetime

import strawberry

from schema.context import Info
from schema.enums import CompanyWarningCode, TaxpayerType
from schema.list_size import ListSize
from schema.scalars import BigInt
from services.company.company import MAX_WARNINGS, CompanyView
from services.company.series import MAX_SERIES
from services.company.series_outcomes import SeriesView
from services.company.tax_regimes import TaxRegime as TaxRegimeView


@strawberry.type(description="A tax regime of the SAT's catalogue c_RegimenFiscal.")
class TaxRegime:
    code: str = strawberry.field(description="Three digits; goes into ConfigureCompanyInput.taxRegime.")
    description: str = strawberry.field(description="The SAT's own, in Spanish.")
    taxpayer_types: list[TaxpayerType] = strawberry.field(description="The kinds of taxpayer that may have it.")

    @classmethod
    def of(cls, view: TaxRegimeView) -> "TaxRegime":
        return cls(code=view.code, description=view.description, taxpayer_types=list(view.taxpayer_types))


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


@strawberry.type(description="Something that was accepted, and that the SAT may refuse in an invoice.")
class CompanyWarning:
    code: CompanyWarningCode = strawberry.field(description="What it is, for programs.")

    @strawberry.field(description="What to tell the person, in the language of Accept-Language.")
    def message(self, info: Info) -> str:
        return info.context.translate(f"CompanyWarningCode.{self.code.name}")

    @classmethod
    def all_of(cls, view: CompanyView) -> "list[CompanyWarning]":
        return [cls(code=code) for code in view.warnings]


@strawberry.type(description="The data with which the account invoices.")
class Company:
    view: strawberry.Private[CompanyView]
    legal_name: str = strawberry.field(
        description="The razón social or, of a person, the name, as the Constancia de Situación Fiscal shows it."
    )
    tax_regime: str = strawberry.field(description="A code of taxRegimes.")
    postal_code: str = strawberry.field(description="The código postal of the place of issue.")
    updated_at: datetime = strawberry.field(description="When configureCompany last wrote them.")
    warnings: list[CompanyWarning] = strawberry.field(
        description="What to check before the first invoice; empty where nothing is conspicuous.",
        directives=[ListSize(assumed_size=MAX_WARNINGS)],
    )

    @strawberry.field(description="At most 100, the oldest first.", directives=[ListSize(assumed_size=MAX_SERIES)])
    async def series(self, info: Info) -> list[Series]:
        views = await info.context.services.series.list_for(self.view.account_id)
        return [Series.of(view) for view in views]

    @classmethod
    def of(cls, view: CompanyView) -> "Company":
        return cls(
            view=view,
            legal_name=view.legal_name,
            tax_regime=view.tax_regime,
            postal_code=view.postal_code,
            updated_at=view.updated_at,
            warnings=CompanyWarning.all_of(view),
        )


def _big(number: int | None) -> BigInt | None:
    return None if number is None else BigInt(str(number))
