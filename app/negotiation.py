"""Content negotiation by the quality values of Accept and Accept-Language (RFC 9110, 12.4.2)."""

from collections.abc import Sequence
from functools import lru_cache

from services.common.translations import Language

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"

_MAX_RANGES = 50
_CACHED = 256  # headers, of which real clients send few


@lru_cache(_CACHED)
def media_type(accept: str) -> str | None:
    """Returns the media type of the response, or None if the client accepts neither of ours.

    If the client prefers neither, it is the one that it names; if it names both, the newer; if it names neither, JSON.
    """
    accept = accept or "*/*"
    named = _quality_values(accept).keys() & {JSON, GRAPHQL_RESPONSE}
    weights = {offered: weight(accept, offered) for offered in (GRAPHQL_RESPONSE, JSON)}
    best = max(weights, key=lambda offered: (weights[offered], offered in named, offered == JSON and not named))
    return best if weights[best] else None


def weight(accept: str, offered: str) -> float:
    """Returns the quality value of a media type, 0 to 1, by the most specific range in Accept."""
    weights = _quality_values(accept)
    ranges = (offered, offered.partition("/")[0] + "/*", "*/*")
    return next((weights[media_range] for media_range in ranges if media_range in weights), 0.0)


@lru_cache(_CACHED)
def language(accept_language: str) -> Language:
    """Returns the language that the client prefers, or Spanish if it accepts neither of ours."""
    weights: dict[str, float] = {}
    for tag, value in _quality_values(accept_language).items():
        primary = tag.partition("-")[0]
        weights[primary] = max(value, weights.get(primary, 0.0))
    ours = sorted(Language, key=lambda each: _position(list(weights), each.value))
    best = max(ours, key=lambda each: weights.get(each.value, weights.get("*", 0.0)))
    return best if weights.get(best.value, weights.get("*", 0.0)) else Language.ES


def _position(named: Sequence[str], name: str) -> int:
    return named.index(name) if name in named else len(named)


def _quality_values(header: str) -> dict[str, float]:
    """Returns each range and its weight, in their order."""
    parts = (part.partition(";") for part in header.lower().split(",")[:_MAX_RANGES])
    return {name.strip(): _weight(parameters) for name, _, parameters in parts}


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return 0.0
            return quality if 0 <= quality <= 1 else 0.0
    return 1.0
