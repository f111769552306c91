"""Receivers verify deliveries with the package standardwebhooks, before, during and after a rotation."""

import re
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from standardwebhooks import WebhookVerificationError

from models.webhook_endpoint import WebhookEndpoint
from services.common.clock import utc_now
from services.common.secrets import Keys
from services.events.facts import EventType
from services.events.publishing import publish
from services.webhooks.addresses import LOOPBACK, AddressPolicy
from services.webhooks.endpoints import WebhookEndpoints, WithSecret
from services.webhooks.sender import Answer, Connection
from services.webhooks.signing import Signer
from services.webhooks.worker import WebhookWorker
from tests.actors import OPERATOR
from tests.process.serving import ROOT
from tests.stored_accounts import store_account
from tests.webhook_receivers import Delivery, receiver

KEYS = Keys(b"a key of thirty-two bytes or more", naming_key=b"a naming key of thirty-two bytes or more")
CONNECT = partial(Connection, policy=AddressPolicy(LOOPBACK))
ENDPOINTS = WebhookEndpoints(signer=Signer(KEYS), connect=CONNECT)


def _example() -> dict[str, Any]:
    """What the page of the product shows to receivers, run."""
    page = (ROOT / "docs/product.md").read_text("utf-8")
    [text] = re.findall(r"^```python\n(from standardwebhooks .*?)^```$", page, re.MULTILINE | re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(text, namespace)  # noqa: S102
    return namespace


def _verifies(secret: str, delivery: Delivery) -> bool:
    try:
        assert _example()["received"](secret, delivery.headers, delivery.body) == delivery.content
    except WebhookVerificationError:
        return False
    return True


async def _deliver() -> None:
    account = await store_account(f"{uuid4().hex}@example.com")
    await publish(account.id, EventType.PASSWORD_CHANGED)
    await WebhookWorker(signer=Signer(KEYS), connect=CONNECT).deliver_due()


@pytest.mark.usefixtures("database", "no_authorities")
async def test_a_receiver_verifies_deliveries_before_during_and_after_a_rotation() -> None:
    async with receiver() as hook:
        added = await ENDPOINTS.add(OPERATOR, hook.url, None)
        await _deliver()
        rotated = await ENDPOINTS.rotate(OPERATOR, added.id)
        assert isinstance(rotated, WithSecret)
        await _deliver()
        await WebhookEndpoint.all().update(rotated_until=utc_now() - timedelta(seconds=1))
        await _deliver()
        tested = await ENDPOINTS.test(added.id)

    assert tested == Answer(204, "status 204")
    assert [_verifies(added.secret, each) for each in hook.got] == [True, True, False, False]
    assert [_verifies(rotated.secret, each) for each in hook.got] == [False, True, True, True]
    assert hook.got[3].content["type"] == "webhook.test"
    assert added.secret not in repr(added)


@pytest.mark.usefixtures("database", "no_authorities")
async def test_a_changed_delivery_is_refused() -> None:
    async with receiver() as hook:
        added = await ENDPOINTS.add(OPERATOR, hook.url, None)
        await _deliver()

    (got,) = hook.got
    assert _verifies(added.secret, got)
    for headers, body in (
        (got.headers, got.body + b" "),
        ({**got.headers, "webhook-id": str(uuid4())}, got.body),
        ({**got.headers, "webhook-timestamp": str(int(got.headers["webhook-timestamp"]) + 1)}, got.body),
        ({**got.headers, "webhook-timestamp": str(int(got.headers["webhook-timestamp"]) - 3600)}, got.body),
    ):
        assert not _verifies(added.secret, Delivery(got.target, headers, body))


def test_a_secret_is_of_the_endpoint_its_version_and_the_naming_key_alone() -> None:
    first, second = uuid4(), uuid4()
    signer = Signer(KEYS)
    other_secret_key = Keys(b"another key of thirty-two bytes", naming_key=KEYS._naming_key)
    other_naming_key = Keys(KEYS._secret_key, naming_key=b"another naming key")

    secrets = [signer.secret(first, 1), signer.secret(first, 2), signer.secret(second, 1)]
    assert len({*secrets, Signer(other_naming_key).secret(first, 1)}) == 4
    assert Signer(other_secret_key).secret(first, 1) == secrets[0]  # it survives a rotation of SECRET_KEY
    assert all(secret.startswith("whsec_") and len(secret) == 50 for secret in secrets)


@pytest.mark.usefixtures("database", "no_authorities")
async def test_no_secret_is_stored() -> None:
    async with receiver() as hook:
        added = await ENDPOINTS.add(OPERATOR, hook.url, None)

    assert added.secret.removeprefix("whsec_") not in repr(await WebhookEndpoint.all().values())
