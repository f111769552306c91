"""The command line: finds a command, reads the settings and runs it."""

import argparse
import keyword
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from app.logs import configure_logs
from app.setting_checks import PRODUCTION_NEEDS
from app.settings import InvalidSettingsError, Settings, mistyped_settings, parse_settings, read_settings
from app.version import version
from models.outage import DATABASE_ERRORS


class Command(Protocol):
    """A module of app/commands/. In production, it runs only with the settings that its NEEDS names.

    Without NEEDS, it needs all of PRODUCTION_NEEDS. A command with a function `refused` reports wrong settings itself:
    `refused` those that cannot be read, and `run` the others.
    """

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, settings: Settings, arguments: argparse.Namespace) -> int: ...


COMMANDS: Mapping[str, str] = {
    "serve": (
        "serve the API; in development it migrates first, listens on loopback, has GraphiQL and writes mails to files"
    ),
    "worker": (
        "send mails, delete expired rows and follow up payments and events, for `serve` with WORKER_IN_SERVE=false"
    ),
    "migrate": "bring the database up to date; safe to run from many nodes at once",
    "account": "show, confirm, unlock, change or delete a person's account",
    "outbox": "show, retry or drop the mails of the outbox",
    "limits": "show or reset what the limits have counted for an e-mail, an address or an account",
    "deposit": "confirm bank deposits, which activates their accounts",
    "payments": "show the payments of accounts, or export those of a period",
    "invoices": "list the invoices that are reserved and not decided, or end one",
    "client": "register back ends as clients of the API, and give them new secrets",
    "webhook": "deliver events to the back ends of the product, and see how that goes",
    "audit": "show what happened to an account, or to all since a time, newest first",
    "import": "import accounts of another system, with their password hashes",
    "export": "export all accounts with their password hashes, which is as secret as the database",
    "export-schema": "print the schema in SDL, or the possible types of its interfaces and unions",
    "export-documents": (
        "print the manifest of graphql/operations/, in the form of Apollo or Relay, for clients and TRUSTED_DOCUMENTS"
    ),
    "captcha-answer": "print the words and digits that solve captchas, for support and tests",
    "doctor": "find what is wrong: settings, database, Redis, mail server, PayPal, proxies, clock, disk",
    "health": "exit with status 0 if the service at HOST and PORT is ready, or else 1; for health checks of containers",
}
"""The commands, and what their help says of them."""


def parse() -> tuple[Command, argparse.Namespace]:
    """Imports the command that sys.argv names, and reads its arguments. Exits if they are wrong."""
    parser = argparse.ArgumentParser(prog="python -m app", description="The account service for e-invoicing apps.")
    parser.add_argument("--version", action="version", version=f"timbrado-accounts {version()}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    # Import only the command that is asked for: to import all of them takes longer than to run most of them.
    for name, text in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=text, description=text)
        if [name] == sys.argv[1:2]:
            _command(name).add_arguments(subparser)
    arguments = parser.parse_args()
    return _command(arguments.command), arguments


def run(command: Command, arguments: argparse.Namespace) -> int:
    """Returns the exit status."""
    os.umask(0o077)  # the files written here contain e-mails and, in development, secrets
    for doubt in [] if _reports_settings(command) else mistyped_settings():
        print(doubt, file=sys.stderr)
    try:
        settings = _settings(command, arguments)
    except InvalidSettingsError as error:
        return command.refused(error, arguments) if hasattr(command, "refused") else _refuse(error)
    configure_logs(settings.log_level, as_json=not settings.development)
    try:
        return command.run(settings, arguments)
    except InvalidSettingsError as error:
        return _refuse(error)
    except DATABASE_ERRORS as error:
        print(f"Cannot {arguments.command}: {str(error) or type(error).__name__}", file=sys.stderr)
        return 1


def _reports_settings(command: Command) -> bool:
    return hasattr(command, "refused")


def _settings(command: Command, arguments: argparse.Namespace) -> Settings:
    overrides = _overrides(arguments)
    if _reports_settings(command):
        return parse_settings(**overrides)
    return read_settings(getattr(command, "NEEDS", PRODUCTION_NEEDS), **overrides)


def _refuse(error: InvalidSettingsError) -> int:
    print(f"Invalid settings: {error}", file=sys.stderr)
    return 2


def _overrides(arguments: argparse.Namespace) -> dict[str, object]:
    """Returns the arguments that replace the setting of the same name, as `serve --port` does."""
    items = vars(arguments).items()
    return {name: value for name, value in items if name in Settings.model_fields and value is not None}


def _command(name: str) -> Command:
    module = f"{name}_" if keyword.iskeyword(name) else name.replace("-", "_")
    return cast(Command, import_module(f"app.commands.{module}"))
