"""While keys are rotated as docs/operations.md says, node by node, what one node signs or names counts at the other."""

from itertools import pairwise
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from app.asgi import create_app
from app.composition import compose
from models.failure_streak import FailureStreak
from models.known_network import KnownNetwork
from models.registration import Registration
from tests.api import Api
from tests.conftest import MakeApi
from tests.forms import EMAIL, OTHER_RFC, PASSWORD, RFC, WRONG_PASSWORD

_OLD, _NEW = (SecretStr(f"the {age} key of thirty-two bytes or more") for age in ("old", "new"))
_PHASES: list[dict[str, Any]] = [
    {"secret_key": _OLD},
    {"secret_key": _OLD, "secret_keys_also_accepted": (_NEW,)},
    {"secret_key": _NEW, "secret_keys_also_accepted": (_OLD,)},
    {"secret_key": _NEW},
]


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest) -> str:
    """The nodes share the database's connections; those to Redis would be each node's own."""
    return str(request.param)


def _node(api: Api, phase: dict[str, Any]) -> Api:
    """Another node, with the keys of that phase and the same database."""
    keys = {"secret_keys_also_accepted": (), **phase}
    settings = api.settings.model_copy(update=keys)
    app = create_app(settings)
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost:8000")
    return Api(http, compose(settings), settings)


async def test_two_nodes_agree_in_every_phase_of_a_rotation(make_api: MakeApi) -> None:
    api = await make_api(naming_key=SecretStr("a key for names of thirty-two bytes"), limit_create_captcha="1000/hour")
    await api.confirmed()
    nodes = [_node(api, phase) for phase in _PHASES]
    disagreements = []

    for step, (behind, ahead) in enumerate(pairwise(nodes)):
        for one, other in ((behind, ahead), (ahead, behind)):
            captcha = {"id": (await one.captcha())[0]}
            captcha["answer"] = one.solution(captcha["id"]).digits
            requested = await other.act("RecoverPassword", email="nadie@example.com", captcha=captcha)
            if requested["__typename"] != "RecoverPasswordSuccess":
                disagreements.append((step, requested["__typename"]))
            await api.forget_limits()
            await one.act("CreateAccount", **_form(RFC))
            await other.act("CreateAccount", **_form(OTHER_RFC))
            assert (await Registration.get()).rfc == OTHER_RFC
            await one.act("Login", email=EMAIL, password=PASSWORD)
            await other.act("Login", email=EMAIL, password=WRONG_PASSWORD)

    assert disagreements == []
    assert await KnownNetwork.all().count() == 2  # the network and the device
    assert [streak.key.rpartition(":")[2] for streak in await FailureStreak.all()] == ["known"]


def _form(rfc: str) -> dict[str, str]:
    return {"rfc": rfc, "email": "eva@example.com", "password": PASSWORD, "passwordConfirmation": PASSWORD}
