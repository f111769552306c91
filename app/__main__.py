"""python -m app COMMAND"""

import argparse
import os
import sys
from typing import Protocol

from app.commands import captcha_answer, deposit, export_schema, migrate, payments, revoke, serve, worker
from app.logs import configure_logs
from app.settings import InvalidSettingsError, Settings, mistyped_settings, read_settings
from models.outage import DATABASE_ERRORS


class _Command(Protocol):
    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, settings: Settings, arguments: argparse.Namespace) -> int: ...


_COMMANDS: dict[str, _Command] = {
    "serve": serve,
    "worker": worker,
    "migrate": migrate,
    "revoke": revoke,
    "deposit": deposit,
    "payments": payments,
    "export-schema": export_schema,
    "captcha-answer": captcha_answer,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m app", description="The account service of e-invoicing apps.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in _COMMANDS.items():
        command.add_arguments(subparsers.add_parser(name, help=command.HELP, description=command.HELP))
    arguments = parser.parse_args()
    os.umask(0o077)  # what is written here holds e-mails, and in development secrets
    for doubt in mistyped_settings():
        print(doubt, file=sys.stderr)
    try:
        settings = read_settings(**_given(arguments))
    except InvalidSettingsError as error:
        print(f"Wrong settings: {error}", file=sys.stderr)
        return 2
    configure_logs(settings.log_level, json=not settings.development)
    try:
        return _COMMANDS[arguments.command].run(settings, arguments)
    except DATABASE_ERRORS as error:
        print(f"Cannot {arguments.command}: {str(error) or type(error).__name__}", file=sys.stderr)
        return 1


def _given(arguments: argparse.Namespace) -> dict[str, object]:
    """Arguments named like a setting replace it, as `serve --port` does."""
    given = vars(arguments).items()
    return {name: value for name, value in given if name in Settings.model_fields and value is not None}


if __name__ == "__main__":
    sys.exit(main())
