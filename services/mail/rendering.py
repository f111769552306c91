"""Renders mails as RFC 5322 messages: text and HTML from Jinja2 templates, in the recipient's language."""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import escape

from services.common.translations import Translations
from services.mail.letters import MailContent
from services.mail.site import Site

# Shared by all renderers of a process, because it keeps the compiled templates.
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


_BOUNDARY = "=_alternative"  # not in any part: quoted-printable writes "=" as "=3D"
_SOFT_BREAK = b"=\n"
_SLOT = re.compile(r"\0(\w+)\0")  # where a value belongs; no text has a NUL
_PLAIN_ADDRESS = re.compile(r"[\w+-]+(\.[\w+-]+)*@[\w-]+(\.[\w-]+)+", re.ASCII)
_MAX_HEADER = 78  # characters of a line that the package email does not fold


class MailRenderer:
    """Templates run once for each kind of mail and language; of a mail, only the values are written into them."""

    def __init__(self, translations: Translations, site: Site) -> None:
        self._translations = translations
        self._site = site
        self._layouts: dict[tuple[object, ...], _Layout] = {}

    def render(self, content: MailContent, secret: str | None, message_id: str, now: datetime) -> bytes:
        """Renders a mail, with lines that end in LF. `message_id` stays the same if a mail is sent again."""
        name = _SECRET_NAMES[content.template] if secret else None
        values = {**content.values, name: secret} if name and secret else content.values
        key = (content.template, content.language, name, *content.values)
        if not (layout := self._layouts.get(key)):
            layout = self._layouts[key] = self._layout(content, name)
        return layout.fill(content.email, values, message_id, now)

    def _layout(self, content: MailContent, secret_name: str | None) -> "_Layout":
        slots = {name: f"\0{name}\0" for name in content.values}
        translate = partial(self._translations.format, content.language)
        texts = {**slots, "site": self._site.name}
        subject = translate(f"mail.{content.template}.subject", {"site": self._site.name})
        names = [*slots, secret_name] if secret_name else [*slots]
        context = {
            "language": content.language.value,
            "subject": subject,
            "before": translate(f"mail.{content.template}.before", texts),
            "after": translate(f"mail.{content.template}.after", texts),
            "facts": [(translate(f"mail.fact.{name}"), f"\0{name}\0") for name in names],
            "link": self._link(content.template, secret_name),
            "site": self._site,
            "translate": translate,
        }
        sender = Address(self._site.name, addr_spec=self._site.sender)
        before = _header("From", sender)
        after = _header("Reply-To", Address(addr_spec=self._site.support)) if self._site.support else b""
        after += _header("Subject", subject)
        after += b"Auto-Submitted: auto-generated\n"  # RFC 3834: no out-of-office replies
        after += f"Content-Language: {content.language.value}\nMIME-Version: 1.0\n".encode()
        after += f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\n'.encode()
        return _Layout(
            before_recipient=before,
            after_recipient=after,
            domain=self._site.sender.rpartition("@")[2],
            text=_segments(_TEMPLATES.get_template("mail.txt").render(context)),
            html=_segments(_TEMPLATES.get_template("mail.html").render(context)),
        )

    def _link(self, template: str, secret_name: str | None) -> str | None:
        if template == "recovery":
            return self._site.recover_url
        pages = {
            **dict.fromkeys(("confirmation", "unconfirmed"), self._site.confirm_url),
            "email_code": self._site.confirm_email_url,
            "email_replaced": self._site.revert_email_url,
            "data_export": self._site.export_url,
        }
        page = pages.get(template)
        return page.replace("{code}", f"\0{secret_name}\0") if page and secret_name else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """A mail without its recipient, date, id and values. Of `text` and `html`, every second segment names a value."""

    before_recipient: bytes
    after_recipient: bytes
    domain: str
    text: list[bytes | str]
    html: list[bytes | str]

    def fill(self, recipient: str, values: Mapping[str, str], message_id: str, now: datetime) -> bytes:
        return b"".join(
            (
                self.before_recipient,
                _recipient(recipient),
                self.after_recipient,
                f"Date: {format_datetime(now)}\nMessage-ID: <{message_id}@{self.domain}>\n".encode("ascii"),
                _part("plain"),
                *_filled(self.text, {name: _quoted(value) for name, value in values.items()}),
                _part("html"),
                *_filled(self.html, {name: _quoted(escape(value)) for name, value in values.items()}),
                f"\n--{_BOUNDARY}--\n".encode(),
            )
        )


def _segments(text: str) -> list[bytes | str]:
    """Returns the encoded text between values, and the names of the values in between."""
    parts: list[bytes | str] = [*_SLOT.split(f"{text}\n")]
    parts[::2] = [binascii.b2a_qp(str(part).encode()) for part in parts[::2]]
    return parts


def _filled(segments: list[bytes | str], values: Mapping[str, bytes]) -> Iterator[bytes]:
    return (values[part] if isinstance(part, str) else part for part in segments)


def _quoted(value: str) -> bytes:
    """Returns a value in lines of its own, whatever the length of the line that it belongs to (RFC 2045, 6.7)."""
    return _SOFT_BREAK + binascii.b2a_qp(value.encode()) + _SOFT_BREAK


def _part(subtype: str) -> bytes:
    head = f'Content-Type: text/{subtype}; charset="utf-8"\nContent-Transfer-Encoding: quoted-printable'
    return f"\n--{_BOUNDARY}\n{head}\n\n".encode()


def _recipient(address: str) -> bytes:
    if len(address) < _MAX_HEADER - len("To: ") and _PLAIN_ADDRESS.fullmatch(address):
        return f"To: {address}\n".encode("ascii")
    return _header("To", Address(addr_spec=address))


def _header(name: str, value: Address | str) -> bytes:
    """Returns a header as the package email checks, encodes and folds it."""
    message = EmailMessage()
    message[name] = value
    return message.as_bytes().removesuffix(b"\n")


_SECRET_NAMES = {
    **dict.fromkeys(("confirmation", "unconfirmed", "email_code", "email_replaced"), "code"),
    "recovery": "password",
    "data_export": "download_code",
}
