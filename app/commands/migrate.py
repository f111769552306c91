"""Brings the database up to date."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from app.settings import Settings
from models.migration_losses import Loss, UnknownMigrationError, losses
from models.migrator import WAIT, go_to, pending_migrations, upgrade
from models.probe import wait_until_present

NEEDS = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="only report whether it is behind (exit status 3 if so)")
    mode.add_argument("--to", metavar="NAME", help="go to the migration of that name, and take back later ones")
    parser.add_argument("--yes", action="store_true", help="with --to, drop the tables and columns that it lists")
    wait = "how long to retry a migration that does not get its locks"
    parser.add_argument("--wait", type=float, default=WAIT, metavar="SECONDS", help=f"{wait} ({WAIT:g})")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    prepare_data_dir(settings)
    wait_for_database(settings)
    if arguments.check:
        return 0 if is_up_to_date(settings) else 3
    if arguments.to:
        return _go_to(settings, arguments.to, yes=arguments.yes, wait=arguments.wait)
    asyncio.run(upgrade(settings.database, arguments.wait))
    print("The database is up to date.")
    return 0


def is_up_to_date(settings: Settings) -> bool:
    """Whether all migrations were applied; if not, prints which are pending."""
    pending = asyncio.run(pending_migrations(settings.database))
    if pending:
        print(f"The database is behind: run `python -m app migrate` for {', '.join(pending)}.", file=sys.stderr)
    return not pending


def wait_for_database(settings: Settings) -> None:
    """Waits up to DATABASE_WAIT_SECONDS for PostgreSQL, and says so once. Raises DatabaseAbsentError."""
    asyncio.run(wait_until_present(settings.database, settings.database_wait_seconds, _say_that_it_waits))


def _say_that_it_waits(seconds: float) -> None:
    print(f"The database is absent. Waiting up to {seconds:g} seconds for it.", file=sys.stderr, flush=True)


def prepare_data_dir(settings: Settings) -> None:
    """Creates DATA_DIR, readable only by its owner: it holds the database, and development's key and mails.

    Raises OSError, with a sentence for the operator, if it cannot be created or written.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"DATA_DIR cannot be created: {error.strerror}") from None
    if not os.access(settings.data_dir, os.W_OK | os.X_OK):
        raise OSError("DATA_DIR is not writable for this user")


def _go_to(settings: Settings, name: str, *, yes: bool, wait: float) -> int:
    """Returns 2 if there is no such migration, and 1 if it would drop something without --yes."""
    try:
        lost = asyncio.run(losses(settings.database, name))
    except UnknownMigrationError as error:
        print(f"There is no migration {name}. The migrations are {', '.join(error.known)}.", file=sys.stderr)
        return 2
    if lost and not yes:
        print(f"Going back to {name} drops:", *_lines(lost), sep="\n", file=sys.stderr)
        print("Nothing was changed. Add --yes to drop them.", file=sys.stderr)
        return 1
    asyncio.run(go_to(settings.database, name, wait))
    print(f"The database is at {name}.")
    return 0


def _lines(lost: Sequence[Loss]) -> list[str]:
    return [
        f"  column {loss.table}.{loss.column}, with a value in {loss.rows:,} rows"
        if loss.column
        else f"  table {loss.table}, {loss.rows:,} rows"
        for loss in lost
    ]
