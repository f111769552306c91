"""Reads the mails that the file transport wrote, whatever their files contain."""

import email
import email.policy
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import structlog

from services.common.secrets import ALPHABET
from services.mail.files import in_file_name
from services.mail.issuing import CODE_LENGTH, MAILED_PASSWORD_GROUPS

log = structlog.get_logger(__name__)

_ID = re.compile(r"[A-Za-z0-9_@+-][A-Za-z0-9_.@+-]{0,200}")
_MAX_BYTES = 1_000_000
_MAX_DIGITS = 200  # as in ids; Python refuses to read a number of 4,301 digits from a text
_LINK = re.compile(r"https?://[^\s<>\"']+")
_HREF = re.compile(r"href\s*=\s*[\"'](https?://[^\"']+)", re.IGNORECASE)
_CODE = re.compile(
    rf"(?<![\w-])(?:[{ALPHABET}]{{{CODE_LENGTH}}}|"
    rf"[{ALPHABET}]{{{MAILED_PASSWORD_GROUPS[0]}}}(?:-[{ALPHABET}]{{{MAILED_PASSWORD_GROUPS[0]}}})"
    rf"{{{MAILED_PASSWORD_GROUPS[1] - 1}}})(?![\w-])"
)


@dataclass(frozen=True, slots=True)
class Mail:
    """`codes` are the confirmation codes and mailed passwords in its text."""

    id: str
    to: str
    subject: str
    date: datetime
    text: str
    html: str
    links: list[str]
    codes: list[str]

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "date": self.date.isoformat()}


class Mailbox:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def newest(self, count: int, *, before: str = "", to: str = "") -> list[Mail]:
        """Returns mails, the newest first: those that are older than the mail `before`, if it is given.

        Reads only as many files as it returns. `to` compares recipients, regardless of case.
        """
        recipient = in_file_name(to).lower()
        wanted = (name for name in self._names() if not to or name.partition("-")[2].lower() == recipient)
        names = sorted(wanted, key=_age, reverse=True)
        found: list[Mail] = []
        for name in names:
            if len(found) == count:
                break
            if (not before or _age(name) < _age(before)) and (mail := self.get(name)):
                found.append(mail)
        return found

    def get(self, id: str) -> Mail | None:
        """Returns None if there is no such mail any more, or its file cannot be read."""
        if not _ID.fullmatch(id):
            return None
        try:
            with (self._folder / f"{id}.eml").open("rb") as file:
                content = file.read(_MAX_BYTES)
                written = datetime.fromtimestamp(Path(file.name).stat().st_mtime, UTC)
        except OSError:
            return None
        try:
            return _read(id, content, written)
        except Exception as error:  # Python's parser has raised several kinds on malformed mails
            log.warning("mail not readable", id=id, error=type(error).__name__)
            return Mail(id, "", "(not readable)", written, _clean(content.decode("utf-8", "replace")), "", [], [])

    def _names(self) -> Iterator[str]:
        return (path.stem for path in self._folder.glob("*.eml") if _ID.fullmatch(path.stem))


def _age(id: str) -> tuple[int, str]:
    """Sorts by time: the transport's names begin with it."""
    number = id.partition("-")[0][:_MAX_DIGITS]
    return int(number) if number.isdecimal() else 0, id


def _read(id: str, content: bytes, written: datetime) -> Mail:
    message = email.message_from_bytes(content, policy=email.policy.default)
    text, markup = _part(message, "text/plain"), _part(message, "text/html")
    return Mail(
        id=id,
        to=_header(message, "To"),
        subject=_header(message, "Subject"),
        date=_date(message) or written,
        text=text,
        html=markup,
        links=_unique([*(link.rstrip(".,;:!?)]") for link in _LINK.findall(text)), *_hrefs(markup)]),
        codes=_unique(_CODE.findall(text)),
    )


def _part(message: EmailMessage, media_type: str) -> str:
    """Returns the text of the first part of the type; what does not fit its charset is replaced."""
    for part in message.walk():
        content = part.get_payload(decode=True) if part.get_content_type() == media_type else None
        if isinstance(content, bytes):
            try:
                return _clean(content.decode(part.get_content_charset("utf-8"), "replace"))
            except LookupError:
                return _clean(content.decode("utf-8", "replace"))
    return ""


def _header(message: EmailMessage, name: str) -> str:
    return _clean(" ".join(str(message.get(name, "")).split()))


def _date(message: EmailMessage) -> datetime | None:
    date = getattr(message.get("Date"), "datetime", None)
    return date.replace(tzinfo=date.tzinfo or UTC) if isinstance(date, datetime) else None


def _hrefs(markup: str) -> list[str]:
    return [html.unescape(href) for href in _HREF.findall(markup)]


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _clean(text: str) -> str:
    """Replaces lone surrogates, which neither HTML nor JSON can carry."""
    return text.encode("utf-8", "replace").decode()
