"""Prints the schema for clients."""

import argparse
from collections.abc import Callable

from app.sdl import possible_types, sdl
from app.settings import Settings

NEEDS = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--possible-types",
        dest="print",
        action="store_const",
        const=possible_types,
        default=sdl,
        help="print the object types of each interface and union, in JSON",
    )


def run(_: Settings, arguments: argparse.Namespace) -> int:
    exported: Callable[[], str] = arguments.print
    print(exported(), end="")
    return 0
