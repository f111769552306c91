from typing import Annotated

import strawberry

from schema.context import Info, Input
from schema.invoices import (
    ConfirmInvoiceInput,
    ConfirmInvoiceResult,
    ConfirmInvoiceSuccess,
    InvoiceReservation,
    InvoiceReservationConnection,
    InvoiceResult,
    OpenReservationsResult,
    ReleaseInvoiceInput,
    ReleaseInvoiceResult,
    ReleaseInvoiceSuccess,
    ReserveInvoiceInput,
    ReserveInvoiceResult,
    ReserveInvoiceSuccess,
)
from schema.pages import After, First
from services.common.pages import DEFAULT_PAGE
from services.invoices.outcomes import (
    InvoiceConfirmed,
    InvoiceReleased,
    InvoiceReserved,
    ReservationPage,
    ReservationView,
)
from services.invoices.service import OPEN_HOURS

RequestId = Annotated[strawberry.ID, strawberry.argument(description="The requestId of reserveInvoice.")]
Hours = Annotated[
    int, strawberry.argument(description="Only what was reserved at least so many hours ago; 0 for everything.")
]


async def reserve_invoice(info: Info, input: Input[ReserveInvoiceInput]) -> ReserveInvoiceResult:
    ids = (input.account_id, input.series_id, input.request_id)
    match await info.context.services.invoices.reserve(info.context.caller, *ids):
        case InvoiceReserved(reservation):
            return ReserveInvoiceSuccess.of(reservation)
        case failure:
            return failure


async def confirm_invoice(info: Info, input: Input[ConfirmInvoiceInput]) -> ConfirmInvoiceResult:
    match await info.context.services.invoices.confirm(info.context.caller, input.request_id, input.uuid):
        case InvoiceConfirmed(reservation):
            return ConfirmInvoiceSuccess(reservation=InvoiceReservation.of(reservation))
        case failure:
            return failure


async def release_invoice(info: Info, input: Input[ReleaseInvoiceInput]) -> ReleaseInvoiceResult:
    match await info.context.services.invoices.release(info.context.caller, input.request_id):
        case InvoiceReleased(reservation):
            return ReleaseInvoiceSuccess(reservation=InvoiceReservation.of(reservation))
        case failure:
            return failure


async def invoice(info: Info, request_id: RequestId) -> InvoiceResult:
    match await info.context.services.invoices.find(info.context.caller, request_id):
        case ReservationView() as reservation:
            return InvoiceReservation.of(reservation)
        case failure:
            return failure


async def open_reservations(
    info: Info, after: After = None, first: First = DEFAULT_PAGE, older_than_hours: Hours = OPEN_HOURS
) -> OpenReservationsResult:
    match await info.context.services.invoices.list_open(info.context.caller, after, first, older_than_hours):
        case ReservationPage() as page:
            return InvoiceReservationConnection.of(page)
        case failure:
            return failure
