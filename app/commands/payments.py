"""Shows what accounts have paid and were asked to pay, for support."""

import argparse
import asyncio
import sys
from contextlib import aclosing

from app.composition import compose
from app.database import connected
from app.settings import Settings
from services.payments import records
from services.payments.paypal_values import PayPalAwayError, PayPalRefusedError
from services.payments.records import PaymentView
from services.validation.email import parse_email

HELP = "show the payments of accounts, and with --ask what PayPal says of them now"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("emails", nargs="+", metavar="EMAIL", help="the accounts' e-mails")
    parser.add_argument("--ask", action="store_true", help="first ask PayPal about each, and do what follows")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """1 where PayPal could not be asked."""
    keys = []
    for text in arguments.emails:
        email = parse_email(text)
        if email is None:
            print(f"{text!r} is no e-mail.", file=sys.stderr)
            return 2
        keys.append(email.key)
    return asyncio.run(_show(settings, keys, ask=arguments.ask))


async def _show(settings: Settings, email_keys: list[str], *, ask: bool) -> int:
    composition = compose(settings)
    status = 0
    async with connected(settings.database), aclosing(composition):
        for email_key in email_keys:
            if ask and composition.paypal:
                for payment in await records.history(email_key):
                    try:
                        await composition.paypal.orders.look_again(payment)
                    except (PayPalAwayError, PayPalRefusedError) as error:
                        print(f"{payment.id}: {error}", file=sys.stderr)
                        status = 1
            for payment in await records.history(email_key):
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
