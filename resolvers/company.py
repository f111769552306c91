from functools import partial
from typing import Annotated

import strawberry

from resolvers.account import account_after
from schema.company import (
    Company,
    ConfigureCompanyInput,
    ConfigureCompanyResult,
    ConfigureCompanySuccess,
    TaxRegime,
)
from schema.context import Info, Input
from schema.enums import TaxpayerType
from services.company import tax_regimes as catalogue
from services.company.company import CompanyConfigured


async def tax_regimes(
    taxpayer_type: Annotated[
        TaxpayerType | None,
        strawberry.argument(description="Returns only regimes for this kind of taxpayer; omit it to get all."),
    ] = None,
) -> list[TaxRegime]:
    return [TaxRegime.of(regime) for regime in catalogue.tax_regimes(taxpayer_type)]


async def configure_company(info: Info, input: Input[ConfigureCompanyInput]) -> ConfigureCompanyResult:
    match await info.context.services.company.configure(info.context.caller, input.value()):
        case CompanyConfigured(principal, company):
            load_series = partial(info.context.services.series.list_for, company.account_id)
            return ConfigureCompanySuccess(
                load_account=account_after(info, principal), company=Company.of(company, load_series)
            )
        case failure:
            return failure
