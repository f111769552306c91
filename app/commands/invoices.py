"""Lists the invoices that are reserved and not decided, and ends one of them, for an operator."""

import argparse
import asyncio
import sys
from datetime import timedelta
from uuid import UUID

from app.commands.output import print_json, refuse
from app.database import connected
from app.operator import current_operator
from app.setting_checks import KEYS
from app.settings import Settings
from services.common.clock import utc_now
from services.invoices import queries, reservations
from services.invoices.outcomes import (
    InvoiceAlreadyConfirmed,
    InvoiceAlreadyReleased,
    InvoiceConfirmed,
    InvoiceReleased,
    ReservationView,
    UuidInUse,
)
from services.invoices.reservations import Confirmed, Released
from services.invoices.service import MAX_OPEN_HOURS, OPEN_HOURS

NEEDS = KEYS
_MAX_LISTED = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "list reservations that were neither confirmed nor released"
    listing = actions.add_parser("open", help=text, description=text)
    listing.add_argument(
        "--hours", type=_hours, default=OPEN_HOURS, help=f"those of so many hours ago and earlier ({OPEN_HOURS})"
    )
    listing.add_argument("--json", action="store_true", help="print JSON")
    for name, text in (
        ("confirm", "record that an invoice was stamped, with its UUID"),
        ("release", "record that an invoice will never be stamped, and give its stamp back"),
    ):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("id", type=UUID, metavar="RESERVATION", help="the reservation's id, as `open` shows it")
        if name == "confirm":
            action.add_argument("uuid", type=UUID, metavar="UUID", help="the fiscal folio")
        action.add_argument("--json", action="store_true", help="print JSON")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if nothing was done."""
    return asyncio.run(_list(settings, arguments) if arguments.action == "open" else _end(settings, arguments))


async def _list(settings: Settings, arguments: argparse.Namespace) -> int:
    async with connected(settings.database):
        until = utc_now() - timedelta(hours=arguments.hours)
        views = await queries.open_reservations(until, _MAX_LISTED + 1)
    if arguments.json:
        print_json(views[:_MAX_LISTED])
    for view in () if arguments.json else views[:_MAX_LISTED]:
        print(*_columns(view), sep="\t")
    if len(views) > _MAX_LISTED:
        print(f"There are more than {_MAX_LISTED}.", file=sys.stderr)
    return 0


async def _end(settings: Settings, arguments: argparse.Namespace) -> int:
    async with connected(settings.database):
        known = await queries.get(arguments.id)
        if known is None:
            return refuse(f"{arguments.id}: no reservation has this id", json=arguments.json)
        request = (known.client_id, known.request_id)
        outcome: Confirmed | Released
        if arguments.action == "confirm":
            outcome = await reservations.confirm(*request, arguments.uuid, utc_now, current_operator())
        else:
            outcome = await reservations.release(*request, utc_now, current_operator())
    match outcome:
        case InvoiceConfirmed(view) | InvoiceReleased(view):
            print_json(view) if arguments.json else print(*_columns(view), sep="\t")
            return 0
        case InvoiceAlreadyConfirmed(uuid):
            sentence = f"the invoice was confirmed with the UUID {uuid}"
        case InvoiceAlreadyReleased():
            sentence = "the reservation was released"
        case UuidInUse():
            sentence = "another invoice was confirmed with this UUID"
        case _:
            sentence = "its account was deleted"
    return refuse(f"{arguments.id}: {sentence}; nothing was done", json=arguments.json)


def _columns(view: ReservationView) -> tuple[object, ...]:
    return (
        view.id,
        view.reserved_at.isoformat(timespec="seconds"),
        view.status.value,
        view.account_id,
        f"{view.series_name}{view.folio}",
        view.request_id,
        view.client_id,
        view.uuid or "-",
    )


def _hours(text: str) -> int:
    hours = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
    if not 0 <= hours <= MAX_OPEN_HOURS:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to {MAX_OPEN_HOURS}")
    return hours
