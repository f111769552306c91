"""Requests that identify a document instead of sending it. The service stores none, so it asks for the text.

A client with automatic persisted queries first sends a hash, and sends the text once that is refused. Apollo's web
client and urql send the text after PersistedQueryNotSupported, and stop sending hashes. Apollo's iOS and Kotlin clients
send it only after PersistedQueryNotFound, so the response has both errors. As with Apollo Server, its status is 200 in
both media types, because the iOS and Kotlin clients take any other for a network failure.
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

# The parameters by which other conventions identify a document: the draft of GraphQL over HTTP, Relay and others.
_IDENTIFIERS = ("documentId", "id", "doc_id", "docId", "queryId")


class PersistedQueryError(Exception):
    """The request has the hash of a document instead of the document."""


def require_text(parameters: Mapping[str, Any]) -> None:
    """Raises PersistedQueryError for a hash, and RefusedRequestError for any other identifier of a document."""
    if parameters.get("query"):
        return
    extensions = parameters.get("extensions")
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    if persisted is not None:
        if isinstance(persisted, dict) and isinstance(persisted.get("sha256Hash"), str):
            raise PersistedQueryError
        raise RefusedRequestError(400, "extensions.persistedQuery must be an object with a string sha256Hash.")
    if name := next((each for each in _IDENTIFIERS if parameters.get(each) is not None), None):
        raise RefusedRequestError(400, f"{name} identifies no stored document: send the document's text in query.")
