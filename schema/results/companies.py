from typing import Annotated

import strawberry

from schema.errors import InvalidInputError, NotAuthenticatedError, PasswordChangeRequiredError
from schema.list_size import ListSize
from schema.results.told import told
from schema.types.company import Company, CompanyWarning
from services.company.company import MAX_WARNINGS


@strawberry.type(description="The company's data are kept as they were sent, but for superfluous blanks.")
class ConfigureCompanySuccess:
    message: str = told()
    company: Company = strawberry.field(description="The company as it is now.")
    warnings: list[CompanyWarning] = strawberry.field(
        description="Those of company.warnings.", directives=[ListSize(assumed_size=MAX_WARNINGS)]
    )


ConfigureCompanyResult = Annotated[
    ConfigureCompanySuccess | InvalidInputError | PasswordChangeRequiredError | NotAuthenticatedError,
    strawberry.union("ConfigureCompanyResult", description="What came of configureCompany."),
]
