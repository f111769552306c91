"""Renders mails as RFC 5322 messages: text and HTML from Jinja2 templates, in the recipient's language."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

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


class MailRenderer:
    def __init__(self, translations: Translations, site: Site) -> None:
        self._translations = translations
        self._site = site

    def render(self, content: MailContent, secret: str | None, message_id: str, now: datetime) -> EmailMessage:
        """Renders a mail. `message_id` stays the same if a mail is sent again."""
        translate = partial(self._translations.format, content.language)
        values = {**content.values, "site": self._site.name}
        context = {
            "language": content.language.value,
            "subject": translate(f"mail.{content.template}.subject", values),
            "before": translate(f"mail.{content.template}.before", values),
            "after": translate(f"mail.{content.template}.after", values),
            "facts": self._facts(content, secret),
            "link": self._link(content, secret),
            "site": self._site,
            "translate": translate,
        }
        message = EmailMessage()
        message["From"] = Address(self._site.name, addr_spec=self._site.sender)
        message["To"] = Address(addr_spec=content.email)
        if self._site.support:
            message["Reply-To"] = Address(addr_spec=self._site.support)
        message["Subject"] = context["subject"]
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{message_id}@{self._site.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
        message.set_content(_TEMPLATES.get_template("mail.txt").render(context), cte="quoted-printable")
        message.add_alternative(
            _TEMPLATES.get_template("mail.html").render(context), subtype="html", cte="quoted-printable"
        )
        message["Content-Language"] = content.language.value  # last, because parts take Content-* headers along
        return message

    def _facts(self, content: MailContent, secret: str | None) -> list[tuple[str, str]]:
        facts = {**content.values, **({_SECRET_NAMES[content.template]: secret} if secret else {})}
        return [
            (self._translations.format(content.language, f"mail.fact.{name}"), value) for name, value in facts.items()
        ]

    def _link(self, content: MailContent, secret: str | None) -> str | None:
        match content.template:
            case "confirmation" | "unconfirmed" if self._site.confirm_url and secret:
                return self._site.confirm_url.replace("{code}", secret)
            case "recovery":
                return self._site.recover_url
        return None


_SECRET_NAMES = {"confirmation": "code", "unconfirmed": "code", "recovery": "password"}
