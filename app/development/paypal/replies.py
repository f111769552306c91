"""PayPal's answers, those of its error messages among them."""

import secrets
from dataclasses import dataclass
from typing import Any

_SEMANTIC = "The requested action could not be performed, semantically incorrect, or failed business validation."
_SYNTACTIC = "Request is not well-formed, syntactically incorrect, or violates schema."
_MISSING = "The specified resource does not exist."

Json = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    status: int
    body: Json


def error(status: int, name: str, message: str, issue: str, description: str) -> Reply:
    documentation = f"https://developer.paypal.com/api/rest/reference/orders/v2/errors/#{issue}"
    body = {
        "name": name,
        "details": [{"issue": issue, "description": description}],
        "message": message,
        "debug_id": secrets.token_hex(6),
        "links": [{"href": documentation, "rel": "information_link", "method": "GET"}],
    }
    return Reply(status, body)


def not_found() -> Reply:
    return error(404, "RESOURCE_NOT_FOUND", _MISSING, "INVALID_RESOURCE_ID", "Specified resource ID does not exist.")


def unprocessable(issue: str, description: str) -> Reply:
    return error(422, "UNPROCESSABLE_ENTITY", _SEMANTIC, issue, description)


def invalid(issue: str, description: str) -> Reply:
    return error(400, "INVALID_REQUEST", _SYNTACTIC, issue, description)
