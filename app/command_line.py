"""The command line: finds a command, reads the settings and runs it."""

import argparse
import keyword
import os
import sys
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

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, settings: Settings, arguments: argparse.Namespace) -> int: ...


COMMANDS = (
    *("serve", "worker", "migrate", "account", "outbox", "limits", "deposit", "payments", "invoices"),
    *("client", "webhook", "audit"),
    *("import", "export", "export-schema", "export-documents", "captcha-answer", "doctor", "health"),
)


def parse() -> tuple[Command, argparse.Namespace]:
    """Imports the command that sys.argv names, and reads its arguments. Exits if they are wrong."""
    parser = argparse.ArgumentParser(prog="python -m app", description="The account service for e-invoicing apps.")
    parser.add_argument("--version", action="version", version=f"timbrado-accounts {version()}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    # Import only the requested command: importing all of them takes longer than running most of them.
    asked_for = [name for name in COMMANDS if name in sys.argv[1:2]]
    commands = {name: _command(name) for name in asked_for or COMMANDS}
    for name, command in commands.items():
        command.add_arguments(subparsers.add_parser(name, help=command.HELP, description=command.HELP))
    arguments = parser.parse_args()
    return commands[arguments.command], arguments


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
