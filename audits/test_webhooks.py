"""The package standardwebhooks of npm verifies deliveries, also during a rotation, and refuses changed ones."""

import json
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from audits.conftest import RunScript
from services.common.secrets import Keys
from services.events.facts import Details, EventType
from services.events.publishing import publish
from services.webhooks.addresses import LOOPBACK, AddressPolicy
from services.webhooks.endpoints import WebhookEndpoints
from services.webhooks.sender import Connection
from services.webhooks.signing import Signer
from services.webhooks.worker import WebhookWorker
from tests.actors import OPERATOR
from tests.stored_accounts import store_account
from tests.webhook_receivers import Delivery, receiver

SIGNER = Signer(Keys(b"a key of thirty-two bytes or more"))
CONNECT = partial(Connection, policy=AddressPolicy(LOOPBACK))


@pytest.mark.parametrize("stores", ["sqlite"])
@pytest.mark.usefixtures("database", "no_authorities")
async def test_the_package_of_npm_verifies_deliveries(run_script: RunScript, tmp_path: Path) -> None:
    endpoints = WebhookEndpoints(signer=SIGNER, connect=CONNECT)
    account = await store_account()
    async with receiver() as hook:
        added = await endpoints.add(OPERATOR, hook.url, None)
        for request_id in ("1", "pedido «ñ» 😀"):
            await publish(account.id, EventType.INVOICE_CONFIRMED, Details(request_id=request_id))
            await WebhookWorker(signer=SIGNER, connect=CONNECT).deliver_due()
            await endpoints.rotate(OPERATOR, added.id)
    first, second = hook.got[0], hook.got[-1]
    changed = Delivery(second.target, second.headers, second.body.replace(b"invoice", b"Invoice"))
    repeated = Delivery(second.target, {**second.headers, "webhook-id": str(uuid4())}, second.body)

    cases = [
        _case("the first", added.secret, first, good=True),
        _case("during the rotation, by the old secret", added.secret, second, good=True),
        _case("another secret", SIGNER.secret(added.id, 3), first, good=False),
        _case("a changed body", added.secret, changed, good=False),
        _case("another id", added.secret, repeated, good=False),
    ]
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    verified = run_script("webhooks.js", str(tmp_path / "cases.json"))

    assert verified.returncode == 0, verified.stdout + verified.stderr


def _case(name: str, secret: str, delivery: Delivery, *, good: bool) -> dict[str, Any]:
    headers, body = delivery.headers, delivery.body.decode()
    return {"name": name, "secret": secret, "headers": headers, "body": body, "good": good}
