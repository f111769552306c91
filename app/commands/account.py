"""Helps one person with an account or a registration: the commands for support."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from uuid import UUID

from limits.errors import StorageError

from app.archives import new_private_file
from app.commands.output import print_fields, print_json, printable, refuse
from app.commands.revocations import revoke_accounts, revoke_all
from app.composition import Composition, composed
from app.operator import current_operator
from app.setting_checks import KEYS
from app.settings import Settings
from services.accounts.email import parse_email
from services.accounts.email_change import EmailTaken
from services.accounts.rfc import Rfc, parse_rfc
from services.accounts.rfc_change import RfcChanged
from services.audit.events import EventKind, record
from services.support import people
from services.support.changes import (
    AccountConfirmed,
    AlreadyConfirmed,
    EmailChanged,
    MailQueued,
    NobodyFound,
    NotConfirmed,
    SecondFactorEnds,
    SeveralRegistrations,
    Unchanged,
    Unlocked,
)
from services.support.deletion import Deleted, InvoicesOpen, PaymentUndecided

NEEDS = KEYS
_HELP_OF = {
    "show": "show the account or the registrations of an e-mail",
    "confirm": "confirm a registration whose mail does not arrive",
    "resend": "queue the confirmation mail",
    "unlock": "end both lockouts after too many wrong passwords",
    "set-email": "move the account to another e-mail, and end its sessions",
    "set-rfc": "correct the RFC",
    "end-second-factor": "announce that the second factor ends in three days, for a person who has lost it",
    "export": "write everything that is kept about a person into a zip file",
    "delete": "delete the account and its registrations, except what tax law keeps",
}
_Work = Callable[[argparse.Namespace, Composition, str], Awaitable[int]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    commands = {name: actions.add_parser(name, help=text, description=text) for name, text in _HELP_OF.items()}
    for command in commands.values():
        command.add_argument("email", metavar="EMAIL")
        command.add_argument("--json", action="store_true", help="print JSON")
    commands["confirm"].add_argument("--registration", type=UUID, metavar="ID", help="which one, if several wait")
    commands["set-email"].add_argument("new", metavar="NEW_EMAIL")
    commands["set-rfc"].add_argument("rfc", metavar="RFC")
    commands["export"].add_argument("file", metavar="FILE", type=Path, help="a new file, such as ana.zip")
    commands["delete"].add_argument("--yes", action="store_true", help="do not ask")
    text = "end the sessions of accounts; with --password also their passwords, so that only recovery opens them"
    revoke = actions.add_parser("revoke", help=text, description=text)
    who = revoke.add_mutually_exclusive_group(required=True)
    who.add_argument("emails", nargs="*", default=[], metavar="EMAIL", help="the accounts' e-mails")
    who.add_argument("--all", action="store_true", help="every account")
    revoke.add_argument(
        "--password",
        action="store_true",
        help="end passwords too, including mailed ones, and the passkeys of each EMAIL",
    )
    revoke.add_argument("--after", type=UUID, metavar="ID", help="with --all, continue an earlier run after this id")
    revoke.add_argument("--json", action="store_true", help="print JSON")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if nothing was found or done, and 2 for an e-mail or an RFC that is none."""
    if arguments.action == "revoke":
        if arguments.after and not arguments.all:
            print("--after requires --all.", file=sys.stderr)
            return 2
        return revoke_all(settings, arguments) if arguments.all else revoke_accounts(settings, arguments)
    email = parse_email(arguments.email)
    if email is None:
        return _wrong(arguments.email, "an e-mail")
    work = partial(_WORK[arguments.action], arguments)
    return asyncio.run(_with(settings, email.key, work))


async def _with(settings: Settings, email_key: str, work: Callable[[Composition, str], Awaitable[int]]) -> int:
    async with composed(settings) as composition:
        return await work(composition, email_key)


async def _show(arguments: argparse.Namespace, composition: Composition, email_key: str) -> int:
    person = await people.find(email_key, composition.support.lockout)
    if person is None:
        return _report(arguments, email_key, NobodyFound())
    (print_json if arguments.json else print_fields)(person)
    return 0


async def _confirm(arguments: argparse.Namespace, composition: Composition, email_key: str) -> int:
    return _report(
        arguments, email_key, await composition.support.confirm(current_operator(), email_key, arguments.registration)
    )


async def _resend(arguments: argparse.Namespace, composition: Composition, email_key: str) -> int:
    return _report(arguments, email_key, await composition.support.resend(current_operator(), email_key))


async def _unlock(arguments: argparse.Namespace, composition: Composition, email_key: str) -> int:
    return _report(arguments, email_key, await composition.support.unlock(current_operator(), email_key))


async def _set_email(arguments: argparse.Namespace, composition: Composition, email_key: str) -> int:
    new = parse_email(arguments.new)
    if new is None:
        return _wrong(arguments.new, "an e-mail")
    return _report(arguments, email_key, await composition.support.set_email(current_operator(), email_key, new))


async def _end_second_factor(arguments: argparse.Namespace, composition: Composition, email_key: str) -> int:
    return _report(arguments, email_key, await composition.support.end_second_factor(current_operator(), email_key))


async def _set_rfc(arguments: argparse.Namespace, composition: Composition, email_key: str) -> int:
    rfc = parse_rfc(arguments.rfc)
    if not isinstance(rfc, Rfc):
        return _wrong(arguments.rfc, "the RFC of a taxpayer")
    return _report(arguments, email_key, await composition.support.set_rfc(current_operator(), email_key, rfc))


async def _export(arguments: argparse.Namespace, composition: Composition, email_key: str) -> int:
    subject = await composition.personal_data.subject(email_key)
    if subject is None:
        return _report(arguments, email_key, NobodyFound())
    try:
        with new_private_file(arguments.file) as file:
            email = composition.actors.email(email_key)
            await record(current_operator(), EventKind.DATA_EXPORTED, subject.account_id, email=email)
            counts = await composition.personal_data.write(subject, file)
    except StorageError as error:
        return refuse(f"The limits' storage is unavailable: {type(error.storage_error).__name__}", json=arguments.json)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return refuse(f"Cannot write {str(arguments.file)!r}: {why}", json=arguments.json)
    if arguments.json:
        print_json({"file": str(arguments.file), "rows": counts})
    else:
        listed = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        print(printable(f"{email_key}: written to {arguments.file}: {listed}"))
    return 0


async def _delete(arguments: argparse.Namespace, composition: Composition, email_key: str) -> int:
    person = await people.find(email_key, composition.support.lockout)
    if person and not arguments.yes:
        if person.account and person.account.active_until:
            print(f"The account is or was active until {person.account.active_until}.", file=sys.stderr)
        print(f"Type {email_key} to delete it: ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() != email_key:
            return refuse("Nothing was deleted.", json=arguments.json)
    return _report(arguments, email_key, await composition.deletion.delete(current_operator(), email_key))


def _report(arguments: argparse.Namespace, email_key: str, outcome: object) -> int:
    sentence, done = _described(email_key, outcome)
    if not done:
        return refuse(sentence, json=arguments.json)
    if arguments.json:
        print_json(outcome)
    else:
        print(sentence)
    return 0


def _described(email_key: str, outcome: object) -> tuple[str, bool]:
    """Returns a sentence, and whether anything was done."""
    match outcome:
        case AccountConfirmed(email, rfc):
            return f"{email}: confirmed, with the RFC {rfc}; a notice is queued", True
        case MailQueued(registrations):
            return f"{email_key}: queued, for {registrations} waiting", True
        case Unlocked(before):
            counts = f"{before.known_networks} from known networks and {before.other_networks} from others"
            return f"{email_key}: unlocked; failed logins were {counts}", True
        case EmailChanged(old, new, sessions):
            return f"{old}: is now {new}; {sessions} sessions ended; notices are queued", True
        case RfcChanged(old, new, company_outdated):
            step = "; step 3 has to be done again" if company_outdated else ""
            return f"{email_key}: {old} is now {new}{step}; a notice is queued", True
        case Unchanged():
            return f"{email_key}: has it already; nothing was done", True
        case Deleted():
            return _deleted(email_key, outcome), True
        case AlreadyConfirmed():
            return f"{email_key}: has an account; nothing was done", False
        case NotConfirmed():
            return f"{email_key}: is not confirmed; the person can register again to correct it", False
        case SecondFactorEnds(at):
            return f"{email_key}: the second factor ends at {at:%Y-%m-%d %H:%M} UTC; a notice is queued", True
        case EmailTaken():
            return f"{email_key}: another account has that e-mail; nothing was done", False
        case SeveralRegistrations(registrations):
            choices = ", ".join(f"{each.id} ({each.rfc}, {each.created_at:%Y-%m-%d %H:%M})" for each in registrations)
            return f"{email_key}: several wait; choose one with --registration: {choices}", False
        case PaymentUndecided(payments):
            ids = ", ".join(map(str, payments))
            return f"{email_key}: nothing was deleted, since payments are not decided yet: {ids}", False
        case InvoicesOpen(reservations):
            ids = ", ".join(map(str, reservations))
            return f"{email_key}: nothing was deleted, since invoices are reserved and not decided yet: {ids}", False
        case _:
            return f"{email_key}: nothing found", False


def _deleted(email_key: str, deleted: Deleted) -> str:
    what = f"{email_key}: deleted {deleted.accounts} account and {deleted.registrations} registrations"
    if deleted.retained_until:
        what += f"; tax law keeps {deleted.retained} payments until {deleted.retained_until:%Y-%m-%d}"
    if deleted.voided:
        what += f"; deposits that may still arrive have no account: {', '.join(deleted.voided)}"
    return what


def _wrong(text: str, what: str) -> int:
    print(f"{text[:100]!r} is not {what}.", file=sys.stderr)
    return 2


_WORK: dict[str, _Work] = {
    "show": _show,
    "confirm": _confirm,
    "resend": _resend,
    "unlock": _unlock,
    "set-email": _set_email,
    "set-rfc": _set_rfc,
    "end-second-factor": _end_second_factor,
    "export": _export,
    "delete": _delete,
}
