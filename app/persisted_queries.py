"""Requests that name a document instead of bringing it. None is kept here, so the client is asked for its text.

A client with automatic persisted queries sends a hash first, and the text once it is refused. Apollo's web client and
urql send the text after PersistedQueryNotSupported, and no hash from then on. Apollo's iOS and Kotlin clients send it
only after PersistedQueryNotFound, so both are answered. The status is 200 in both media types, as Apollo Server's is:
those two, too, take any other for a failure of the network.
"""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError

from app.bodies import RefusedRequestError
from app.errors import formatted

NOT_SUPPORTED = [
    formatted(GraphQLError("PersistedQueryNotSupported"), "PERSISTED_QUERY_NOT_SUPPORTED"),
    formatted(GraphQLError("PersistedQueryNotFound"), "PERSISTED_QUERY_NOT_FOUND"),
]

# By which other conventions name a document: GraphQL over HTTP's draft, Relay and others.
_IDENTIFIERS = ("documentId", "id", "doc_id", "docId", "queryId")


class PersistedQueryError(Exception):
    """The request has a document's hash and no document."""


def require_text(parameters: Mapping[str, Any]) -> None:
    """Raises PersistedQueryError, or RefusedRequestError where the document is named in no way that has an answer."""
    if parameters.get("query"):
        return
    extensions = parameters.get("extensions")
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    if persisted is not None:
        if isinstance(persisted, dict) and isinstance(persisted.get("sha256Hash"), str):
            raise PersistedQueryError
        raise RefusedRequestError(400, "extensions.persistedQuery must be an object with a string sha256Hash.")
    if name := next((each for each in _IDENTIFIERS if parameters.get(each) is not None), None):
        raise RefusedRequestError(400, f"No document is kept under {name}: send its text in query.")
