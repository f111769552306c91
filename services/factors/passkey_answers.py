"""What an authenticator is asked about, and its answer (WebAuthn level 3), of which nothing is verified yet.

It loads none of what `ceremonies.py` needs to verify an answer. Both kinds of answers have the JSON forms of the
standard, as text: browsers and Android's Credential Manager write them.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from services.common.characters import is_blank
from services.common.outcomes import FieldErrorCode, FieldProblem

MAX_ANSWER_CHARS = 16_000
_CREDENTIAL_ID = re.compile(r"[A-Za-z0-9_-]{1,1364}", re.ASCII)  # at most 1,023 bytes


@dataclass(frozen=True, slots=True)
class KnownCredential:
    """A credential of the account, with the ways to reach its authenticator."""

    id: str
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an authenticator answered to `challenge`."""

    credential_id: str
    challenge: str
    origin: str
    user_handle: str | None
    credential: dict[str, Any] = field(repr=False)


def parse_answer(text: str, field: str) -> Answer | FieldProblem:
    """Reads a RegistrationResponseJSON or AuthenticationResponseJSON."""
    if is_blank(text):
        return answer_problem(field, FieldErrorCode.MISSING)
    if len(text) > MAX_ANSWER_CHARS:
        return answer_problem(field, FieldErrorCode.TOO_LONG)
    try:
        return _parse(text)
    except (ValueError, TypeError, KeyError):
        return answer_problem(field, FieldErrorCode.MALFORMED)


def answer_problem(field: str, code: FieldErrorCode) -> FieldProblem:
    return FieldProblem(field, code, maximum=MAX_ANSWER_CHARS)


def user_handle(account_id: UUID) -> str:
    """Returns the account's id in base64url: it is random, says nothing about the person, and never changes."""
    return urlsafe_b64encode(account_id.bytes).rstrip(b"=").decode()


def _parse(text: str) -> Answer:
    credential = orjson.loads(text)
    response = credential["response"]
    client_data = orjson.loads(urlsafe_b64decode(response["clientDataJSON"] + "==="))
    user_handle = response.get("userHandle")
    texts = (credential["id"], client_data["challenge"], client_data["origin"])
    if not all(isinstance(each, str) for each in texts) or not isinstance(user_handle, str | None):
        raise TypeError
    if not _CREDENTIAL_ID.fullmatch(credential["id"]):
        raise ValueError
    if client_data.get("crossOrigin") or client_data.get("topOrigin"):  # a frame in a page of somebody else
        raise ValueError
    return Answer(*texts, user_handle=user_handle, credential=credential)
