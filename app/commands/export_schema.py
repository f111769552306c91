"""Prints the SDL, sorted so that its history reads well."""

import argparse

from graphql import build_schema, lexicographic_sort_schema, print_schema

from app.settings import Settings
from schema.root import schema

HELP = "print the schema in SDL"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(_: Settings, __: argparse.Namespace) -> int:
    print(sdl(), end="")
    return 0


def sdl() -> str:
    return print_schema(lexicographic_sort_schema(build_schema(schema.as_str()))) + "\n"
