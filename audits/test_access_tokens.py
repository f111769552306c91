"""Runs the examples of docs/product.md against the service: good tokens count, and forged ones do not."""

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import jwt

from app.operations import OPERATIONS
from app.settings import Settings
from audits.conftest import RunScript
from models.migrator import upgrade
from tests.access_tokens import AUDIENCE, forgeries, verify
from tests.api import api_of
from tests.forms import EMAIL, PASSWORD
from tests.process.serving import CHEAP_ARGON2, ROOT, serving

PAGE = (ROOT / "docs/product.md").read_text("utf-8")
ISSUER = "http://127.0.0.1:8000"  # of development, by default


async def test_the_examples_of_the_page_accept_good_tokens_and_no_forged_one(
    run_script: RunScript, tmp_path: Path
) -> None:
    await _register(tmp_path)
    with serving(tmp_path, **CHEAP_ARGON2, ACCESS_TOKEN_AUDIENCES=AUDIENCE) as (url, _):
        token = _token(url)
        claims = verify(token, _get(f"{url}/.well-known/jwks.json"), issuer=url)
        forged = forgeries((tmp_path / "access-token.pem").read_text(), claims)
        (tmp_path / "tokens.json").write_text(json.dumps({"good": token, "forged": forged}))
        (tmp_path / "verify.mjs").write_text(_example("js", url))
        (tmp_path / "node_modules").symlink_to(ROOT / "audits/node/node_modules")
        by_pyjwt = _accepted_by_pyjwt(_example("python", url), {"good": token, **forged})
        by_jose = run_script("access_tokens.js", str(tmp_path))

    assert len(forged) > 10
    assert by_pyjwt == ["good"]
    assert by_jose.returncode == 0, by_jose.stdout + by_jose.stderr


def _example(language: str, url: str) -> str:
    """Returns the page's example, for the service at `url`."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    [text] = [each for each in found if ISSUER in each]
    return str(text).replace(ISSUER, url)


def _accepted_by_pyjwt(example: str, tokens: dict[str, str]) -> list[str]:
    namespace: dict[str, Any] = {}
    exec(example, namespace)  # noqa: S102
    accepted = []
    for name, token in tokens.items():
        try:
            namespace["verified"](token)
        except jwt.PyJWTError:
            continue
        accepted.append(name)
    return accepted


def _token(url: str) -> str:
    session = _act(url, "Login", {"email": EMAIL, "password": PASSWORD})["login"]["token"]
    return str(_act(url, "CreateAccessToken", {"audience": AUDIENCE}, session)["createAccessToken"]["accessToken"])


def _act(url: str, operation: str, input: dict[str, str], session: str | None = None) -> Any:
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {session}"} if session else {})}
    body = json.dumps({"query": OPERATIONS[operation], "variables": {"input": input}}).encode()
    return _get(urllib.request.Request(f"{url}/graphql", body, headers))["data"]  # noqa: S310


def _get(request: urllib.request.Request | str) -> Any:
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        return json.loads(response.read())


async def _register(folder: Path) -> None:
    settings = Settings(_env_file=None, data_dir=folder, worker_in_serve=False)
    await upgrade(settings.database)
    async with api_of(settings) as api:
        await api.account()
