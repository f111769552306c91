"""Development's mails as files. The folder may hold secrets, so only its owner may read it."""

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.mail.files import FileTransport
from tests.smtp_servers import write

_WEEK = 7 * 24 * 3600


@pytest.fixture(autouse=True)
def careless_umask() -> Iterator[None]:
    """The code must be strict whatever the machine's umask is."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "mail"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def aged(path: Path, seconds: float) -> Path:
    path.write_bytes(b"")
    os.utime(path, (time.time() - seconds,) * 2)
    return path


async def test_a_mail_is_a_whole_file_that_only_its_owner_reads(folder: Path) -> None:
    await FileTransport(folder).deliver("ana@example.com", write)

    (file,) = folder.iterdir()
    assert file.read_bytes() == await write()
    assert (file.suffix, mode(file), mode(folder)) == (".eml", 0o600, 0o700)
    assert "ana@example.com" in file.name


async def test_the_names_of_files_sort_in_the_order_of_their_mails(folder: Path) -> None:
    transport = FileTransport(folder)
    recipients = ["zoe@example.com", "ana@example.com", "eva@example.com"]

    for recipient in recipients:
        await transport.deliver(recipient, write)

    names = sorted(path.name for path in folder.iterdir())
    assert [name.partition("-")[2].removesuffix(".eml") for name in names] == recipients


async def test_a_mail_to_a_hostile_recipient_stays_in_the_folder(folder: Path, tmp_path: Path) -> None:
    recipients = [
        "../../evil@example.com",
        "/etc/passwd",
        "a\0b@example.com",
        "a\nb@example.com",
        "..",
        "~",
        "ñ*?" * 400,
        ".",
        "-rf",
    ]

    for recipient in recipients:
        await FileTransport(folder).deliver(recipient, write)

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [(file.parent, file.suffix) for file in files] == [(folder, ".eml")] * len(recipients)


async def test_a_failure_to_write_leaves_no_file(folder: Path) -> None:
    async def fail() -> bytes:
        raise LookupError

    with pytest.raises(LookupError):
        await FileTransport(folder).deliver("ana@example.com", fail)

    assert not folder.exists() or list(folder.iterdir()) == []


def test_files_older_than_a_week_are_deleted_and_others_stay(folder: Path) -> None:
    folder.mkdir(parents=True)
    old, young = aged(folder / "1-a.eml", _WEEK + 60), aged(folder / "2-a.eml", _WEEK - 60)
    foreign = aged(folder / "notes.txt", _WEEK + 60)

    FileTransport(folder).clean_up()

    assert (old.exists(), young.exists(), foreign.exists()) == (False, True, True)


def test_a_file_that_a_crash_left_half_written_is_deleted_too(folder: Path) -> None:
    folder.mkdir(parents=True)
    part = aged(folder / ".1-ana@example.com.eml.part", _WEEK + 60)

    FileTransport(folder).clean_up()

    assert not part.exists()


def test_sweeping_a_missing_folder_does_nothing(folder: Path) -> None:
    FileTransport(folder).clean_up()

    assert not folder.exists()


async def test_closing_and_delivering_again_does_no_harm(folder: Path) -> None:
    transport = FileTransport(folder)
    await transport.close()

    await transport.deliver("ana@example.com", write)

    assert len(list(folder.iterdir())) == 1
