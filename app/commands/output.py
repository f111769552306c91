"""Prints what a command found: as JSON for programs, or as lines for people."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

import orjson


def print_json(value: object) -> None:
    print(orjson.dumps(_plain(value), option=orjson.OPT_INDENT_2, default=str).decode())


def print_fields(value: object, indent: int = 0) -> None:
    """Prints a line for each field. Texts of strangers, such as a mail server's, cannot move the cursor."""
    for name, field in _plain(value).items():
        label = f"{' ' * indent}{name.replace('_', ' ')}:"
        if isinstance(field, Mapping):
            print(label)
            print_fields(field, indent + 2)
        elif isinstance(field, Sequence) and not isinstance(field, str):
            print(label if field else f"{label} -")
            for each in field:
                print(f"{' ' * indent}  - {printable(', '.join(_pairs(each)))}")
        else:
            print(f"{label} {'-' if field is None else printable(str(field))}")


def printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def refuse(sentence: str, *, json: bool) -> int:
    """Says why nothing was done, and returns the exit status 1."""
    if json:
        print_json({"error": sentence})
    print(printable(sentence), file=sys.stderr)
    return 1


def _pairs(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{name.replace('_', ' ')} {field}" for name, field in value.items() if field is not None]
    return [str(value)]


def _plain(value: object) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
