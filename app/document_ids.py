"""Requests that name a trusted document instead of sending its text.

There are two ways. `documentId` is that of the appendix "Persisted Documents" of the GraphQL-over-HTTP draft.
`extensions.persistedQuery` is that of Apollo's persisted queries, whose clients send a hash first, and the text once
the hash is refused. The service never stores that text. Apollo's web client and urql send it after
PersistedQueryNotSupported, and stop sending hashes. Apollo's iOS and Kotlin clients send it only after
PersistedQueryNotFound, so the response has both errors. As with Apollo Server, its status is 200 in both media types,
because the iOS and Kotlin clients take any other for a network failure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.bodies import RefusedRequestError

# The parameters by which other conventions name a document: Relay's examples and others.
_OTHER_NAMES = ("id", "doc_id", "docId", "queryId")


@dataclass(frozen=True, slots=True)
class DocumentId:
    """The id of a document; `hash_first` if the client sends the text once the id is refused."""

    value: str
    hash_first: bool = False


def document_of(parameters: Mapping[str, Any]) -> str | DocumentId:
    """Returns the text of the request's document, or its id if there is no text. Raises RefusedRequestError."""
    if text := parameters.get("query"):
        if isinstance(text, str):
            return text
    elif identifier := _document_id(parameters) or _hash(parameters):
        return identifier
    elif name := next((each for each in _OTHER_NAMES if parameters.get(each) is not None), None):
        raise RefusedRequestError(
            400, f"{name} names no document here: send documentId, or the document's text in query."
        )
    raise RefusedRequestError(400, "query must be a string that contains a document.")


def _document_id(parameters: Mapping[str, Any]) -> DocumentId | None:
    value = parameters.get("documentId")
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise RefusedRequestError(400, "documentId must be a string that is not empty.")
    return DocumentId(value)


def _hash(parameters: Mapping[str, Any]) -> DocumentId | None:
    extensions = parameters.get("extensions")
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or not isinstance(persisted.get("sha256Hash"), str):
        raise RefusedRequestError(400, "extensions.persistedQuery must be an object with a string sha256Hash.")
    return DocumentId(persisted["sha256Hash"], hash_first=True)
