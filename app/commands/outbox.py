"""Shows the mails that wait or failed, and sends or deletes them."""

import argparse
import asyncio
import sys
from uuid import UUID

from app.commands.emails import keys_of
from app.commands.output import print_fields, print_json, printable, refuse
from app.composition import composed
from app.operator import current_operator
from app.setting_checks import KEYS
from app.settings import Settings
from services.mail import queue
from services.mail.queue import QueuedMail

NEEDS = KEYS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="list the mails that wait, those due first")
    listed.add_argument("--failed", action="store_true", help="list those that were refused or given up instead")
    listed.add_argument("--email", metavar="EMAIL", help="only those to this e-mail")
    listed.add_argument("--count", type=int, default=50, metavar="N", help="at most so many (50)")
    show = actions.add_parser("show", help="show one mail")
    show.add_argument("id", metavar="ID", type=UUID)
    retry = actions.add_parser("retry", help="make mails due now: those that wait, and those that failed")
    drop = actions.add_parser("drop", help="delete mails that wait")
    for several in (retry, drop):
        several.add_argument("ids", nargs="+", metavar="ID", type=UUID)
    for action in (listed, show, retry, drop):
        action.add_argument("--json", action="store_true", help="print JSON")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if nothing was found, or if some mail could not be retried or dropped."""
    return asyncio.run(_run(settings, arguments))


async def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    async with composed(settings):
        match arguments.action:
            case "list":
                return await _list(arguments)
            case "show":
                mail = await queue.get(arguments.id)
                if mail is None:
                    return refuse(f"{arguments.id}: no such mail", json=arguments.json)
                (print_json if arguments.json else print_fields)(mail)
                return 0
        return await _change(arguments)


async def _list(arguments: argparse.Namespace) -> int:
    keys = keys_of([arguments.email] if arguments.email else [])
    if keys is None:
        return 2
    read = queue.failed if arguments.failed else queue.pending
    mails = await read(keys[0] if keys else None, max(1, arguments.count))
    if arguments.json:
        print_json(mails)
    for mail in () if arguments.json else mails:
        print(*_columns(mail), sep="\t")
    return 0 if mails else 1


async def _change(arguments: argparse.Namespace) -> int:
    done = []
    for mail_id in arguments.ids:
        retrying = arguments.action == "retry"
        if await (queue.retry if retrying else queue.drop)(current_operator(), mail_id):
            done.append(mail_id)
            if not arguments.json:
                print(f"{mail_id}: {'due now' if retrying else 'dropped'}")
        else:
            why = "neither waits nor failed, or the same mail waits by now" if retrying else "does not wait"
            print(f"{mail_id}: {why}; nothing was done", file=sys.stderr)
    if arguments.json:
        print_json(done)
    return 0 if len(done) == len(arguments.ids) else 1


def _columns(mail: QueuedMail) -> tuple[str, ...]:
    when = mail.finished_at or mail.due_at
    state = mail.outcome or ("sending" if mail.claimed else "waiting")
    reason = printable(mail.reason or "-")
    return (str(mail.id), when.isoformat(timespec="seconds"), mail.kind, mail.email, state, str(mail.attempts), reason)
