"""Step 3, second half: the series of an account's invoices.

Transactions lock the account first, then the company, then a series. Creating and deleting series waits for the
company's row; reserving an invoice and changing a series waits for the series' row.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError

from models.account import Account
from models.company import Company
from models.series import Series
from models.sql import among, as_uuid, fetch
from models.transactions import atomically
from services.accounts.onboarding import Event, Stage, transition
from services.accounts.sessions import Principal, SessionService
from services.audit.actors import Actor, Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.ids import parse_id
from services.common.outcomes import (
    FieldErrorCode,
    FieldProblem,
    InvalidInput,
    NotAuthenticated,
    RestrictedSession,
)
from services.company.folios import MAX_FOLIO
from services.company.series_form import MAX_NAME_LENGTH, CheckedSeries, SeriesForm, check_series
from services.company.series_outcomes import (
    CompanyNotConfigured,
    LastSeries,
    SeriesCreated,
    SeriesDeleted,
    SeriesInUse,
    SeriesLimitReached,
    SeriesNotFound,
    SeriesUpdated,
    SeriesView,
)
from services.events.facts import Details, EventType
from services.events.publishing import lock_account, publish

MAX_SERIES = 100
_DUPLICATE_WINDOW = timedelta(minutes=1)

_NAME_IN_USE = InvalidInput((FieldProblem("name", FieldErrorCode.ALREADY_USED, maximum=MAX_NAME_LENGTH),))

# As text: an operation may list a hundred series several times.
_SELECT_BY_ACCOUNT = """
SELECT id, name, first_folio, last_folio, last_taken, approval_number, approval_year, created_at
FROM series WHERE account_id = $1 ORDER BY created_at, id
"""

_SELECT_BY_ACCOUNTS = """
SELECT account_id, id, name, first_folio, last_folio, last_taken, approval_number, approval_year, created_at
FROM series WHERE account_id = ANY($1) ORDER BY created_at, id
"""


class SeriesService:
    def __init__(self, sessions: SessionService, actors: Actors, clock: Clock = utc_now) -> None:
        self._sessions = sessions
        self._actors = actors
        self._clock = clock

    async def list_for(self, account_id: UUID) -> tuple[SeriesView, ...]:
        """Returns at most MAX_SERIES, the oldest first."""
        return tuple(SeriesView.of(row) for row in await fetch(_SELECT_BY_ACCOUNT, str(account_id)))

    async def list_for_all(self, account_ids: Sequence[UUID]) -> dict[UUID, tuple[SeriesView, ...]]:
        """Returns the same for each account that has series, with one statement."""
        found: dict[UUID, list[SeriesView]] = {}
        for row in await fetch(_SELECT_BY_ACCOUNTS, among(account_ids)):
            columns = dict(row)
            found.setdefault(as_uuid(columns.pop("account_id")), []).append(SeriesView.of(columns))
        return {account_id: tuple(views) for account_id, views in found.items()}

    async def create(
        self, caller: Caller, form: SeriesForm
    ) -> (
        SeriesCreated | InvalidInput | CompanyNotConfigured | SeriesLimitReached | RestrictedSession | NotAuthenticated
    ):
        """Creates a series. The first one completes step 3."""
        principal = await self._sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        checked = check_series(form)
        if isinstance(checked, InvalidInput):
            return checked
        try:
            return await atomically(partial(self._create, self._actors.of(caller), principal, checked))
        except IntegrityError:
            return await self._just_created(principal, checked) or _NAME_IN_USE

    async def update(
        self, caller: Caller, id: str, form: SeriesForm
    ) -> SeriesUpdated | InvalidInput | SeriesNotFound | RestrictedSession | NotAuthenticated:
        """Replaces all typed data. Once folios have been issued, the name and the first folio cannot change, so that no
        folio is issued twice, and the last folio cannot be less than those issued.
        """
        principal = await self._sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        checked = check_series(form)
        if isinstance(checked, InvalidInput):
            return checked
        series_id = parse_id(id)
        if series_id is None:
            return SeriesNotFound()
        try:
            return await atomically(partial(self._update, self._actors.of(caller), principal, series_id, checked))
        except IntegrityError:
            return _NAME_IN_USE

    async def delete(
        self, caller: Caller, id: str
    ) -> SeriesDeleted | SeriesNotFound | SeriesInUse | LastSeries | RestrictedSession | NotAuthenticated:
        """Deletes a series without issued folios that is not the only one, so that step 3 stays done."""
        principal = await self._sessions.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        series_id = parse_id(id)
        if series_id is None:
            return SeriesNotFound()
        return await atomically(partial(self._delete, self._actors.of(caller), principal, series_id))

    async def _create(
        self, actor: Actor, principal: Principal, checked: CheckedSeries
    ) -> SeriesCreated | CompanyNotConfigured | SeriesLimitReached:
        if not await Company.exists(account_id=principal.id):  # a company is never deleted
            return CompanyNotConfigured()
        await lock_account(principal.id)
        waiting = Account.filter(id=principal.id, stage=Stage.CONFIRMED.value)
        await waiting.update(stage=transition(Stage.CONFIRMED, Event.CONFIGURED).value)
        await _wait_for_company(principal.id)
        if await Series.filter(account_id=principal.id).count() >= MAX_SERIES:
            return SeriesLimitReached(MAX_SERIES)
        series = await Series.create(
            id=uuid4(),
            account_id=principal.id,
            last_taken=checked.folios.first - 1,
            created_at=self._clock(),
            **checked.columns(),
        )
        await record(actor, EventKind.SERIES_CREATED, principal.id, subject=series.id)
        await publish(principal.id, EventType.SERIES_CREATED, Details(series_id=series.id))
        return SeriesCreated(principal, _view(series))

    async def _just_created(self, principal: Principal, checked: CheckedSeries) -> SeriesCreated | None:
        """Recognizes the same form sent twice, such as by a double click, as one series."""
        since = self._clock() - _DUPLICATE_WINDOW
        series = await Series.get_or_none(account_id=principal.id, created_at__gt=since, **checked.columns())
        return SeriesCreated(principal, _view(series)) if series and not _in_use(series) else None

    async def _update(
        self, actor: Actor, principal: Principal, series_id: UUID, checked: CheckedSeries
    ) -> SeriesUpdated | InvalidInput | SeriesNotFound:
        await lock_account(principal.id)
        series = await _series_to_change(principal.id, series_id)
        if series is None:
            return SeriesNotFound()
        if not _in_use(series):
            series.last_taken = checked.folios.first - 1
        elif problems := _problems_in_use(series, checked):
            return InvalidInput(problems)
        await series.update_from_dict(checked.columns()).save()
        await record(actor, EventKind.SERIES_CHANGED, principal.id, subject=series.id)
        await publish(principal.id, EventType.SERIES_UPDATED, Details(series_id=series.id))
        return SeriesUpdated(principal, _view(series))

    async def _delete(
        self, actor: Actor, principal: Principal, series_id: UUID
    ) -> SeriesDeleted | SeriesNotFound | SeriesInUse | LastSeries:
        await lock_account(principal.id)
        await _wait_for_company(principal.id)
        series = await _series_to_change(principal.id, series_id)
        if series is None:
            return SeriesNotFound()
        if _in_use(series):
            return SeriesInUse()
        if await Series.filter(account_id=principal.id).count() == 1:
            return LastSeries()
        await series.delete()
        await record(actor, EventKind.SERIES_DELETED, principal.id, subject=series.id)
        await publish(principal.id, EventType.SERIES_DELETED, Details(series_id=series.id))
        return SeriesDeleted(principal, series.id)


def _problems_in_use(series: Series, checked: CheckedSeries) -> tuple[FieldProblem, ...]:
    first, last = checked.folios.first, checked.folios.last
    problems = []
    if checked.name != series.name:
        problems.append(FieldProblem("name", FieldErrorCode.FOLIOS_TAKEN, maximum=MAX_NAME_LENGTH))
    if first != series.first_folio:
        stays = series.first_folio
        problems.append(FieldProblem("firstFolio", FieldErrorCode.FOLIOS_TAKEN, stays, stays))
    if last is not None and last < series.last_taken:
        problems.append(FieldProblem("lastFolio", FieldErrorCode.FOLIOS_TAKEN, series.last_taken, MAX_FOLIO))
    return tuple(problems)


async def _wait_for_company(account_id: UUID) -> None:
    await Company.filter(account_id=account_id).select_for_update().only("id")


async def _series_to_change(account_id: UUID, series_id: UUID) -> Series | None:
    """Locks the series: until this transaction ends, nobody else takes a folio or changes it."""
    return await Series.filter(id=series_id, account_id=account_id).select_for_update().get_or_none()


def _in_use(series: Series) -> bool:
    return bool(series.last_taken >= series.first_folio)


def _view(series: Series) -> SeriesView:
    return SeriesView.of({column: getattr(series, column) for column in SeriesView.__dataclass_fields__})
