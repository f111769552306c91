"""The API in this process, driven over ASGI with the documents of graphql/operations/."""

import contextlib
import email
import email.policy
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from pydantic import BaseModel

from app.asgi import create_app
from app.composition import Composition, compose, limit_storage
from app.metrics_port import metrics_port
from app.operations import OPERATIONS
from app.settings import Settings
from models.account import Account
from services.access.client_registry import ClientCreated
from services.access.clients import Scope
from services.audit.events import EventKind, record
from services.captcha.ids import Solution
from services.common.caller import Caller
from services.common.measures import IGNORED
from services.common.tracing import UNTRACED
from services.events.facts import EventType
from services.events.publishing import publish
from tests.actors import OPERATOR
from tests.databases import unsynced
from tests.forms import EMAIL, PASSWORD, RFC
from tests.stored_accounts import store_account

if TYPE_CHECKING:
    from app.traces.spans import Traces

PRODUCTION = {
    "environment": "production",
    "secret_key": "a key of thirty-two bytes or more",
    "naming_key": "another key of thirty-two bytes or more",
    "smtp_url": "smtp://127.0.0.1:1",
    "mail_from": "cuentas@example.com",
    "site_url": "https://app.example.com",
}


class GivenSettings(Settings):
    """The settings that a test gives, and defaults: nothing of this machine's environment."""

    web_app_dir: Path = Path("no app")

    def __init__(self, **given: Any) -> None:
        BaseModel.__init__(self, **given)  # without the sources of BaseSettings

    @property
    def database(self) -> dict[str, Any]:
        return unsynced(super().database)


async def forget_limits(settings: Settings) -> None:
    storage, aclose = limit_storage(settings)
    await storage.reset()
    await aclose()


@dataclass
class Api:
    """`composition` is the app's."""

    http: httpx2.AsyncClient
    composition: Composition = field(repr=False)  # asyncio takes the repr of each fixture
    settings: Settings = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    metrics_url: str = ""

    @property
    def caller(self) -> Caller:
        """The client, as the app sees it."""
        return Caller(ip_address("127.0.0.1"), user_agent=self.http.headers["user-agent"])

    async def send(
        self, operation: str, variables: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """The raw response to one of our operations."""
        query = OPERATIONS[operation]
        body = {"query": query, "variables": dict(variables or {})}
        return await self.http.post("/graphql", json=body, headers={**self.headers, **(headers or {})})

    async def run(
        self, operation: str, variables: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The value of the operation's only root field."""
        response = await self.send(operation, variables, headers)
        body = response.json()
        assert response.status_code == 200, body
        assert "errors" not in body, body
        (value,) = body["data"].values()
        return value

    async def act(self, operation: str, **input: Any) -> Any:
        """The same, with one input."""
        return await self.run(operation, {"input": input})

    def signed_in(self, token: str) -> "Api":
        """The same API for whoever holds the token, or the secret of an API client."""
        return Api(self.http, self.composition, self.settings, {"authorization": f"Bearer {token}"})

    async def api_client(self, *scopes: Scope, name: str = "stamping") -> str:
        """Registers a back end as a client, by default with every scope, and returns its secret."""
        created = await self.composition.client_registry.create(OPERATOR, name, scopes or tuple(Scope))
        assert isinstance(created, ClientCreated)
        return created.secret

    async def forget_limits(self) -> None:
        """As if every window of every limit had ended."""
        await forget_limits(self.settings)

    async def mails(self) -> list[EmailMessage]:
        """Sends what is due, and returns the mails that came since the last time."""
        await self.composition.mail_worker.deliver_due()
        files = sorted((self.settings.data_dir / "mail").glob("*.eml"))
        mails = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
        for file in files:
            file.unlink()
        return mails

    async def mailed_code(self) -> str:
        (mail,) = await self.mails()
        return found(r"\b[2-9A-Z]{40}\b", mail)

    async def mailed_password(self) -> str:
        (mail,) = await self.mails()
        return found(r"\b([2-9A-Z]{6}-){3}[2-9A-Z]{6}\b", mail)

    async def captcha(self) -> tuple[str, Solution]:
        """A fresh captcha's id, and what solves it."""
        created = await self.run("CreateCaptcha")
        return created["captcha"]["id"], self.solution(created["captcha"]["id"])

    def solution(self, captcha_id: str) -> Solution:
        solution = self.composition.services.captchas.solution(captcha_id)
        assert solution
        return solution

    async def register(self, **changes: Any) -> Any:
        password = changes.get("password", PASSWORD)
        form = {"rfc": RFC, "email": EMAIL, "password": password, "passwordConfirmation": password, **changes}
        return await self.act("CreateAccount", **form)

    async def confirmed(self, **changes: Any) -> None:
        """Registers and confirms an account, and leaves an empty mailbox."""
        assert (await self.register(**changes))["__typename"] == "CreateAccountSuccess"
        confirmed = await self.act("ConfirmAccount", code=await self.mailed_code())
        assert confirmed["__typename"] == "ConfirmAccountSuccess"

    async def account(self, email: str = EMAIL, rfc: str = RFC, password: str = PASSWORD) -> None:
        """Writes such an account straight to the database: without a code and a mail, and nothing is counted."""
        actors, hasher = self.composition.actors, self.composition.services.login.hasher
        actor = actors.of(self.caller)
        account = await store_account(email, rfc=rfc, password_hash=await hasher.hash(password))
        await record(actor, EventKind.REGISTERED, email=actors.email(account.email_key))
        await record(actor, EventKind.CONFIRMED, account.id)
        await publish(account.id, EventType.ACCOUNT_CONFIRMED)

    async def token(self, email: str = EMAIL, password: str = PASSWORD) -> str:
        """Logs in."""
        login = await self.act("Login", email=email, password=password)
        assert login["__typename"] == "LoginSuccess", login
        return str(login["token"])

    async def session(self, email: str = EMAIL) -> str:
        """Opens the session that `token` would open, without its request and its hash."""
        service = self.composition.services.login
        account = await Account.get(email_key=email.lower())
        attempt = await service.lockout.record_attempt(account.email_key, self.caller)
        return (await service.sign_ins.complete(self.caller, account, attempt)).token

    async def recover(self, email: str = EMAIL) -> str:
        """Asks for a new password, and returns the one that was mailed."""
        captcha_id, solution = await self.captcha()
        answer = {"id": captcha_id, "answer": solution.digits}
        requested = await self.act("RecoverPassword", email=email, captcha=answer)
        assert requested["__typename"] == "RecoverPasswordSuccess", requested
        return await self.mailed_password()


def found(pattern: str, mail: EmailMessage) -> str:
    """What matches in the mail's text."""
    body = mail.get_body(("plain",))
    assert body
    match = re.search(pattern, body.get_content())
    assert match, body.get_content()
    return match.group()


@contextlib.asynccontextmanager
async def api_of(settings: Settings, traces: "Traces | None" = None) -> AsyncIterator[Api]:
    with metrics_port(settings, OPERATIONS) as port:
        composition = compose(settings, port.metrics if port else IGNORED, traces or UNTRACED)
        app = create_app(settings, port=port, traces=traces, composition=composition)
        async with app.router.lifespan_context(app):
            transport = httpx2.ASGITransport(app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as http:
                yield Api(http, composition, settings, metrics_url=port.url if port else "")
