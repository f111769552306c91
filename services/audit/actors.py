"""Who does something: a client, an API client, a worker, PayPal, or an operator at a console."""

import re
from dataclasses import dataclass

from services.common.caller import Caller
from services.common.pseudonyms import Pseudonyms

CLIENT = "client"
COMMAND = "command"
_MAX_USER_CHARS = 64
# What an agent may not reveal: an e-mail, as some programs send it, or an RFC.
_PRIVATE = re.compile(r"[^\s()<>;,]*@[^\s()<>;,]*|\b[A-ZÑ&]{3,4}[0-9]{6}[A-Z0-9]{3}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` is shown to operators. `client` is the pseudonym of the address, `agent` the User-Agent."""

    name: str
    client: str | None = None
    agent: str | None = None


WORKER = Actor("worker")
PAYPAL = Actor("webhook")


def operator(user: str) -> Actor:
    """The operator who runs a command, by the name of the operating system's user."""
    printable = "".join(character for character in user if character.isprintable())
    return Actor(f"{COMMAND} {printable[:_MAX_USER_CHARS] or '?'}")


class Actors:
    """Names callers and e-mails as the log does. Whoever has the key can test a guess, and nobody else."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms

    def of(self, caller: Caller) -> Actor:
        agent = _PRIVATE.sub("…", caller.user_agent) if caller.user_agent else None
        return Actor(CLIENT, self._pseudonyms.of("client", caller.client), agent)

    def api_client(self, caller: Caller, name: str) -> Actor:
        """The API client of that name, which calls from the caller's address."""
        actor = self.of(caller)
        return Actor(f"api client {name}", actor.client, actor.agent)

    def email(self, email_key: str) -> str:
        return self._pseudonyms.of("email", email_key)
