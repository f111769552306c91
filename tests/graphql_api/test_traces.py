"""What is traced of everything that people do, on either database, and that it contains nothing secret."""

from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from models.account import Account
from models.payment import Payment
from models.sql import fetch
from tests.api import Api
from tests.captcha_providers import ProviderServer
from tests.conftest import MakeApi
from tests.forms import COMPANY, EMAIL, NEW_PASSWORD, PASSWORD, RFC, WRONG_PASSWORD
from tests.paypal.payers import PLAN, complete, start_approved, takes_paypal
from tests.paypal.server import PayPalServer
from tests.spans import Spans, attributes, said, trace_id


async def test_nothing_secret_and_nobody_is_in_a_span(make_api: MakeApi, spans: Spans, paypal: PayPalServer) -> None:
    api = await make_api(**spans.settings, **takes_paypal(paypal), trusted_proxies=1)
    api.headers |= {"x-forwarded-for": "198.51.100.7", "user-agent": "Telefono de Ana"}
    secrets = await _sign_up_and_recover(api)
    secrets += await _pay(api.signed_in(secrets[0]), paypal)

    traced = spans.all()

    names = {span.name for span in traced}
    assert {"mutation CreateAccount", "mutation Login", "query Me", "mutation RecoverPassword"} <= names
    assert {"hash password", "mail confirmation", "mail recovery", "INSERT session SELECT session", "COMMIT"} <= names
    assert {"POST /v2/checkout/orders", "POST /v2/checkout/orders/{id}/capture", "POST /webhooks/paypal"} <= names
    people = [EMAIL, RFC, COMPANY["legalName"], "198.51.100.7", "Ana"]
    text = "\n".join(map(said, traced)).casefold()
    assert [secret for secret in [*secrets, *people] if secret.casefold() in text] == []
    assert len(secrets) > 20


async def _sign_up_and_recover(api: Api) -> list[str]:
    """Returns what must stay secret, a token of the account first."""
    assert (await api.register())["__typename"] == "CreateAccountSuccess"
    code = await api.mailed_code()
    await api.act("ConfirmAccount", code="ABCDE" * 8)
    await api.act("ConfirmAccount", code=code)
    await api.act("Login", email=EMAIL, password=WRONG_PASSWORD)
    first = await api.token()
    await api.signed_in(first).run("Me")
    captcha_id, solution = await api.captcha()
    await api.act("RecoverPassword", email=EMAIL, captcha={"id": captcha_id, "answer": "respuesta-mala"})
    mailed = await api.recover()
    restricted = await api.token(password=mailed)
    change = {"currentPassword": mailed, "newPassword": NEW_PASSWORD, "newPasswordConfirmation": NEW_PASSWORD}
    changed = await api.signed_in(restricted).act("ChangePassword", **change)
    assert changed["__typename"] == "ChangePasswordSuccess"
    await api.mails()
    for selection in ("__typename", f'me(x: "{PASSWORD}") {{ id }}'):
        document = {"query": f"query secreto_de_ana {{ {selection} }}", "operationName": "secreto_de_ana"}
        await api.http.post("/graphql", json=document)
    await api.http.get(f"/{code}?token={first}", headers={"authorization": f"Bearer {first}"})
    token = await api.token(password=NEW_PASSWORD)
    account = await Account.get(email=EMAIL)
    # One of the two words alone may be in a text of ours.
    pairs = [between.join(solution.words) for between in (" ", ", ", "', '", '", "')]
    words = [*pairs, solution.digits, "respuesta-mala", captcha_id, "secreto_de_ana"]
    return [
        *(token, first, restricted, code, "ABCDE" * 8, mailed, mailed.replace("-", "")),
        *(PASSWORD, NEW_PASSWORD, WRONG_PASSWORD, str(account.password_hash), str(account.id), *words),
    ]


async def _pay(ana: Api, paypal: PayPalServer) -> list[str]:
    await ana.act("ConfigureCompany", **COMPANY)
    await ana.act("CreateSeries", name="A", firstFolio="1")
    order_id = await start_approved(ana, paypal, PLAN)
    assert (await complete(ana, order_id))["__typename"] == "CompletePayPalPaymentSuccess"
    payment = await Payment.get(paypal_order_id=order_id)
    headers, body = paypal.event("PAYMENT.CAPTURE.COMPLETED", {"id": payment.paypal_capture_id})
    await ana.http.post("/webhooks/paypal", content=body, headers=dict(headers))
    await ana.mails()
    return [order_id, str(payment.id), str(payment.paypal_capture_id), *paypal.tokens, paypal.client_secret]


async def test_a_request_is_a_span_with_one_for_each_statement_and_hash(
    make_api: MakeApi, spans: Spans, stores: str
) -> None:
    api = await make_api(**spans.settings)
    await api.account()
    spans.clear()

    response = await api.send("Login", {"input": {"email": EMAIL, "password": PASSWORD}})

    login = spans.named("mutation Login")
    facts = attributes(login)
    assert (login.kind, login.parent, login.status.status_code) == (SpanKind.SERVER, None, StatusCode.UNSET)
    assert facts.pop("accounts.request") == response.headers["x-request-id"]
    assert all(len(facts.pop(f"accounts.{who}")) == 12 for who in ("client", "account", "session"))
    assert facts == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
        "graphql.operation.type": "mutation",
        "graphql.operation.name": "Login",
        "accounts.outcomes": ("LoginSuccess",),
    }
    parts = spans.within(login)
    assert len(parts) == len(spans.all()) - 1
    assert {"hash password", "BEGIN", "INSERT session SELECT session", "COMMIT"} <= {part.name for part in parts}
    hashed = spans.named("hash password")
    waited = attributes(hashed)["accounts.hash.wait_seconds"]
    assert 0 <= waited < _seconds(hashed) < _seconds(login)
    inserted = attributes(spans.named("INSERT session SELECT session"))
    assert inserted["db.system.name"] == stores.partition(" ")[0]
    assert inserted["db.query.text"].startswith("INSERT INTO session ( id, account_id, digest,")


async def test_a_mail_is_a_trace_with_its_statements(make_api: MakeApi, spans: Spans) -> None:
    api = await make_api(**spans.settings)
    await api.register()
    spans.clear()

    await api.mails()

    mail = spans.named("mail confirmation")
    facts = attributes(mail)
    assert (mail.kind, mail.parent) == (SpanKind.CONSUMER, None)
    assert len(facts.pop("accounts.delivery")) == 36
    assert facts == {
        "accounts.mail.kind": "confirmation",
        "accounts.mail.attempt": 1,
        "accounts.mail.result": "delivered",
        "accounts.mail.smtp_code": 250,
    }
    assert [span.name for span in spans.within(mail) if "INSERT confirmation_code" in span.name]
    assert {trace_id(span) for span in spans.all()} == {trace_id(mail)}  # looking for mails leaves no span


async def test_a_captcha_of_a_provider_is_a_call(
    make_api: MakeApi, spans: Spans, captcha_provider: ProviderServer
) -> None:
    using: dict[str, Any] = {
        "captcha_provider": "turnstile",
        "captcha_site_key": captcha_provider.site_key,
        "captcha_secret": captcha_provider.secret,
        "captcha_verification_url": captcha_provider.url,
    }
    api = await make_api(**spans.settings, **using)
    created = await api.run("CreateCaptcha")
    token = captcha_provider.issue()

    await api.act("RecoverPassword", email=EMAIL, captcha={"id": created["captcha"]["id"], "answer": token})

    call = spans.named("POST /siteverify")
    assert (call.kind, call in spans.within(spans.named("mutation RecoverPassword"))) == (SpanKind.CLIENT, True)
    assert attributes(call) == {
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "server.port": captcha_provider.port,
        "url.template": "/siteverify",
        "http.response.status_code": 200,
    }
    text = "\n".join(map(said, spans.all()))
    assert [secret for secret in (token, captcha_provider.secret) if secret in text] == []


@pytest.mark.parametrize("stores", ["sqlite"])
async def test_what_fails_leaves_only_the_type_of_its_error(make_api: MakeApi, spans: Spans) -> None:
    api = await make_api(**spans.settings)
    await api.account()
    ana = api.signed_in(await api.token())
    await fetch("UPDATE account SET language = $1", "hunter2")
    spans.clear()

    await ana.send("Me")

    failed = spans.named("query Me")
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, None)
    assert attributes(failed)["error.type"] == "INTERNAL"
    assert "hunter2" not in "\n".join(map(said, spans.all()))


def _seconds(span: Any) -> float:
    return float((span.end_time - span.start_time) / 1e9)
