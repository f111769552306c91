"""The mails of development at /mail: whatever their files contain, newest first."""

from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.api import Api
from tests.forms import EMAIL

CODE = "A2B3" * 10
HOSTILE = '<script>alert(1)</script><img src="https://evil.example/x.png"><a href="javascript:alert(1)">x</a>'


@pytest.fixture
def folder(api: Api) -> Path:
    folder = api.settings.data_dir / "mail"
    folder.mkdir()
    return folder


def write(folder: Path, second: int, text: str = "", html: str = "", subject: str = "Hola", to: str = EMAIL) -> str:
    message = EmailMessage()
    message["To"], message["Subject"] = to, subject
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    name = f"{second * 10**9}-{to}"
    (folder / f"{name}.eml").write_bytes(message.as_bytes())
    return name


async def listed(api: Api, **query: str) -> Any:
    response = await api.http.get("/mail.json", params=query)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_mail_is_shown_with_its_code_and_its_links(api: Api) -> None:
    await api.register()
    await api.composition.mail_worker.deliver_due()

    (mail,) = await listed(api)
    listing = (await api.http.get("/mail")).text
    page = (await api.http.get(f"/mail/{mail['id']}")).text

    (code,) = mail["codes"]
    assert (mail["to"], mail["subject"]) == (EMAIL, "Confirma tu cuenta en Timbrado")
    assert code in mail["text"]
    assert code in mail["html"]
    assert mail["links"] == ["http://localhost:5173"]
    assert f'data-copy="{code}"' in listing
    assert f'data-copy="{code}"' in page
    assert '<a href="http://localhost:5173"' in page
    assert (await api.act("ConfirmAccount", code=code))["__typename"] == "ConfirmAccountSuccess"


async def test_a_mailed_password_is_a_code_too(api: Api) -> None:
    await api.account()
    captcha_id, solution = await api.captcha()
    await api.act("RecoverPassword", email=EMAIL, captcha={"id": captcha_id, "answer": solution.digits})
    await api.composition.mail_worker.deliver_due()

    (mail,) = await listed(api)

    (password,) = mail["codes"]
    assert (await api.act("Login", email=EMAIL, password=password))["__typename"] == "LoginSuccess"


async def test_the_newest_come_first_and_can_be_counted_and_filtered(api: Api, folder: Path) -> None:
    for second, name in enumerate(["ana", "eva", "Ana"], start=1_700_000_000):
        write(folder, second, subject=str(second), to=f"{name}@example.com")

    async def subjects(**query: str) -> list[int]:
        return [int(mail["subject"]) - 1_700_000_000 for mail in await listed(api, **query)]

    assert await subjects() == [2, 1, 0]
    assert await subjects(count="1") == [2]
    assert await subjects(to="ANA@example.com") == [2, 0]
    assert await subjects(to="na@example.com") == []
    assert await subjects(count="-1") == await subjects(count="9" * 400) == [2, 1, 0]


async def test_a_page_shows_fifty_and_links_the_older_ones(api: Api, folder: Path) -> None:
    for second in range(1_700_000_000, 1_700_000_060):
        write(folder, second, subject=f"No. {second}")

    first = (await api.http.get("/mail")).text
    older = (
        await api.http.get(first.partition('<a href="/mail?before=')[2].partition('"')[0].join(["/mail?before=", ""]))
    ).text

    assert (first.count("No. 17"), older.count("No. 17")) == (50, 10)


async def test_only_the_mails_that_are_listed_are_read(api: Api, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for second in range(1_700_000_000, 1_700_000_200):
        write(folder, second)
    opened: list[str] = []
    open_file = Path.open

    def record(path: Path, *arguments: Any, **options: Any) -> Any:
        opened.append(path.suffix)
        return open_file(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", record)
    page = await api.http.get("/mail")
    mails = await listed(api, to="eva@example.com")

    assert page.text.count('class="mail"') == 50
    assert mails == []
    assert opened.count(".eml") == 51  # one more says that there are older ones


def _as_text(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


@pytest.mark.parametrize(
    "spoil",
    [
        _as_text(b""),
        _as_text(b"\x00\xff\xfe" * 1000),
        _as_text(b"Subject: =?utf-8?b?/w==?= \xff\xfe\r\nTo: \xff<\r\nDate: yesterday\r\n\r\n\xff"),
        _as_text(b"Content-Type: text/plain; charset=nothing\r\n\r\n\xff"),
        _as_text(b"Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<p"),
        _as_text(b'To: "=?\r\n' * 50),
        _as_text(b"Content-Transfer-Encoding: base64\r\n\r\n!!!"),
        _as_text(b"Date: Mon, 99 Foo 99999 99:99:99 +9999\r\n\r\nx"),
        lambda path: path.mkdir(),
        lambda path: path.symlink_to("nowhere"),
        lambda path: (path.touch(), path.chmod(0)),
    ],
)
async def test_a_broken_file_hides_no_other(api: Api, folder: Path, spoil: Callable[[Path], object]) -> None:
    spoil(folder / f"{1_700_000_002 * 10**9}-x.eml")
    (folder / f".{1_700_000_003 * 10**9}-half.eml.part").write_bytes(b"Subject: half")
    write(folder, 1_700_000_001, subject="whole")

    subjects = [mail["subject"] for mail in await listed(api)]
    page = await api.http.get("/mail")
    shown = await api.http.get(f"/mail/{1_700_000_002 * 10**9}-x")
    framed = await api.http.get(f"/mail/{1_700_000_002 * 10**9}-x/html")

    assert "whole" in subjects
    assert "half" not in subjects
    assert "whole" in page.text
    assert {shown.status_code, framed.status_code} <= {200, 404}


async def test_markup_in_a_mail_stays_text_and_its_html_runs_and_loads_nothing(api: Api, folder: Path) -> None:
    write(folder, 1_700_000_000, f"{HOSTILE} {CODE}", f"<html><head></head>{HOSTILE}</html>", f"<b>{HOSTILE}")
    (mail,) = await listed(api)

    listing = await api.http.get("/mail")
    page = await api.http.get(f"/mail/{mail['id']}")
    framed = await api.http.get(f"/mail/{mail['id']}/html")

    for shown in (listing, page):
        assert "<script>alert" not in shown.text
        assert "<b>" not in shown.text
        assert 'src="https' not in shown.text
        assert 'href="javascript' not in shown.text
    policy = framed.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';")
    assert "frame-ancestors 'self'" in policy
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert framed.text.startswith('<html><head><base target="_blank"></head>')
    assert mail["codes"] == [CODE]


@pytest.mark.parametrize("id", ["..%2Fsecret", "%2E%2E%2Fsecret.key", ".hidden", "nothing", "a" * 300, "%00", "%F0%9F"])
async def test_no_other_file_is_a_mail(api: Api, folder: Path, id: str) -> None:
    (folder / ".hidden.eml").touch()
    (folder.parent / "secret.eml").touch()

    for path in (f"/mail/{id}", f"/mail/{id}/html"):
        assert (await api.http.get(path)).status_code == 404


async def test_without_mails_the_page_says_so(api: Api) -> None:
    page = await api.http.get("/mail")

    assert "No mails yet" in page.text
    assert await listed(api) == []


async def test_the_mails_to_somebody_are_not_those_to_whose_address_ends_alike(api: Api, folder: Path) -> None:
    write(folder, 1_700_000_000, subject="mine", to="ana@example.com")
    write(folder, 1_700_000_001, subject="another's", to="maria-ana@example.com")

    assert [mail["subject"] for mail in await listed(api, to="ana@example.com")] == ["mine"]
    assert [mail["subject"] for mail in await listed(api, to="Maria-Ana@example.com")] == ["another's"]


@pytest.mark.parametrize("before", ["9" * 5_000, "9" * 5_000 + "-x", "-", "\0", "٣-x", "²-x"])
async def test_an_invented_place_in_the_list_breaks_nothing(api: Api, folder: Path, before: str) -> None:
    write(folder, 1_700_000_000)

    page = await api.http.get("/mail", params={"before": before})

    assert page.status_code == 200
