"""What API clients with the scope `invoices:write` do with folios and stamps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.access.clients import ApiClient, ApiClients, Scope
from services.access.records import AccountNotFound
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.ids import parse_id
from services.common.outcomes import FieldErrorCode, FieldProblem, InvalidInput, NotAuthorized, TooManyAttempts
from services.common.pages import DEFAULT_PAGE, MomentCursors, after_problem, first_problem
from services.company.series_outcomes import SeriesNotFound
from services.invoices import queries, reservations
from services.invoices.outcomes import ReservationNotFound, ReservationPage, ReservationView
from services.invoices.reservations import Confirmed, Released, Reserved

OPEN_HOURS = 24
MAX_OPEN_HOURS = 24 * 366

_CURSORS = MomentCursors(b"r")

Refused = NotAuthorized | TooManyAttempts


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceService:
    clients: ApiClients
    clock: Clock = utc_now

    async def reserve(
        self, caller: Caller, account_id: str, series_id: str, request_id: str
    ) -> Reserved | InvalidInput | Refused:
        """Takes a folio and a stamp, or returns what the client reserved with this request id before."""
        client = await self._require(caller)
        if not isinstance(client, ApiClient):
            return client
        request, account, series = parse_id(request_id), parse_id(account_id), parse_id(series_id)
        if request is None:
            return InvalidInput((FieldProblem("requestId", FieldErrorCode.MALFORMED),))
        if account is None:
            return AccountNotFound()
        if series is None:
            return SeriesNotFound()
        return await reservations.reserve(client.id, account, series, request, self.clock)

    async def confirm(self, caller: Caller, request_id: str, uuid: str) -> Confirmed | InvalidInput | Refused:
        client = await self._require(caller)
        if not isinstance(client, ApiClient):
            return client
        request, fiscal_folio = parse_id(request_id), parse_id(uuid)
        if fiscal_folio is None:
            return InvalidInput((FieldProblem("uuid", FieldErrorCode.MALFORMED),))
        if request is None:
            return ReservationNotFound()
        return await reservations.confirm(client.id, request, fiscal_folio, self.clock)

    async def release(self, caller: Caller, request_id: str) -> Released | Refused:
        client = await self._require(caller)
        if not isinstance(client, ApiClient):
            return client
        request = parse_id(request_id)
        return await reservations.release(client.id, request, self.clock) if request else ReservationNotFound()

    async def find(self, caller: Caller, request_id: str) -> ReservationView | ReservationNotFound | Refused:
        """Returns what the client reserved with this request id, for recovery after an answer was lost."""
        client = await self._require(caller)
        if not isinstance(client, ApiClient):
            return client
        request = parse_id(request_id)
        return (await queries.find(client.id, request) if request else None) or ReservationNotFound()

    async def list_open(
        self, caller: Caller, after: str | None = None, first: int = DEFAULT_PAGE, hours: int = OPEN_HOURS
    ) -> ReservationPage | InvalidInput | Refused:
        """Returns a page of the client's reservations that have been open for so many hours, the oldest first."""
        client = await self._require(caller)
        if not isinstance(client, ApiClient):
            return client
        position = None if after is None else _CURSORS.read(after)
        problems = [first_problem(first), after_problem() if after is not None and position is None else None]
        if not 0 <= hours <= MAX_OPEN_HOURS:
            problems.append(FieldProblem("olderThanHours", FieldErrorCode.OUT_OF_RANGE, 0, MAX_OPEN_HOURS))
        if found := tuple(filter(None, problems)):
            return InvalidInput(found)
        until = self.clock() - timedelta(hours=hours)
        views = await queries.open_reservations(until, first + 1, client_id=client.id, after=position)
        page = views[:first]
        return ReservationPage(
            [(_CURSORS.write(view.reserved_at, view.id), view) for view in page], has_next=len(views) > first
        )

    async def skipped_folios(self, series_ids: Sequence[UUID]) -> Mapping[UUID, list[int]]:
        """Returns the last folios of each series that were taken and will never be used, the highest first."""
        return await queries.skipped_folios(series_ids)

    async def _require(self, caller: Caller) -> ApiClient | Refused:
        return await self.clients.require(caller, Scope.INVOICES_WRITE)
