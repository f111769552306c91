"""A company's data as they are typed."""

from dataclasses import dataclass

from services.outcomes import FieldProblem, InputRejected
from services.tax_regimes import parse_tax_regime
from services.validation.legal_name import parse_legal_name
from services.validation.postal_code import parse_postal_code
from services.validation.rfc import TaxpayerType


@dataclass(frozen=True, slots=True)
class CompanyForm:
    """The first half of step 3 as it was typed."""

    legal_name: str
    tax_regime: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class CheckedCompany:
    """The same in its own shape: the columns of models/company.py that are typed."""

    legal_name: str
    tax_regime: str
    postal_code: str


def check_company(form: CompanyForm, taxpayer_type: TaxpayerType) -> CheckedCompany | InputRejected:
    name = parse_legal_name(form.legal_name)
    regime = parse_tax_regime(form.tax_regime, taxpayer_type)
    postal_code = parse_postal_code(form.postal_code)
    if isinstance(name, str) and isinstance(regime, str) and isinstance(postal_code, str):
        return CheckedCompany(name, regime, postal_code)
    parsed = (("legalName", name), ("taxRegime", regime), ("postalCode", postal_code))
    return InputRejected(tuple(FieldProblem.of(field, found) for field, found in parsed if not isinstance(found, str)))
