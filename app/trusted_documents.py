"""The documents that clients may name instead of sending them (TRUSTED_DOCUMENTS, TRUSTED_DOCUMENTS_ONLY)."""

from collections.abc import Mapping

from graphql import GraphQLError

from app.document_ids import DocumentId
from app.documents import Prepared, Refused
from app.manifests import SHA256_PREFIX

TEXT_REFUSED = Refused(
    "PERSISTED_DOCUMENT_REQUIRED",
    [GraphQLError("The service executes trusted documents only: send the documentId of one instead of a text.")],
)
_UNKNOWN = Refused(
    "PERSISTED_DOCUMENT_NOT_FOUND",
    [GraphQLError("No trusted document has this documentId: is the app's manifest in TRUSTED_DOCUMENTS?")],
)
_HASH_UNKNOWN = Refused(
    "PERSISTED_QUERY_NOT_SUPPORTED",
    [
        GraphQLError("PersistedQueryNotSupported"),
        GraphQLError("PersistedQueryNotFound", extensions={"code": "PERSISTED_QUERY_NOT_FOUND"}),
    ],
    status=200,
)


class TrustedDocuments:
    """Finds documents by their ids in manifests, and by their SHA-256, with and without the prefix."""

    def __init__(self, documents: Mapping[str, Prepared]) -> None:
        self._by_id = dict(documents)
        for prepared in documents.values():
            self._by_id[prepared.digest] = self._by_id[SHA256_PREFIX + prepared.digest] = prepared

    @property
    def by_digest(self) -> Mapping[str, Prepared]:
        return {prepared.digest: prepared for prepared in self._by_id.values()}

    @property
    def operation_names(self) -> frozenset[str]:
        operations = [prepared.operation(None) for prepared in self._by_id.values()]
        return frozenset(operation.name.value for operation in operations if operation and operation.name)

    def find(self, id: DocumentId) -> Prepared | Refused:
        return self._by_id.get(id.value) or (_HASH_UNKNOWN if id.hash_first else _UNKNOWN)
