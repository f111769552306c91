"""The settings that pages for app developers name let the service start, and do what the pages say."""

import re
import shlex
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx2
import pytest

from app.settings import Settings
from tests.process.serving import CHEAP_ARGON2, ROOT, serving

PAGES = {name: (ROOT / "docs" / name).read_text("utf-8") for name in ("clients.md", "mobile.md")}
COMMANDS = [line for page in PAGES.values() for line in re.findall(r"^(.+) make run$", page, re.MULTILINE)]
XML = re.findall(r"```xml\n(.*?)```", PAGES["mobile.md"], re.DOTALL)


def test_the_pages_name_settings() -> None:
    assert len(COMMANDS) >= 2


@pytest.mark.parametrize("command", COMMANDS)
def test_the_service_answers_the_hosts_and_origins_of_the_page(command: str, tmp_path: Path) -> None:
    given = dict(word.split("=", 1) for word in shlex.split(command))
    values: dict[str, Any] = {name.lower(): value for name, value in given.items()}
    Settings(_env_file=None, **values)
    here = {**given, "HOST": "127.0.0.1"}

    with serving(tmp_path, **CHEAP_ARGON2, **here) as (url, _), httpx2.Client(base_url=url) as http:
        hosts = given.get("ALLOWED_HOSTS", "127.0.0.1").split(",")
        answers = [http.get("/graphql?query={__typename}", headers={"Host": f"{host}:8000"}) for host in hosts]
        stranger = http.get("/graphql?query={__typename}", headers={"Host": "evil.example:8000"})
        origins = [origin for origin in given.get("ALLOWED_ORIGINS", "").split(",") if origin]
        allowed = [
            http.get("/graphql?query={__typename}", headers={"Origin": origin}).headers["access-control-allow-origin"]
            for origin in origins
        ]

    assert [answer.status_code for answer in answers] == [200] * len(hosts)
    assert stranger.status_code == 421
    assert allowed == origins


@pytest.mark.parametrize("text", XML)
def test_the_xml_of_the_page_is_well_formed(text: str) -> None:
    assert len(ElementTree.fromstring(text)) > 0  # noqa: S314, our own page


def test_the_hosts_without_tls_are_those_of_the_table() -> None:
    [cleartext] = [ElementTree.fromstring(text) for text in XML if text.startswith("<network")]  # noqa: S314

    hosts = {domain.text for domain in cleartext.iter("domain")}
    assert all(f"http://{host}:8000/graphql" in PAGES["mobile.md"] for host in hosts)
