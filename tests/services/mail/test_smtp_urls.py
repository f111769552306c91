import pytest

from services.mail.smtp import Security, SmtpServer


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 25, Security.PLAIN)),
        ("smtp+starttls://mail.example.com", SmtpServer("mail.example.com", 587, Security.STARTTLS)),
        ("smtps://mail.example.com/", SmtpServer("mail.example.com", 465, Security.TLS)),
        ("smtp://[::1]:2525", SmtpServer("::1", 2525, Security.PLAIN)),
        ("smtps://ana@mail.example.com", SmtpServer("mail.example.com", 465, Security.TLS, "ana")),
        (
            "smtp+starttls://ana%40example.com:a%3Ab%2Fc%23%C3%B1@mail.example.com:26",
            SmtpServer("mail.example.com", 26, Security.STARTTLS, "ana@example.com", "a:b/c#ñ"),
        ),
    ],
)
def test_a_url_names_the_security_the_host_the_port_and_the_credentials(url: str, server: SmtpServer) -> None:
    assert SmtpServer.parse(url) == server


@pytest.mark.parametrize(
    "url",
    ["", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://:25", "smtp://host/path", "smtp://host?a=b"],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"SMTP URL|smtp://"):
        SmtpServer.parse(url)


def test_the_password_is_not_in_the_repr() -> None:
    server = SmtpServer.parse("smtps://ana:hunter2@mail.example.com")

    assert "hunter2" not in repr(server)
    assert server.password == "hunter2"


@pytest.mark.parametrize(
    "url",
    [
        "smtps://ana:hunter2",  # the host was forgotten
        "smtps://ana:hunter2/x@mail.example.com",
        "smtps://ana:hunter2#x@mail.example.com",
        "smtps://ana:hunter2[x@mail.example.com",
    ],
)
def test_what_is_wrong_is_said_without_repeating_the_password(url: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011  # any text, but for the password
        SmtpServer.parse(url)

    assert "hunter2" not in str(raised.value)
