"""The company's data and the tax regimes."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from schema.context import Info
from schema.enums import CompanyWarningCode, TaxpayerType
from schema.list_size import ListSize
from schema.series import Series, SkippedFolios, series_of
from schema.signed_in import SignedInSuccess
from services.common.outcomes import InvalidInput, NotAuthenticated, RestrictedSession
from services.company.company import MAX_WARNINGS, CompanyView
from services.company.company_form import CompanyForm
from services.company.series import MAX_SERIES
from services.company.series_outcomes import SeriesView
from services.company.tax_regimes import TaxRegime as TaxRegimeView

SeriesLoader = Callable[[], Awaitable[Sequence[SeriesView]]]


@strawberry.type(description="A tax regime from the SAT's catalogue c_RegimenFiscal.")
class TaxRegime:
    id: strawberry.ID = strawberry.field(description="The same as code, for caches.")
    code: str = strawberry.field(description="The three-digit code, for ConfigureCompanyInput.taxRegime.")
    description: str = strawberry.field(description="The SAT's description, in Spanish.")
    taxpayer_types: list[TaxpayerType] = strawberry.field(description="The kinds of taxpayer that can use the regime.")

    @classmethod
    def of(cls, view: TaxRegimeView) -> "TaxRegime":
        return cls(
            id=strawberry.ID(view.code),
            code=view.code,
            description=view.description,
            taxpayer_types=list(view.taxpayer_types),
        )


@strawberry.type(description="A warning about accepted data that the SAT may reject in an invoice.")
class CompanyWarning:
    code: CompanyWarningCode = strawberry.field(description="The machine-readable code of the warning.")

    @strawberry.field(description="A message for the user, in the language of Accept-Language.")
    def message(self, info: Info) -> str:
        return info.context.translate(f"CompanyWarningCode.{self.code.name}")

    @classmethod
    def all_of(cls, view: CompanyView) -> "list[CompanyWarning]":
        return [cls(code=code) for code in view.warnings]


@strawberry.type(description="The company data that the account invoices with.")
class Company:
    view: strawberry.Private[CompanyView]
    load_series: strawberry.Private[SeriesLoader]
    skipped: strawberry.Private[SkippedFolios | None]
    id: strawberry.ID = strawberry.field(description="A permanent identifier; configureCompany does not change it.")
    legal_name: str = strawberry.field(
        description="The legal name: the razón social, or a person's name, as on the Constancia de Situación Fiscal."
    )
    tax_regime: TaxRegime = strawberry.field(description="The tax regime, as in taxRegimes.")
    postal_code: str = strawberry.field(description="The postal code of the place of issue.")
    updated_at: datetime = strawberry.field(description="When configureCompany last changed the data.")
    warnings: list[CompanyWarning] = strawberry.field(
        description="What to check before issuing the first invoice; empty if nothing looks unusual.",
        directives=[ListSize(assumed_size=MAX_WARNINGS)],
    )

    @strawberry.field(
        description="The company's series, at most 100, oldest first.", directives=[ListSize(assumed_size=MAX_SERIES)]
    )
    async def series(self, info: Info) -> list[Series]:
        return series_of(info, await self.load_series(), self.skipped)

    @classmethod
    def of(cls, view: CompanyView, load_series: SeriesLoader, skipped: SkippedFolios | None = None) -> "Company":
        """`skipped` reads the skipped folios of more companies, too."""
        return cls(
            view=view,
            load_series=load_series,
            skipped=skipped,
            id=strawberry.ID(str(view.id)),
            legal_name=view.legal_name,
            tax_regime=TaxRegime.of(view.tax_regime),
            postal_code=view.postal_code,
            updated_at=view.updated_at,
            warnings=CompanyWarning.all_of(view),
        )


@strawberry.input(description="The input of configureCompany. Send every field each time.")
class ConfigureCompanyInput:
    legal_name: str = strawberry.field(
        description="The legal name: the razón social without its régimen societario, or a person's name, as on the "
        "Constancia de Situación Fiscal. 1 to 300 characters, without `|`."
    )
    tax_regime: str = strawberry.field(
        description="The code of a tax regime, from taxRegimes; it must allow the account's taxpayerType."
    )
    postal_code: str = strawberry.field(description="The postal code of the place of issue: five digits.")

    def value(self) -> CompanyForm:
        return CompanyForm(self.legal_name, self.tax_regime, self.postal_code)


@strawberry.type(description="The company's data is saved as sent, with superfluous spaces removed.")
class ConfigureCompanySuccess(SignedInSuccess):
    company: Company = strawberry.field(description="The company with its new data.")


ConfigureCompanyResult = Annotated[
    ConfigureCompanySuccess | InvalidInput | RestrictedSession | NotAuthenticated,
    strawberry.union("ConfigureCompanyResult", description="The result of configureCompany."),
]
