"""Shows the payments that accounts made or started, for support."""

import argparse
import asyncio
import sys

from app.commands.emails import keys_of
from app.composition import composed
from app.operator import current_operator
from app.setting_checks import KEYS
from app.settings import Settings
from services.payments import queries
from services.payments.paypal.values import PayPalRefusedError, PayPalUnavailableError
from services.payments.queries import PaymentView

HELP = "show the payments of accounts"
NEEDS = KEYS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("emails", nargs="+", metavar="EMAIL", help="the accounts' e-mails")
    parser.add_argument("--ask", action="store_true", help="first ask PayPal about each payment and update it")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if PayPal did not answer for some payment, and 2 for an invalid e-mail."""
    keys = keys_of(arguments.emails)
    return 2 if keys is None else asyncio.run(_show(settings, keys, ask=arguments.ask))


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
