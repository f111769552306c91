"""Checks a company's data."""

from dataclasses import dataclass

from services.accounts.rfc import TaxpayerType
from services.common.outcomes import FieldProblem, InvalidInput
from services.company.legal_name import MAX_LENGTH as MAX_NAME_LENGTH
from services.company.legal_name import parse_legal_name
from services.company.postal_code import DIGITS, parse_postal_code
from services.company.tax_regimes import parse_tax_regime


@dataclass(frozen=True, slots=True)
class CompanyForm:
    """The form of step 3's first half, as typed."""

    legal_name: str
    tax_regime: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class CheckedCompany:
    """The parsed data: the typed columns of models/company.py."""

    legal_name: str
    tax_regime: str
    postal_code: str


def check_company(form: CompanyForm, taxpayer_type: TaxpayerType) -> CheckedCompany | InvalidInput:
    name = parse_legal_name(form.legal_name)
    regime = parse_tax_regime(form.tax_regime, taxpayer_type)
    postal_code = parse_postal_code(form.postal_code)
    if isinstance(name, str) and isinstance(regime, str) and isinstance(postal_code, str):
        return CheckedCompany(name, regime, postal_code)
    problems = []
    if not isinstance(name, str):
        problems.append(FieldProblem.of("legalName", name, 1, MAX_NAME_LENGTH))
    if not isinstance(regime, str):
        problems.append(FieldProblem.of("taxRegime", regime))
    if not isinstance(postal_code, str):
        problems.append(FieldProblem.of("postalCode", postal_code, DIGITS, DIGITS))
    return InvalidInput(tuple(problems))
