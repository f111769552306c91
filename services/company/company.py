"""Step 3, first half: the company's data on invoices."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID, uuid4

from models.account import Account
from models.company import Company
from models.transactions import atomically
from services.accounts.rfc import TaxpayerType
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.outcomes import InvalidInput, NotAuthenticated, RestrictedSession
from services.company.company_form import CompanyForm, check_company
from services.company.legal_name import ends_in_legal_form
from services.company.name_spelling import has_accents, has_html_entity, has_lower_case, has_typographic_signs
from services.company.tax_regimes import TaxRegime, tax_regime
from services.events.facts import AccountField, Details, EventType
from services.events.publishing import publish


class CompanyWarningCode(enum.Enum):
    LEGAL_FORM_IN_NAME = "LEGAL_FORM_IN_NAME"
    LOWER_CASE_IN_NAME = "LOWER_CASE_IN_NAME"
    ACCENT_IN_NAME = "ACCENT_IN_NAME"
    TYPOGRAPHIC_SIGN_IN_NAME = "TYPOGRAPHIC_SIGN_IN_NAME"
    HTML_ENTITY_IN_NAME = "HTML_ENTITY_IN_NAME"


_SPELLINGS = {
    CompanyWarningCode.LOWER_CASE_IN_NAME: has_lower_case,
    CompanyWarningCode.ACCENT_IN_NAME: has_accents,
    CompanyWarningCode.TYPOGRAPHIC_SIGN_IN_NAME: has_typographic_signs,
    CompanyWarningCode.HTML_ENTITY_IN_NAME: has_html_entity,
}


MAX_WARNINGS = len(CompanyWarningCode)  # each at most once


@dataclass(frozen=True, slots=True)
class CompanyView:
    """`warnings` say what to check before the first invoice."""

    id: UUID
    account_id: UUID
    legal_name: str
    tax_regime: TaxRegime
    postal_code: str
    updated_at: datetime
    warnings: tuple[CompanyWarningCode, ...]


@dataclass(frozen=True, slots=True)
class CompanyConfigured:
    """The company was saved, with or without warnings."""

    principal: Principal
    company: CompanyView


class CompanyService:
    def __init__(self, sessions: SessionService, actors: Actors, clock: Clock = utc_now) -> None:
        self._sessions = sessions
        self._actors = actors
        self._clock = clock

    async def of(self, principal: Principal) -> CompanyView | None:
        """Returns None until it is configured, after another type of taxpayer, and while the password must change."""
        if principal.restricted or principal.progress.company_outdated:
            return None
        company = await Company.get_or_none(account_id=principal.id)
        return _view(company, principal.taxpayer_type) if company else None

    async def of_all(self, accounts: Mapping[UUID, TaxpayerType]) -> dict[UUID, CompanyView]:
        """Returns the companies of several accounts, given their types of taxpayer, with one statement.

        Leave out accounts whose company belongs to another type of taxpayer.
        """
        found = await Company.filter(account_id__in=list(accounts))
        return {company.account_id: _view(company, accounts[company.account_id]) for company in found}

    async def configure(
        self, caller: Caller, form: CompanyForm
    ) -> CompanyConfigured | InvalidInput | RestrictedSession | NotAuthenticated:
        """Creates or replaces the account's only company; of two at once, the later one wins."""
        principal = await self._sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        checked = check_company(form, principal.taxpayer_type)
        if isinstance(checked, InvalidInput):
            return checked
        typed = asdict(checked)
        company = Company(id=uuid4(), account_id=principal.id, updated_at=self._clock(), **typed)
        written = [*typed, "updated_at"]

        async def save() -> None:
            # The account first, as every transaction locks.
            await publish(principal.id, EventType.ACCOUNT_UPDATED, Details(changed=(AccountField.COMPANY,)))
            if principal.progress.company_outdated:
                await Account.filter(id=principal.id, rfc=principal.rfc).update(company_outdated=False)
            await Company.bulk_create([company], on_conflict=["account_id"], update_fields=written)
            await record(self._actors.of(caller), EventKind.COMPANY_CHANGED, principal.id)

        await atomically(save)
        company.id = (await Company.get(account_id=principal.id).only("id")).id  # an earlier one, if it was replaced
        return CompanyConfigured(principal, _view(company, principal.taxpayer_type))


def _view(company: Company, taxpayer_type: TaxpayerType) -> CompanyView:
    return CompanyView(
        id=company.id,
        account_id=company.account_id,
        legal_name=company.legal_name,
        tax_regime=tax_regime(company.tax_regime),
        postal_code=company.postal_code,
        updated_at=company.updated_at,
        warnings=tuple(_warnings(company.legal_name, taxpayer_type)),
    )


def _warnings(name: str, taxpayer_type: TaxpayerType) -> Iterator[CompanyWarningCode]:
    if taxpayer_type is TaxpayerType.PERSONA_MORAL and ends_in_legal_form(name):
        yield CompanyWarningCode.LEGAL_FORM_IN_NAME
    for code, has in _SPELLINGS.items():
        if has(name):
            yield code
