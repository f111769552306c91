"""Reservations of folios and stamps, for API clients."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.enums import ReservationStatus
from schema.errors import register
from schema.list_size import ListSize
from schema.messages import message_field
from schema.pages import PageInfo
from schema.scalars import MAX_INT, BigInt
from services.access.records import AccountNotFound
from services.common.outcomes import InvalidInput, NotAuthorized, TooManyAttempts
from services.common.pages import MAX_PAGE
from services.company.series_outcomes import CompanyNotConfigured, SeriesExhausted, SeriesNotFound
from services.invoices.outcomes import (
    AccountNotActive,
    InvoiceAlreadyConfirmed,
    InvoiceAlreadyReleased,
    NoStampsLeft,
    RequestIdReused,
    ReservationNotFound,
    ReservationPage,
    ReservationView,
    UuidInUse,
)


@strawberry.type(description="A folio and a stamp that the API client took for one invoice.")
class InvoiceReservation:
    id: strawberry.ID = strawberry.field(description="A permanent identifier.")
    request_id: strawberry.ID = strawberry.field(description="The UUID that the API client chose, in lower case.")
    account_id: strawberry.ID = strawberry.field(description="The account that issues the invoice.")
    series_id: strawberry.ID = strawberry.field(description="The series that the folio is of.")
    series: str = strawberry.field(description="The Serie attribute of the invoice; empty for the unnamed series.")
    folio: BigInt = strawberry.field(description="The Folio attribute of the invoice.")
    status: ReservationStatus = strawberry.field(description="What became of the reservation.")
    uuid: strawberry.ID | None = strawberry.field(
        description="The fiscal folio (UUID) of the confirmed invoice, in lower case; null until then."
    )
    folio_skipped: bool = strawberry.field(
        description="Whether the invoice was released and its folio stays unused, as in Series.skippedFolios; false "
        "for a released one whose folio returned to the series."
    )
    reserved_at: datetime = strawberry.field(description="When the folio and the stamp were taken.")
    confirmed_at: datetime | None = strawberry.field(description="When confirmInvoice succeeded; null until then.")
    released_at: datetime | None = strawberry.field(description="When releaseInvoice succeeded; null until then.")

    @classmethod
    def of(cls, view: ReservationView) -> "InvoiceReservation":
        return cls(
            id=strawberry.ID(str(view.id)),
            request_id=strawberry.ID(str(view.request_id)),
            account_id=strawberry.ID(str(view.account_id)),
            series_id=strawberry.ID(str(view.series_id)),
            series=view.series_name,
            folio=BigInt(str(view.folio)),
            status=view.status,
            uuid=strawberry.ID(str(view.uuid)) if view.uuid else None,
            folio_skipped=view.folio_skipped,
            reserved_at=view.reserved_at,
            confirmed_at=view.confirmed_at,
            released_at=view.released_at,
        )


@strawberry.input(description="The input of reserveInvoice.")
class ReserveInvoiceInput:
    account_id: strawberry.ID = strawberry.field(description="The account that issues the invoice.")
    series_id: strawberry.ID = strawberry.field(description="One of the account's series.")
    request_id: strawberry.ID = strawberry.field(
        description="A new UUID for each invoice, stored before it is sent. The same one gets the same answer."
    )


@strawberry.input(description="The input of confirmInvoice.")
class ConfirmInvoiceInput:
    request_id: strawberry.ID = strawberry.field(description="The requestId of reserveInvoice.")
    uuid: strawberry.ID = strawberry.field(
        description="The fiscal folio: the UUID of the TimbreFiscalDigital, in upper or lower case."
    )


@strawberry.input(description="The input of releaseInvoice.")
class ReleaseInvoiceInput:
    request_id: strawberry.ID = strawberry.field(description="The requestId of reserveInvoice.")


@strawberry.type(
    description="The folio and the stamp are taken, or were taken by an earlier call with this requestId: stamp the "
    "invoice only while reservation.status is RESERVED."
)
class ReserveInvoiceSuccess:
    message: str = message_field()
    series: str = strawberry.field(description="The Serie attribute of the invoice; empty for the unnamed series.")
    folio: BigInt = strawberry.field(description="The Folio attribute of the invoice.")
    stamps_left: int = strawberry.field(
        description="How many stamps the account had left after this one; a repeated call answers the same. Counts "
        "stop at 2147483647."
    )
    reservation: InvoiceReservation = strawberry.field(description="The reservation as it is now.")

    @classmethod
    def of(cls, view: ReservationView) -> "ReserveInvoiceSuccess":
        return cls(
            series=view.series_name,
            folio=BigInt(str(view.folio)),
            stamps_left=min(view.stamps_left, MAX_INT),
            reservation=InvoiceReservation.of(view),
        )


@strawberry.type(description="The invoice is recorded as stamped.")
class ConfirmInvoiceSuccess:
    message: str = message_field()
    reservation: InvoiceReservation = strawberry.field(description="The confirmed reservation.")


@strawberry.type(description="The stamp is given back.")
class ReleaseInvoiceSuccess:
    message: str = message_field()
    reservation: InvoiceReservation = strawberry.field(description="The released reservation.")


@strawberry.type(description="A reservation in a page.")
class InvoiceReservationEdge:
    cursor: str = strawberry.field(description="Its place in the list, for `after`.")
    node: InvoiceReservation = strawberry.field(description="The reservation.")


@strawberry.type(description="A page of reservations, the oldest first.")
class InvoiceReservationConnection:
    edges: list[InvoiceReservationEdge] = strawberry.field(
        description="The reservations of the page.", directives=[ListSize(assumed_size=MAX_PAGE)]
    )
    page_info: PageInfo = strawberry.field(description="Where the page is in the list.")

    @classmethod
    def of(cls, page: ReservationPage) -> "InvoiceReservationConnection":
        edges = [InvoiceReservationEdge(cursor=cursor, node=InvoiceReservation.of(view)) for cursor, view in page.edges]
        cursors = [edge.cursor for edge in edges]
        return cls(edges=edges, page_info=PageInfo.of(cursors, has_next_page=page.has_next))


register(AccountNotActive, "Nothing is paid for now, so the account cannot invoice: its owner has to pay or renew.")
register(NoStampsLeft, "All stamps of the paid periods are used: the account's owner has to renew.")
register(SeriesExhausted, "The last folio of the series is taken: its owner has to move its end or use another series.")
register(RequestIdReused, "The API client already reserved with this requestId, for another account or series.")
register(ReservationNotFound, "The API client has no reservation with this requestId.")
register(
    InvoiceAlreadyConfirmed,
    "The invoice is confirmed, so it can be neither released nor confirmed with another UUID.",
    uuid=strawberry.field(
        resolver=lambda root: strawberry.ID(str(root.uuid)),
        graphql_type=strawberry.ID,
        description="The UUID that it was confirmed with.",
    ),
)
register(InvoiceAlreadyReleased, "The reservation was released, so it cannot be confirmed: reserve again.")
register(UuidInUse, "Another invoice is confirmed with this UUID.")

ReserveInvoiceResult = Annotated[
    ReserveInvoiceSuccess
    | InvalidInput
    | AccountNotFound
    | AccountNotActive
    | CompanyNotConfigured
    | NoStampsLeft
    | SeriesNotFound
    | SeriesExhausted
    | RequestIdReused
    | TooManyAttempts
    | NotAuthorized,
    strawberry.union("ReserveInvoiceResult", description="The result of reserveInvoice."),
]
ConfirmInvoiceResult = Annotated[
    ConfirmInvoiceSuccess
    | InvalidInput
    | ReservationNotFound
    | InvoiceAlreadyConfirmed
    | InvoiceAlreadyReleased
    | UuidInUse
    | TooManyAttempts
    | NotAuthorized,
    strawberry.union("ConfirmInvoiceResult", description="The result of confirmInvoice."),
]
ReleaseInvoiceResult = Annotated[
    ReleaseInvoiceSuccess | ReservationNotFound | InvoiceAlreadyConfirmed | TooManyAttempts | NotAuthorized,
    strawberry.union("ReleaseInvoiceResult", description="The result of releaseInvoice."),
]
InvoiceResult = Annotated[
    InvoiceReservation | ReservationNotFound | TooManyAttempts | NotAuthorized,
    strawberry.union("InvoiceResult", description="The result of invoice."),
]
OpenReservationsResult = Annotated[
    InvoiceReservationConnection | InvalidInput | TooManyAttempts | NotAuthorized,
    strawberry.union("OpenReservationsResult", description="The result of openReservations."),
]
