"""Reads manifests of trusted documents, as the build tools of GraphQL clients write them.

Two forms are known. Apollo's is an object with a `format` and a list of operations. That of Relay and graphql-codegen
is an object of texts by their ids.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

APOLLO_FORMAT = "apollo-persisted-query-manifest"
APOLLO_VERSION = 1
SHA256_PREFIX = "sha256:"

# What the appendix "Persisted Documents" of GraphQL over HTTP allows; only x- is free for an application's prefixes.
_ID = re.compile(r"(sha256:)?[\w.~-]+|x-[\w.~-]*:[\w.~:-]*", re.ASCII)
_SHA256 = re.compile(r"(sha256:)?(?P<digest>[0-9a-f]{64})")
_FORMS = 'must be {"format": "apollo-persisted-query-manifest", …} or an object of documents by their ids'


def digest(text: str) -> str:
    """Returns the SHA-256 that identifies a document, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_manifests(paths: Iterable[Path]) -> Mapping[str, str]:
    """Returns the texts of all documents by their ids. Raises ValueError with a sentence that names no path."""
    texts: dict[str, str] = {}
    files = list(paths)
    for number, path in enumerate(files, start=1):
        try:
            for identifier, text in _read(path):
                _check(identifier, text)
                if texts.setdefault(identifier, text) != text:
                    raise ValueError(f"the id {_short(identifier)} stands for two documents")
        except ValueError as error:
            which = f"manifest {number} of {len(files)}: " if len(files) > 1 else ""
            raise ValueError(f"{which}{error}") from None
    return texts


def _read(path: Path) -> list[tuple[str, str]]:
    try:
        manifest = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError:
        raise ValueError("cannot be read: it is not JSON in UTF-8") from None
    if not isinstance(manifest, dict):
        raise ValueError(_FORMS)
    documents = _of_apollo(manifest) if "format" in manifest else list(manifest.items())
    if not documents:
        raise ValueError("it contains no document")
    wrong = [identifier for identifier, text in documents if not isinstance(text, str)]
    if wrong:
        raise ValueError(f"the document {_short(wrong[0])} is not a text; {_FORMS}")
    return documents


def _of_apollo(manifest: Mapping[str, Any]) -> list[tuple[str, Any]]:
    if (manifest["format"], manifest.get("version")) != (APOLLO_FORMAT, APOLLO_VERSION):
        raise ValueError(f"its format must be {APOLLO_FORMAT} in version {APOLLO_VERSION}")
    operations = manifest.get("operations")
    if not isinstance(operations, list) or not all(isinstance(each, dict) for each in operations):
        raise ValueError("operations must be a list of objects")
    if not all(isinstance(each.get("id"), str) for each in operations):
        raise ValueError("every operation must have an id")
    return [(each["id"], each.get("body")) for each in operations]


def _check(identifier: str, text: str) -> None:
    if not _ID.fullmatch(identifier):
        allowed = "an id has letters, digits and -._~, without a prefix or after sha256: or x-…:"
        raise ValueError(f"the id {_short(identifier)} is not possible: {allowed}")
    hexadecimal = _SHA256.fullmatch(identifier)
    if identifier.startswith(SHA256_PREFIX) and not hexadecimal:
        raise ValueError(f"the id {_short(identifier)} is no SHA-256: it must have 64 lower-case hexadecimal digits")
    if hexadecimal and hexadecimal["digest"] != digest(text):
        raise ValueError(f"the id {_short(identifier)} is not the SHA-256 of its document")


def _short(identifier: str) -> str:
    printable = "".join(character if character.isprintable() else "�" for character in identifier)
    return printable if len(printable) <= 100 else f"{printable[:99]}…"
