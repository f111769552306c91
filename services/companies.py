"""Step 3, first half: the data with which an account invoices."""

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from models.company import Company
from services.caller import Caller
from services.clock import Clock, utc_now
from services.outcomes import FieldErrorCode, FieldProblem, InputRejected, PasswordChangeDue, SignedOut
from services.sessions import Profile, SessionService
from services.tax_regimes import parse_tax_regime
from services.validation.legal_name import ends_in_legal_form, parse_legal_name
from services.validation.postal_code import parse_postal_code
from services.validation.rfc import TaxpayerType


class CompanyWarningCode(enum.Enum):
    LEGAL_FORM_IN_NAME = "LEGAL_FORM_IN_NAME"


@dataclass(frozen=True, slots=True)
class CompanyForm:
    """The first half of step 3 as it was typed."""

    legal_name: str
    tax_regime: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class CompanyView:
    account_id: UUID
    legal_name: str
    tax_regime: str
    postal_code: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CompanyConfigured:
    """Kept as it was typed, whatever the warnings say."""

    company: CompanyView
    warnings: tuple[CompanyWarningCode, ...]


class CompanyService:
    def __init__(self, sessions: SessionService, clock: Clock = utc_now) -> None:
        self._sessions = sessions
        self._clock = clock

    async def of(self, profile: Profile) -> CompanyView | None:
        """None until it is configured, and while the password must be changed."""
        if profile.password_change_required:
            return None
        company = await Company.get_or_none(account_id=profile.id)
        return _view(company) if company else None

    async def configure(
        self, caller: Caller, form: CompanyForm
    ) -> CompanyConfigured | InputRejected | PasswordChangeDue | SignedOut:
        """Writes the account's only company, or writes it anew: of two at once the later one stays."""
        profile = await self._sessions.admit(caller)
        if not isinstance(profile, Profile):
            return profile
        checked = _check(form, profile.taxpayer_type)
        if isinstance(checked, InputRejected):
            return checked
        company = Company(
            id=uuid4(),
            account_id=profile.id,
            legal_name=checked.legal_name,
            tax_regime=checked.tax_regime,
            postal_code=checked.postal_code,
            updated_at=self._clock(),
        )
        written = ["legal_name", "tax_regime", "postal_code", "updated_at"]
        await Company.bulk_create([company], on_conflict=["account_id"], update_fields=written)
        return CompanyConfigured(_view(company), _warnings(company, profile.taxpayer_type))


def _check(form: CompanyForm, taxpayer_type: TaxpayerType) -> CompanyForm | InputRejected:
    """The form in its own shape."""
    name = parse_legal_name(form.legal_name)
    regime = parse_tax_regime(form.tax_regime, taxpayer_type)
    postal_code = parse_postal_code(form.postal_code)
    parsed = (("legalName", name), ("taxRegime", regime), ("postalCode", postal_code))
    problems = tuple(FieldProblem(field, code) for field, code in parsed if isinstance(code, FieldErrorCode))
    if (
        isinstance(name, FieldErrorCode)
        or isinstance(regime, FieldErrorCode)
        or isinstance(postal_code, FieldErrorCode)
    ):
        return InputRejected(problems)
    return CompanyForm(name, regime, postal_code)


def _warnings(company: Company, taxpayer_type: TaxpayerType) -> tuple[CompanyWarningCode, ...]:
    if taxpayer_type is TaxpayerType.PERSONA_MORAL and ends_in_legal_form(company.legal_name):
        return (CompanyWarningCode.LEGAL_FORM_IN_NAME,)
    return ()


def _view(company: Company) -> CompanyView:
    return CompanyView(
        account_id=company.account_id,
        legal_name=company.legal_name,
        tax_regime=company.tax_regime,
        postal_code=company.postal_code,
        updated_at=company.updated_at,
    )
