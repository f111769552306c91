"""The zips in which people get their data."""

import csv
import io
import json
import zipfile
from typing import Any

from app.composition import Composition

Tables = dict[str, list[dict[str, Any]]]


async def exported(composition: Composition, email_key: str) -> bytes:
    """The zip of an e-mail's data, as the operator's command and the download write it."""
    subject = await composition.personal_data.subject(email_key)
    assert subject
    file = io.BytesIO()
    await composition.personal_data.write(subject, file)
    return file.getvalue()


def tables(content: bytes) -> Tables:
    """What the JSON in a zip has."""
    read: Tables = json.loads(_members(content)["data.json"])
    return read


def sheets(content: bytes) -> dict[str, list[dict[str, str]]]:
    """What the CSV files in a zip have."""
    found = {}
    for name, text in _members(content).items():
        if name.startswith("csv/"):
            assert text.startswith("\ufeff")
            found[name.removeprefix("csv/").removesuffix(".csv")] = list(csv.DictReader(io.StringIO(text[1:])))
    return found


def readmes(content: bytes) -> dict[str, str]:
    return {name: text for name, text in _members(content).items() if name.endswith(".txt")}


def everything(content: bytes) -> str:
    return "".join(_members(content).values())


def _members(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}
