"""Exports all accounts, with their password hashes, in the form in which they are imported."""

import argparse
import asyncio
import io
import sys
from collections.abc import Callable
from pathlib import Path

from app.archives import new_private_file
from app.commands.output import refuse
from app.composition import composed
from app.operator import current_operator
from app.setting_checks import KEYS
from app.settings import Settings
from services.support.account_export import exported_accounts

NEEDS = KEYS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "write each account as a line that `import accounts` reads"
    accounts = actions.add_parser("accounts", help=text, description=text)
    accounts.add_argument("--output", type=Path, metavar="FILE", help="a new file, which only you may read")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Returns 1 if the file exists or cannot be written."""
    if arguments.output is None:
        return _export_to_stdout(settings)
    try:
        with new_private_file(arguments.output) as file:
            exported = asyncio.run(_export(settings, file.write))
    except (FileExistsError, FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError) as error:
        return refuse(f"Cannot write {str(arguments.output)!r}: {error.strerror}", json=False)
    print(f"{exported:,} accounts", file=sys.stderr)
    return 0


def _export_to_stdout(settings: Settings) -> int:
    if sys.stdout.isatty():
        print("This shows password hashes. Use --output for a file that only you may read.", file=sys.stderr)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    asyncio.run(_export(settings, lambda line: sys.stdout.write(line.decode())))
    return 0


async def _export(settings: Settings, write: Callable[[bytes], object]) -> int:
    """Returns the number of accounts."""
    exported = 0
    async with composed(settings):
        async for line in exported_accounts(current_operator()):
            write(line + b"\n")
            exported += 1
    return exported
