"""Confirms bank deposits, one by one or from a file that the bank exports."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from app.composition import composed
from app.deposit_reports import described
from app.operator import current_operator
from app.setting_checks import KEYS
from app.settings import Settings
from services.common.money import Money
from services.payments.bank.amounts import parse_amount
from services.payments.bank.deposits import DepositService
from services.payments.bank.encoding import MAX_BYTES
from services.payments.bank.movements import MovementCounter
from services.payments.bank.statement import StatementRow, candidates, read_statement

NEEDS = KEYS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    confirm = actions.add_parser("confirm", help="confirm one deposit that you have seen")
    confirm.add_argument("reference", metavar="REFERENCE")
    confirm.add_argument("--amount", required=True, type=_amount, help="in MXN, such as 1160.00")
    confirm.add_argument(
        "--late",
        action="store_true",
        help="also accept a reference that has expired, was canceled, replaced or taken back, or was paid with again",
    )
    confirm.add_argument(
        "--movement", default="", type=str.lower, metavar="ID", help="which one of several waiting deposits to confirm"
    )
    statement = actions.add_parser("import", help="confirm every deposit in a CSV file exported by the bank")
    statement.add_argument("file", metavar="FILE", type=Path)
    statement.add_argument("--dry-run", action="store_true", help="only report what would be done")
    undo = actions.add_parser("undo", help="take back a deposit that was confirmed by mistake or did not clear")
    undo.add_argument("reference", metavar="REFERENCE")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 0 on success, 1 if a person must look at a deposit or a row, and 2 if the file cannot be read."""
    match arguments.action:
        case "confirm":
            return asyncio.run(_with_deposits(settings, partial(_confirm, arguments)))
        case "undo":
            return asyncio.run(_with_deposits(settings, partial(_undo, arguments.reference)))
    try:
        with arguments.file.open("rb") as file:
            rows = read_statement(file.read(MAX_BYTES + 1))
    except (OSError, ValueError) as error:
        print(f"Cannot read {arguments.file}: {_printable(str(error), 2000)}", file=sys.stderr)
        return 2
    return asyncio.run(_with_deposits(settings, partial(_import, rows, dry_run=arguments.dry_run)))


async def _with_deposits(settings: Settings, work: Callable[[DepositService], Awaitable[int]]) -> int:
    async with composed(settings) as composition:
        return await work(composition.services.deposits)


async def _confirm(arguments: argparse.Namespace, deposits: DepositService) -> int:
    amount: Money = arguments.amount
    actor = current_operator()
    outcome = await deposits.confirm(actor, arguments.reference, amount, late=arguments.late, chosen=arguments.movement)
    return _report(_printable(arguments.reference) or "no reference", *described(amount, outcome))


async def _import(rows: list[StatementRow], deposits: DepositService, *, dry_run: bool) -> int:
    issued = await deposits.issued(candidates(rows))
    counter = MovementCounter()
    settled: set[str] = set()
    others: list[StatementRow] = []
    status = 0
    for row in rows:
        named = row.issued_references(issued)
        if not (named or row.exact or row.fault):
            others.append(row)
            continue
        if dry_run and settled.intersection(named):
            done, sentences = False, ["appears again in this file; a person would have to decide"]
        else:
            done, sentences = await _import_row(row, named, counter, deposits, dry_run=dry_run)
        settled.update(named if done else ())
        name = named[0] if len(named) == 1 else _printable(row.text) or "no reference"
        status |= _report(f"line {row.line}: {name}", done, sentences)
    return status | _report_others(others, await deposits.expected_amounts(settled) if others else set())


async def _import_row(
    row: StatementRow, named: list[str], counter: MovementCounter, deposits: DepositService, *, dry_run: bool
) -> tuple[bool, list[str]]:
    if row.amount is None:
        return False, [f"{row.fault}; nothing was done"]
    if len(named) > 1:
        return False, [f"contains several references ({', '.join(named)}); nothing was done"]
    if not named:
        return False, ["unknown; nothing was done"]
    movement = counter.next(named[0], row.movement)
    done, sentences = described(
        row.amount, await deposits.receive(current_operator(), named[0], row.amount, movement, dry_run=dry_run)
    )
    return done, [each.replace("confirmed,", "would be confirmed,", 1) if dry_run else each for each in sentences]


def _report_others(rows: list[StatementRow], awaited: set[Money]) -> int:
    """Reports movements without a reference that have an awaited amount; counts the others."""
    possible = [row for row in rows if row.amount in awaited]
    for row in possible:
        sentence = (
            f"{row.amount} arrived without a known reference, and a deposit of this amount is awaited; nothing was done"
        )
        _report(f"line {row.line}: {_printable(row.text) or 'no reference'}", False, [sentence])
    if others := len(rows) - len(possible):
        print(f"{others} other movement{'s' if others > 1 else ''} without one of our references")
    return 1 if possible else 0


async def _undo(reference: str, deposits: DepositService) -> int:
    undone = await deposits.undo(current_operator(), reference)
    print(f"{reference}: {'taken back' if undone else 'not a confirmed deposit; nothing was done'}")
    return 0 if undone else 1


def _report(start: str, done: bool, sentences: list[str]) -> int:
    for sentence in sentences:
        print(f"{start}: {sentence}", file=sys.stdout if done else sys.stderr)
    return 0 if done else 1


def _printable(text: str, length: int = 60) -> str:
    """Puts the text on one line without control characters, since payers choose the concept of a transfer."""
    line = "".join(character if character.isprintable() else " " for character in text[: 2 * length])
    return " ".join(line.split())[:length]


def _amount(text: str) -> Money:
    amount = parse_amount(text)
    if amount is None:
        raise argparse.ArgumentTypeError("must be an amount such as 1160.00")
    return amount
