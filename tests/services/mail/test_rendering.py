"""Mails as bytes: headers, texts in both languages, and nothing that a hostile value could add."""

import email
import email.policy
import functools
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest

from services.accounts.email import parse_email
from services.common.translations import Language
from services.mail.letters import MailContent
from services.mail.rendering import MailRenderer
from services.mail.site import Site
from tests.smtp_servers import SITE, TEXTS, body

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
MESSAGE_ID = "5e1b1f6e-3f3c-4a5e-9d59-2f4d8a1c7b11.1777863721000"
CODE = "23456789ABCDEFGHJKMNPQRSTUVWXYZ23456789A"
PASSWORD = "ABCDEF-GHJKMN-PQRSTU-VWXYZ2"
RFC = "H&E951128469"
WITH_SECRET = {
    **dict.fromkeys(("confirmation", "unconfirmed", "email_code", "email_replaced", "data_export"), CODE),
    "recovery": PASSWORD,
}
NOTICES = [
    "already_registered",
    "password_changed",
    "mailed_password_used",
    "sign_in_closed",
    "new_device",
    "sign_in_after_failures",
    "payment_received",
    "payment_refunded",
    "payment_declined",
    "stamps_low",
    "stamps_used_up",
    "account_confirmed",
    "second_factor_added",
    "second_factor_removed",
    "second_factor_ends",
    "second_factor_failed",
    "recovery_code_used",
    "recovery_codes_replaced",
    "passkey_added",
    "passkey_removed",
    "passkey_refused",
    "email_restored",
    "email_changed",
    "email_assigned",
    "rfc_changed",
    "deletion_requested",
    "deletion_due",
    "deletion_canceled",
    "account_deleted",
    "webhook_paused",
]
TEMPLATES = [*WITH_SECRET, *NOTICES]
HELPED = Site(SITE.name, SITE.url, SITE.sender, support="ayuda@example.com")
LINKS = Site(
    SITE.name,
    SITE.url,
    SITE.sender,
    confirm_url="https://app.example.com/confirmar?a=1&b=2#codigo={code}",
    confirm_email_url="https://app.example.com/confirmar-correo#{code}",
    revert_email_url="https://app.example.com/restaurar-correo#{code}",
    recover_url="https://app.example.com/entrar",
)


def plain_letter(
    email: str = "ana@example.com",
    language: Language = Language.ES,
    template: str = "confirmation",
    values: dict[str, str] | None = None,
) -> MailContent:
    return MailContent(email, language, template, values or {"user": "ana@example.com", "rfc": RFC})


@functools.cache
def renderer(site: Site) -> MailRenderer:
    """Compiles its templates once."""
    return MailRenderer(TEXTS, site)


def raw(content: MailContent, site: Site = SITE) -> bytes:
    secret = WITH_SECRET.get(content.template)
    return renderer(site).render(content, secret, MESSAGE_ID, NOW)


def read(content: MailContent, site: Site = SITE) -> EmailMessage:
    """As the recipient's program does."""
    return email.message_from_bytes(raw(content, site), policy=email.policy.default)


class Page(HTMLParser):
    """The texts and links of an HTML part."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if (tag, name) == ("a", "href") and value]


def page(content: MailContent, site: Site = SITE) -> Page:
    return Page(body(read(content, site), "html"))


def test_the_headers_name_sender_recipient_and_date_and_say_that_no_person_wrote() -> None:
    message = read(plain_letter())

    head = {name: message[name] for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted")}
    assert head == {
        "From": "Timbrado <cuentas@example.com>",
        "To": "ana@example.com",
        "Subject": "Confirma tu cuenta en Timbrado",
        "Date": "Mon, 04 May 2026 03:02:01 +0000",
        "Message-ID": f"<{MESSAGE_ID}@example.com>",
        "Auto-Submitted": "auto-generated",
    }


def test_the_headers_name_the_language() -> None:
    assert [read(plain_letter(language=each))["Content-Language"] for each in Language] == [
        each.value for each in Language
    ]


def test_each_header_is_there_once() -> None:
    names = [name.lower() for name in read(plain_letter()).keys()]  # noqa: SIM118  # a message iterates otherwise

    assert len(names) == len(set(names))


def test_every_mail_has_all_its_texts_as_text_and_as_html() -> None:
    for template in TEMPLATES:
        for language in Language:
            content = plain_letter(language=language, template=template)

            text, shown = body(read(content), "plain"), page(content).texts

            parts = [f"mail.{template}.before", f"mail.{template}.after"]
            expected = [TEXTS.format(language, part, {"site": SITE.name}) for part in parts]
            expected += [TEXTS.format(language, "mail.greeting"), "ana@example.com", RFC, SITE.name]
            expected += filter(None, [WITH_SECRET.get(template)])
            assert [part for part in expected if part not in text] == []
            assert [part for part in expected if part not in shown] == []
            assert not re.search(r"[{}]", text)


def test_every_text_of_a_mail_is_used() -> None:
    used = {f"mail.{template}.{part}" for template in TEMPLATES for part in ("subject", "before", "after")}
    used |= {
        "mail.greeting",
        "mail.open",
        "mail.support",
        *(f"mail.fact.{fact}" for fact in ("user", "rfc", "code", "download_code", "password", "until", "deleted_on")),
        *(f"mail.fact.{fact}" for fact in ("signed_in_at", "browser", "system", "failures")),
    }

    for language in Language:
        assert {key for key in TEXTS.entries(language) if key.startswith("mail.")} == used


def test_a_notice_has_no_secret_and_links_only_to_the_site() -> None:
    links = {template: page(plain_letter(template=template), LINKS).links for template in NOTICES}

    assert links == {template: [SITE.url] for template in NOTICES}


def test_the_code_is_in_the_fragment_of_the_link_which_servers_do_not_see() -> None:
    link = f"https://app.example.com/confirmar?a=1&b=2#codigo={CODE}"

    for template in ("confirmation", "unconfirmed"):
        content = plain_letter(template=template)

        assert page(content, LINKS).links == [link, SITE.url]
        assert link in body(read(content, LINKS), "plain").split()


def test_the_codes_of_a_change_of_e_mail_have_pages_of_their_own() -> None:
    pages = {"email_code": "confirmar-correo", "email_replaced": "restaurar-correo"}

    links = {template: page(plain_letter(template=template), LINKS).links for template in pages}

    assert links == {template: [f"https://app.example.com/{path}#{CODE}", SITE.url] for template, path in pages.items()}


def test_a_recovery_links_to_the_app_without_the_password() -> None:
    content = plain_letter(template="recovery")

    assert page(content, LINKS).links == ["https://app.example.com/entrar", SITE.url]


def test_without_urls_a_mail_links_only_to_the_site() -> None:
    links = {template: page(plain_letter(template=template)).links for template in WITH_SECRET}

    assert links == {template: [SITE.url] for template in WITH_SECRET}


def test_an_rfc_with_an_ampersand_is_escaped_in_html_and_plain_in_text() -> None:
    message = read(plain_letter())

    assert RFC in body(message, "plain")
    assert "H&amp;E951128469" in body(message, "html")
    assert RFC not in body(message, "html")


def test_markup_in_a_value_stays_text() -> None:
    value = "<script>alert('x')</script>"
    content = plain_letter(values={"user": value, "rfc": RFC})

    html = body(read(content), "html")

    assert "<script" not in html
    assert value in page(content).texts
    assert value in body(read(content), "plain")


def test_lines_are_short_enough_and_in_ascii() -> None:
    address = f"{'a' * 64}@{'.'.join(['b' * 60] * 3)}.mx"
    site = Site("Ñandú " * 10, "https://app.example.com/" + "x" * 2000, SITE.sender, LINKS.confirm_url)

    for template in TEMPLATES:
        for language in Language:
            content = raw(plain_letter(address, language, template, {"user": address, "rfc": RFC}), site)

            assert max(map(len, content.split(b"\n"))) <= 998
            assert content.isascii()
            assert b"\r" not in content


def test_the_name_of_the_site_is_shown_as_it_is() -> None:
    for name in ["Timbrado", "Facturación", "Cía, S.A. de C.V.", 'La "Ñ" <otro@example.net>; (s)', "a@b"]:
        message = read(plain_letter(), Site(name, SITE.url, SITE.sender))

        (sender,) = message["From"].addresses
        assert (sender.display_name, sender.addr_spec) == (name, SITE.sender)
        assert message["Subject"] == f"Confirma tu cuenta en {name}"


def test_the_name_of_the_site_cannot_add_a_header() -> None:
    for name in [
        "Timbrado\r\nBcc: evil@example.net",
        "Timbrado\nBcc: evil@example.net",
        "=?utf-8?q?Timbrado=0D=0ABcc=3A_evil=40example=2Enet?=",
        "=?utf-8?q?=0ABcc=3A_x?=",
    ]:
        try:
            message = read(plain_letter(), Site(name, SITE.url, SITE.sender))
        except ValueError:
            continue  # no mail is as good

        assert "Bcc" not in message
        assert message.get_body(("plain",))


def test_a_recipient_that_is_not_one_address_gets_no_mail() -> None:
    for address in [
        "ana@example.com\r\nBcc: evil@example.net",
        "ana@example.com\nBcc: evil@example.net",
        "ana@example.com, evil@example.net",
        "Ana <ana@example.com>",
        "ana@example.com\0",
        "",
    ]:
        with pytest.raises(Exception):  # noqa: B017, PT011  # the package email has many
            raw(plain_letter(address))


def test_every_address_that_may_register_can_be_written_to() -> None:
    accepted = [
        each.address
        for typed in [
            "ana+sat@example.com",
            "o'brien!#$%&*/^_`{|}~-@example.com",
            "=?x?=@example.com",
            "=?utf-8?q?ana?=@example.com",
            "=?utf-8?q?=0D=0ABcc=3Ax=40example=2Enet?=@example.com",
            "=?us-ascii?b?YW5h?=@example.com",
            "ana@ñandú.example.com",
        ]
        if (each := parse_email(typed))
    ]

    mails = {address: raw(plain_letter(address)) for address in accepted}

    assert "ana+sat@example.com" in mails
    assert [address for address in mails if f"\nTo: {address}\n".encode() not in mails[address]] == []
    assert [address for address in mails if b"\nBcc:" in mails[address]] == []


@pytest.mark.parametrize("language", Language)
def test_a_mail_says_whom_to_ask_if_somebody_answers(language: Language) -> None:
    content = plain_letter(language=language)

    helped, alone = read(content, HELPED), read(content)

    help_ = TEXTS.format(language, "mail.support")
    assert helped["reply-to"] == "ayuda@example.com"
    assert help_ in body(helped, "plain")
    assert help_ in body(helped, "html")
    assert "reply-to" not in alone
    assert help_ not in body(alone, "plain")


def test_a_mail_is_what_the_package_email_reads_with_nothing_wrong() -> None:
    for template in TEMPLATES:
        for site in (SITE, HELPED, LINKS):
            message = read(plain_letter(template=template), site)

            assert [part.defects for part in message.walk()] == [[]] * 3
            assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
            assert [value.defects for value in message.values()] == [()] * len(message.values())


def test_values_of_any_length_and_letters_are_shown_as_they_are() -> None:
    for value in ["=20", "ñ" * 200, "a" * 2000, ".", "--=_alternative", "x ", "{{ site }}", "\0user\0"]:
        message = read(plain_letter(values={"user": value, "rfc": RFC}))

        assert value in body(message, "plain")
        assert value in "".join(Page(body(message, "html")).texts)
        assert RFC in body(message, "plain")
        assert [part.defects for part in message.walk()] == [[]] * 3


def test_one_mail_after_another_holds_only_its_own_values() -> None:
    for number in range(3):
        message = read(plain_letter(values={"user": f"user{number}@example.com", "rfc": RFC}))

        assert re.findall(r"user\d", body(message, "plain")) == [f"user{number}"]
