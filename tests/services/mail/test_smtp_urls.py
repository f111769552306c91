"""URLs of SMTP servers."""

import re

from services.mail.smtp import Security, SmtpServer
from tests.refusals import refusal


def test_a_url_names_the_security_the_host_the_port_and_the_credentials() -> None:
    servers = {
        "smtp://mail.example.com": SmtpServer("mail.example.com", 25, Security.PLAIN),
        "smtp+starttls://mail.example.com": SmtpServer("mail.example.com", 587, Security.STARTTLS),
        "smtps://mail.example.com/": SmtpServer("mail.example.com", 465, Security.TLS),
        "smtp://[::1]:2525": SmtpServer("::1", 2525, Security.PLAIN),
        "smtps://ana@mail.example.com": SmtpServer("mail.example.com", 465, Security.TLS, "ana"),
        "smtp+starttls://ana%40example.com:a%3Ab%2Fc%23%C3%B1@mail.example.com:26": SmtpServer(
            "mail.example.com", 26, Security.STARTTLS, "ana@example.com", "a:b/c#ñ"
        ),
    }

    assert {url: SmtpServer.parse(url) for url in servers} == servers


def test_anything_else_is_refused() -> None:
    urls = [
        "",
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://:25",
        "smtp://host/path",
        "smtp://host?a=b",
    ]

    assert [url for url in urls if not re.search("SMTP URL|smtp://", refusal(SmtpServer.parse, url))] == []


def test_the_password_is_not_in_the_repr() -> None:
    server = SmtpServer.parse("smtps://ana:hunter2@mail.example.com")

    assert "hunter2" not in repr(server)
    assert server.password == "hunter2"


def test_a_refusal_does_not_repeat_the_password() -> None:
    urls = [
        "smtps://ana:hunter2",  # the host was forgotten
        "smtps://ana:hunter2/x@mail.example.com",
        "smtps://ana:hunter2#x@mail.example.com",
        "smtps://ana:hunter2[x@mail.example.com",
    ]

    refusals = [refusal(SmtpServer.parse, url) for url in urls]

    assert all(refusals)
    assert [text for text in refusals if "hunter2" in text] == []
