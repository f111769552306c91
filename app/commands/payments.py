"""Shows the payments that accounts made or started, for support, and exports those of a period."""

import argparse
import asyncio
import io
import sys
from datetime import date

from app.commands.emails import keys_of
from app.composition import composed
from app.database import connected
from app.operator import current_operator
from app.payment_csv import write_csv
from app.setting_checks import KEYS
from app.settings import Settings
from services.payments import queries
from services.payments.ledger import ledger
from services.payments.paypal.values import PayPalRefusedError, PayPalUnavailableError
from services.payments.queries import PaymentView

NEEDS = KEYS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("emails", nargs="*", metavar="EMAIL", help="the accounts' e-mails")
    parser.add_argument("--ask", action="store_true", help="first ask PayPal about each payment and update it")
    days = "day of the period in Mexico City, such as 2026-01-31"
    parser.add_argument("--from", type=_day, metavar="DATE", dest="first", help=f"export from this {days}")
    parser.add_argument("--to", type=_day, metavar="DATE", dest="last", help=f"export up to and including this {days}")
    parser.add_argument("--csv", action="store_true", help="export as CSV in UTF-8, for an accountant")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if PayPal did not answer for some payment, and 2 for invalid arguments."""
    if arguments.first or arguments.last or arguments.csv:
        return _export(settings, arguments)
    if not arguments.emails:
        print("Give e-mails, or --from, --to and --csv.", file=sys.stderr)
        return 2
    keys = keys_of(arguments.emails)
    return 2 if keys is None else asyncio.run(_show(settings, keys, ask=arguments.ask))


def _export(settings: Settings, arguments: argparse.Namespace) -> int:
    first, last = arguments.first, arguments.last
    if not (first and last and arguments.csv) or arguments.emails or arguments.ask:
        print("An export needs --from, --to and --csv, and nothing else.", file=sys.stderr)
        return 2
    if last < first:
        print("--to is before --from.", file=sys.stderr)
        return 2
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    asyncio.run(_write(settings, first, last))
    return 0


async def _write(settings: Settings, first: date, last: date) -> None:
    async with connected(settings.database):
        await write_csv(sys.stdout, ledger(first, last))


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.max
    if not 2000 <= day.year < 2100:
        raise argparse.ArgumentTypeError("must be a date such as 2026-01-31")
    return day


async def _show(settings: Settings, email_keys: list[str], *, ask: bool) -> int:
    status = 0
    async with composed(settings) as composition:
        for email_key in email_keys:
            if ask and composition.paypal:
                for payment in await queries.history(email_key):
                    try:
                        await composition.paypal.orders.reconcile(current_operator(), payment)
                    except (PayPalUnavailableError, PayPalRefusedError) as error:
                        print(f"{payment.id}: {error}", file=sys.stderr)
                        status = 1
            for payment in await queries.history(email_key):
                print(email_key, *_columns(payment), sep="\t")
    return status


def _columns(payment: PaymentView) -> tuple[str, ...]:
    return (
        payment.created_at.isoformat(timespec="seconds"),
        payment.method.value,
        payment.status.value,
        payment.plan_id,
        f"{payment.total} {payment.total.currency}",
        payment.reference or payment.paypal_order_id or "-",
        payment.paypal_capture_id or "-",
        str(payment.id),
    )
