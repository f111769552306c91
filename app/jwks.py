"""Publishes the keys that verify access tokens (RFC 7517, 5). The set is empty if no tokens are issued."""

from collections.abc import Mapping

from app.public_json import PublicJson

PATH = "/.well-known/jwks.json"


def key_set_path(published: Mapping[str, object]) -> PublicJson:
    return PublicJson(published, "application/jwk-set+json")
