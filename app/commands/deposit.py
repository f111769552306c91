"""Confirms bank deposits, one by one or from the file that a bank exports."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from app.composition import composed
from app.settings import Settings
from services.money import Money
from services.payments.bank_statement import StatementRow, parse_amount, read_statement
from services.payments.deposits import (
    DepositClosed,
    DepositConfirmed,
    DepositDiffers,
    DepositKnown,
    Deposits,
    DepositUnknown,
)
from services.payments.records import PaymentStatus
from services.payments.reference import parse_reference

HELP = "confirm bank deposits, so that the accounts that made them are active"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    confirm = actions.add_parser("confirm", help="one deposit that you have seen")
    confirm.add_argument("reference", metavar="REFERENCE")
    confirm.add_argument("--amount", required=True, type=_amount, help="in MXN, such as 1160.00")
    confirm.add_argument("--late", action="store_true", help="also where the reference has expired or was replaced")
    statement = actions.add_parser("import", help="every deposit in the CSV file that the bank exports")
    statement.add_argument("file", metavar="FILE", type=Path)
    undo = actions.add_parser("undo", help="take a deposit back that was confirmed by mistake or did not clear")
    undo.add_argument("reference", metavar="REFERENCE")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """0 where every deposit is confirmed, 1 where one needs a look, 2 for a file that cannot be read."""
    match arguments.action:
        case "confirm":
            row = StatementRow(0, arguments.reference, arguments.amount)
            return asyncio.run(_with_deposits(settings, partial(_confirm, [row], late=arguments.late)))
        case "undo":
            return asyncio.run(_with_deposits(settings, partial(_undo, arguments.reference)))
    try:
        rows = read_statement(arguments.file.read_bytes())
    except (OSError, ValueError) as error:
        print(f"Cannot read {arguments.file}: {error}", file=sys.stderr)
        return 2
    return asyncio.run(_with_deposits(settings, partial(_confirm, rows, late=False)))


async def _with_deposits(settings: Settings, work: Callable[[Deposits], Awaitable[int]]) -> int:
    async with composed(settings) as composition:
        return await work(composition.services.deposits)


async def _confirm(rows: list[StatementRow], deposits: Deposits, *, late: bool) -> int:
    seen: set[str | None] = set()
    status = 0
    for row in rows:
        reference = parse_reference(row.reference)
        if reference and reference in seen:
            done, sentence = False, "occurs again in this file; look whether it was paid twice"
        else:
            done, sentence = await _one(deposits, row, late=late)
        seen.add(reference)
        line = f"line {row.line}: " if row.line else ""
        print(f"{line}{row.reference or 'no reference'}: {sentence}", file=sys.stdout if done else sys.stderr)
        status = status if done else 1
    return status


async def _undo(reference: str, deposits: Deposits) -> int:
    undone = await deposits.undo(reference)
    print(f"{reference}: {'taken back' if undone else 'is no confirmed deposit; nothing was done'}")
    return 0 if undone else 1


async def _one(deposits: Deposits, row: StatementRow, *, late: bool) -> tuple[bool, str]:
    if row.amount is None:
        return False, "the amount cannot be read; nothing was done"
    match await deposits.confirm(row.reference, row.amount, late=late):
        case DepositConfirmed(amount):
            return True, f"confirmed, {amount} {amount.currency}"
        case DepositKnown():
            return True, "was confirmed before"
        case DepositUnknown():
            return False, "unknown; nothing was done"
        case DepositDiffers(expected):
            return False, f"{row.amount} was paid instead of {expected}; nothing was done"
        case DepositClosed(PaymentStatus.REFUNDED):
            return False, "was taken back; nothing was done"
        case DepositClosed(status):
            return False, f"is {status.value}; nothing was done (confirm it with --late if it is to count)"


def _amount(text: str) -> Money:
    amount = parse_amount(text)
    if amount is None:
        raise argparse.ArgumentTypeError("give an amount such as 1160.00")
    return amount
