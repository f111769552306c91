"""The client with which benchmarks send requests to the real service."""

import asyncio
import http.client
import json
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from limits.aio.storage import MemoryStorage

from app.operations import OPERATIONS
from services.audit.actors import Actors
from services.captcha.service import CaptchaService
from services.common.caller import Caller
from services.common.limits import Limit, Limiter
from services.common.outcomes import DrawnCaptcha
from services.common.pseudonyms import Pseudonyms
from services.common.secrets import Keys

RFC = "EKU9003173C9"
PASSWORD = "una frase larga"
SECRET_KEY = "a key of thirty-two bytes or more"
_NO_LIMIT = "1000000/second"


class Client:
    """A keep-alive connection to a service that runs with SECRET_KEY and WITHOUT_LIMITS."""

    def __init__(self, url: str) -> None:
        self._http = http.client.HTTPConnection(urlsplit(url).netloc)
        keys = Keys(SECRET_KEY.encode())
        limit = Limit.parse("any", _NO_LIMIT)
        self._captchas = CaptchaService(keys, Limiter(MemoryStorage(), keys), limit, Actors(Pseudonyms(keys)))

    def body(self, operation: str, email: str | None = None) -> bytes:
        """Returns the body of a request, with the e-mail and a solved captcha if the operation needs them."""
        form: dict[str, Any] = {"email": email}
        match operation:
            case "CreateAccount":
                form |= {"rfc": RFC, "password": PASSWORD, "passwordConfirmation": PASSWORD}
            case "Login":
                form |= {"password": PASSWORD}
            case "RecoverPassword":
                form |= {"captcha": asyncio.run(self._solved())}
        return self.body_of(operation, **form) if email else self.body_of(operation)

    def body_of(self, operation: str, **form: Any) -> bytes:
        """Returns the body of a request with that input."""
        return self.body_with(operation, **{"input": form} if form else {})

    def body_with(self, operation: str, **variables: Any) -> bytes:
        """Returns the body of a request with those variables."""
        return json.dumps({"query": OPERATIONS[operation], "variables": variables}).encode()

    def send(self, body: bytes, token: str | None = None) -> bytes:
        """Sends the request and returns the body of the response."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http.request("POST", "/graphql", body, headers)
        return self._http.getresponse().read()

    def close(self) -> None:
        """Closes the connection; the next request opens another one."""
        self._http.close()

    async def _solved(self) -> dict[str, str]:
        captcha = await self._captchas.create(Caller(ip_address("127.0.0.1")))
        assert isinstance(captcha, DrawnCaptcha)
        solution = self._captchas.solution(captcha.id)
        assert solution
        return {"id": captcha.id, "answer": solution.digits}
