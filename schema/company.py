"""The company's data, and the tax regimes to choose from."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.context import Info
from schema.enums import CompanyWarningCode, TaxpayerType
from schema.list_size import ListSize
from schema.messages import message_field
from schema.series import Series
from services.common.outcomes import InvalidInput, NotAuthenticated, PasswordChangeRequired
from services.company.company import MAX_WARNINGS, CompanyView
from services.company.company_form import CompanyForm
from services.company.series import MAX_SERIES
from services.company.tax_regimes import TaxRegime as TaxRegimeView


@strawberry.type(description="A tax regime of the SAT's catalogue c_RegimenFiscal.")
class TaxRegime:
    code: str = strawberry.field(description="Three digits; goes into ConfigureCompanyInput.taxRegime.")
    description: str = strawberry.field(description="The SAT's own, in Spanish.")
    taxpayer_types: list[TaxpayerType] = strawberry.field(description="The kinds of taxpayer that may have it.")

    @classmethod
    def of(cls, view: TaxRegimeView) -> "TaxRegime":
        return cls(code=view.code, description=view.description, taxpayer_types=list(view.taxpayer_types))


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


@strawberry.input(description="Step 3: the data with which the account invoices, all of them each time.")
class ConfigureCompanyInput:
    legal_name: str = strawberry.field(
        description="The razón social without its régimen societario or, of a person, the name, as the Constancia de "
        "Situación Fiscal shows it: 1 to 300 characters, none of them `|`."
    )
    tax_regime: str = strawberry.field(description="A code of taxRegimes, for the account's taxpayerType.")
    postal_code: str = strawberry.field(description="The código postal of the place of issue: five digits.")

    def value(self) -> CompanyForm:
        return CompanyForm(self.legal_name, self.tax_regime, self.postal_code)


@strawberry.type(description="The company's data are kept as they were sent, but for superfluous blanks.")
class ConfigureCompanySuccess:
    message: str = message_field()
    company: Company = strawberry.field(description="The company as it is now.")
    warnings: list[CompanyWarning] = strawberry.field(
        description="Those of company.warnings.", directives=[ListSize(assumed_size=MAX_WARNINGS)]
    )


ConfigureCompanyResult = Annotated[
    ConfigureCompanySuccess | InvalidInput | PasswordChangeRequired | NotAuthenticated,
    strawberry.union("ConfigureCompanyResult", description="What came of configureCompany."),
]
