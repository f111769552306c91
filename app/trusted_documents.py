"""The documents that clients may name instead of sending them (TRUSTED_DOCUMENTS, TRUSTED_DOCUMENTS_ONLY)."""

from collections.abc import Iterable, Mapping

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

    def __init__(
        self, by_digest: Mapping[str, Prepared], operation_names: Iterable[str], digests: Mapping[str, str]
    ) -> None:
        """`digests` are those of the ids in manifests."""
        self.by_digest = by_digest
        self.operation_names = frozenset(operation_names)
        self._digests = digests

    def find(self, id: DocumentId) -> Prepared | Refused:
        digest = self._digests.get(id.value) or id.value.removeprefix(SHA256_PREFIX)
        return self.by_digest.get(digest) or (_HASH_UNKNOWN if id.hash_first else _UNKNOWN)
