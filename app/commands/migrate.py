"""Brings the database up to date."""

import argparse
import asyncio

from app.settings import Settings
from models.migrating import upgrade

HELP = "bring the database up to date; safe from many nodes at once"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(settings: Settings, _: argparse.Namespace) -> int:
    prepare_data_dir(settings)
    asyncio.run(upgrade(settings.database))
    print("The database is up to date.")
    return 0


def prepare_data_dir(settings: Settings) -> None:
    """Makes DATA_DIR, readable by its owner alone: it holds the database and development's key and mails."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
