"""GET /exports: the page that a mailed link to one's data opens."""

import re

import pytest

from models.export_link import ExportLink
from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi

FORM = {"token": "A" * 40}


async def test_no_get_uses_the_link(api: Api) -> None:
    await api.account()
    me = api.signed_in(await api.token())
    await me.run("ExportAccount")
    code = await me.mailed_code()

    looks = [
        await api.http.request(method, "/exports", params={"token": code}, headers={"accept": "text/html"})
        for method in ("GET", "HEAD", "GET")
    ]

    assert {look.status_code for look in looks} == {200}
    assert [code in look.text for look in looks] == [False] * 3
    assert (await ExportLink.get()).claimed_until is None
    assert (await api.http.post("/exports", data={"token": code})).status_code == 200


@pytest.mark.parametrize(("language", "words"), [("es-MX,es", "Descarga tus datos"), ("en", "Download your data")])
async def test_the_page_speaks_both_languages(api: Api, language: str, words: str) -> None:
    page = await api.http.get("/exports", headers={"accept-language": language})

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-language"] == language[:2]
    assert f"<h1>{words}</h1>" in page.text
    assert f'<html lang="{language[:2]}">' in page.text


async def test_the_page_allows_nothing_from_elsewhere(api: Api) -> None:
    page = await api.http.get("/exports")

    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert re.findall(r"<script(?![^>]* src=)|<style| style=| on\w+=", page.text) == []


async def test_its_script_and_style_are_served_and_nothing_else(api: Api) -> None:
    files = {
        name: await api.http.get(f"/exports/{name}") for name in ("page.js", "page.css", "page.py", "..%2fpage.py")
    }

    assert {name: file.status_code for name, file in files.items()} == {
        "page.js": 200,
        "page.css": 200,
        "page.py": 404,
        "..%2fpage.py": 404,
    }
    assert files["page.js"].headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize(("language", "words"), [("es", "ya se usó"), ("en", "was used")])
async def test_browsers_get_a_page_that_says_what_to_do(api: Api, language: str, words: str) -> None:
    headers = {"accept": "text/html,*/*;q=0.8", "accept-language": language}

    page = await api.http.post("/exports", data=FORM, headers=headers)

    assert page.status_code == 410
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert words in page.text
    assert "<form" not in page.text


async def test_programs_get_json(api: Api) -> None:
    refused = await api.http.post("/exports", data=FORM, headers={"accept": "application/json"})

    assert refused.status_code == 410
    assert refused.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_refused(api: Api, method: str) -> None:
    refused = await api.http.request(method, "/exports")

    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, POST")


async def test_production_has_the_page_and_no_page_of_another_origin_reads_the_file(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION, captcha_proof_of_work=0)
    elsewhere = {"origin": "https://elsewhere.example"}

    page = await api.http.get("/exports")
    refused = await api.http.post("/exports", data=FORM, headers=elsewhere)

    assert page.status_code == 200
    assert refused.status_code == 410
    assert "access-control-allow-origin" not in refused.headers
