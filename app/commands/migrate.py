"""Brings the database up to date."""

import argparse
import asyncio
import os
import sys

from app.settings import Settings
from models.migrating import behind, downgrade, upgrade

HELP = "bring the database up to date; safe from many nodes at once"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--check", action="store_true", help="only say whether it is, with exit status 3 if it is not")
    instead.add_argument("--to", metavar="NAME", help="take back what came after the migration of that name")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    prepare_data_dir(settings)
    if arguments.check:
        return 0 if is_up_to_date(settings) else 3
    if arguments.to:
        try:
            asyncio.run(downgrade(settings.database, arguments.to))
        except ValueError:
            print(f"There is no migration {arguments.to}.", file=sys.stderr)
            return 2
        print(f"The database is at {arguments.to}.")
        return 0
    asyncio.run(upgrade(settings.database))
    print("The database is up to date.")
    return 0


def is_up_to_date(settings: Settings) -> bool:
    """Says so if it is not."""
    missing = asyncio.run(behind(settings.database))
    if missing:
        print(f"The database is behind: run `python -m app migrate` for {', '.join(missing)}.", file=sys.stderr)
    return not missing


def prepare_data_dir(settings: Settings) -> None:
    """Makes DATA_DIR, readable by its owner alone: it holds the database and development's key and mails.

    Raises OSError with a sentence where it cannot be written.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"DATA_DIR cannot be made: {error.strerror}") from None
    if not os.access(settings.data_dir, os.W_OK | os.X_OK):
        raise OSError("DATA_DIR cannot be written by this user")
