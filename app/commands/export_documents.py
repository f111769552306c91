"""Prints a manifest of the operations in graphql/operations/."""

import argparse

import orjson
from graphql import get_operation_ast, parse

from app.manifests import APOLLO_FORMAT, APOLLO_VERSION, digest
from app.operations import OPERATIONS
from app.settings import Settings

NEEDS = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--form",
        choices=["apollo", "relay"],
        default="apollo",
        help="apollo: a list of operations with their names and types; relay: an object of texts by their SHA-256",
    )


def run(_: Settings, arguments: argparse.Namespace) -> int:
    manifest = _apollo() if arguments.form == "apollo" else {digest(text): text for text in OPERATIONS.values()}
    print(orjson.dumps(manifest, option=orjson.OPT_INDENT_2).decode())
    return 0


def _apollo() -> dict[str, object]:
    operations = [
        {"id": digest(text), "name": name, "type": _type(text), "body": text} for name, text in OPERATIONS.items()
    ]
    return {"format": APOLLO_FORMAT, "version": APOLLO_VERSION, "operations": operations}


def _type(text: str) -> str | None:
    operation = get_operation_ast(parse(text))
    return operation.operation.value if operation else None
