from typing import Annotated

import strawberry

from schema.context import Info
from schema.enums import TaxpayerType
from schema.errors import InvalidInputError, NotAuthenticatedError, PasswordChangeRequiredError
from schema.inputs import ConfigureCompanyInput, Sent
from schema.results.companies import ConfigureCompanyResult, ConfigureCompanySuccess
from schema.types.company import Company, CompanyWarning, TaxRegime
from services.common.outcomes import InvalidInput, NotAuthenticated, PasswordChangeRequired
from services.company import tax_regimes as catalogue
from services.company.company import CompanyConfigured


async def tax_regimes(
    taxpayer_type: Annotated[
        TaxpayerType | None, strawberry.argument(description="Leave it out for those of both kinds.")
    ] = None,
) -> list[TaxRegime]:
    return [TaxRegime.of(regime) for regime in catalogue.tax_regimes(taxpayer_type)]


async def configure_company(info: Info, input: Sent[ConfigureCompanyInput]) -> ConfigureCompanyResult:
    match await info.context.services.company.configure(info.context.caller, input.value()):
        case CompanyConfigured(company):
            return ConfigureCompanySuccess(company=Company.of(company), warnings=CompanyWarning.all_of(company))
        case InvalidInput() as outcome:
            return InvalidInputError.of(outcome)
        case PasswordChangeRequired():
            return PasswordChangeRequiredError()
        case NotAuthenticated():
            return NotAuthenticatedError()
