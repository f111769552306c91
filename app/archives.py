"""Writes files that only their owner may read, and never over another file."""

import contextlib
import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import orjson


def write_archive(path: Path, documents: Mapping[str, object]) -> None:
    """Writes a zip with a JSON file for each document. Raises OSError, FileExistsError among them."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, document in documents.items():
            archive.writestr(f"{name}.json", orjson.dumps(document, option=orjson.OPT_INDENT_2, default=str))
    with new_private_file(path) as file:
        file.write(content.getvalue())


@contextlib.contextmanager
def new_private_file(path: Path) -> Iterator[BinaryIO]:
    """Opens a new file for writing, and deletes it if writing fails. Raises OSError, FileExistsError among them."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except BaseException:
        path.unlink()
        raise
