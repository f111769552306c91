"""Parses, measures and validates each document once.

The operations of graphql/operations/ stay cached. Any other document is cached by its SHA-256 once it is seen a second
time, unless it has string literals, since these may hold a password.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    validate,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.language import FragmentDefinitionNode
from graphql.validation import NoSchemaIntrospectionCustomRule, specified_rules

from app.cost import BOUNDS
from app.errors import Redactor
from app.field_executor import Selections
from app.manifests import digest as digest_of
from app.measurement import measure
from app.one_of_rule import OneOfVariablesRule
from app.shapes import shape_of

MAX_TOKENS = 750  # also keeps the recursion of measurement.py, one call per token, within Python's limit
MAX_ERRORS = 5
_MAX_TOKENS_FOR_SUGGESTIONS = 100  # suggesting a name takes milliseconds
_MAX_CACHED_WEIGHT = 50_000  # of all cached documents together; a token takes about a kilobyte
_CHARACTERS_PER_TOKEN = 20
_MAX_DIGESTS_SEEN_ONCE = 4_096


@dataclass(frozen=True)
class Prepared:
    """A document that is ready to be executed. Only its `shape` may be logged: its `digest` may reveal a literal."""

    document: DocumentNode
    digest: str
    shape: str

    @property
    def weight(self) -> int:
        """Its approximate size in memory, in tokens; a text with long comments counts by its characters."""
        text = self.document.loc.source.body if self.document.loc else ""
        return max(self.document.token_count or 0, len(text) // _CHARACTERS_PER_TOKEN)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        if name is None:
            return self._operations[0] if len(self._operations) == 1 else None
        return next((each for each in self._operations if each.name and each.name.value == name), None)

    @cached_property
    def _operations(self) -> list[OperationDefinitionNode]:
        return [each for each in self.document.definitions if isinstance(each, OperationDefinitionNode)]

    @cached_property
    def fragments(self) -> dict[str, FragmentDetails]:
        definitions = (each for each in self.document.definitions if isinstance(each, FragmentDefinitionNode))
        return {each.name.value: FragmentDetails(each) for each in definitions}

    def selections(self, operation: OperationDefinitionNode) -> Selections:
        """Returns the same for each request, unless a directive could depend on a variable."""
        if self._may_depend_on_variables:
            return Selections()
        key = id(operation)
        if key not in self._selections:
            self._selections[key] = Selections()
        return self._selections[key]

    @cached_property
    def _may_depend_on_variables(self) -> bool:
        text = self.document.loc.source.body if self.document.loc else ""
        return "@" in text and "$" in text

    @cached_property
    def _selections(self) -> dict[int, Selections]:
        return {}


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a document is not executed; `code` goes into the extensions of every error that has no code of its own."""

    code: str
    errors: list[GraphQLError]
    status: int = 400


class Documents:
    """Prepares documents. In development, `introspection` allows introspection and suggestions in errors.

    `pinned` are documents by digest, which stay cached.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        pinned: Sequence[Mapping[str, Prepared]],
        redactor: Redactor,
        *,
        introspection: bool,
    ) -> None:
        self._schema = schema
        self._rules = (*specified_rules, OneOfVariablesRule)
        if not introspection:
            self._rules += (NoSchemaIntrospectionCustomRule,)
        self._introspection = introspection
        self._redactor = redactor
        self._cached: OrderedDict[str, Prepared] = OrderedDict()
        self._cached_weight = 0
        self._seen_once: OrderedDict[str, None] = OrderedDict()
        self._pinned = pinned

    def prepare(self, text: str) -> Prepared | Refused:
        digest = digest_of(text)
        for documents in self._pinned:
            if digest in documents:
                return documents[digest]
        if cached := self._cached.get(digest):
            self._cached.move_to_end(digest)
            return cached
        checked = self.check(text)
        if isinstance(checked, Prepared):
            self._cache_if_seen_before(checked, text)
        return checked

    def check(self, text: str) -> Prepared | Refused:
        """Prepares a document without caching it."""
        try:
            document = parse(
                text,
                max_lexical_tokens=MAX_TOKENS,
                max_comments=MAX_TOKENS,
                allow_empty_selection_sets=False,
            )
        except GraphQLSyntaxError as error:
            return Refused("PARSE_FAILED", [self._redactor.redact(error)])
        if bound := BOUNDS.exceeded_by(measure(document, self._schema)):
            return Refused("TOO_COMPLEX", [GraphQLError(f"The document is too complex: it has more than {bound}.")])
        errors = validate(
            self._schema,
            document,
            self._rules,
            max_errors=MAX_ERRORS - 1,
            hide_suggestions=not self._introspection or document.token_count > _MAX_TOKENS_FOR_SUGGESTIONS,
            allow_empty_selection_sets=False,
        )
        if errors:
            return Refused("VALIDATION_FAILED", [self._redactor.redact(error) for error in errors])
        return Prepared(document, digest_of(text), shape_of(document))

    def _cache_if_seen_before(self, prepared: Prepared, text: str) -> None:
        if prepared.digest not in self._seen_once:
            self._seen_once[prepared.digest] = None
            if len(self._seen_once) > _MAX_DIGESTS_SEEN_ONCE:
                self._seen_once.popitem(last=False)
            return
        if '"' in text:  # a string literal, or a quote in a comment
            return
        del self._seen_once[prepared.digest]
        self._cached[prepared.digest] = prepared
        self._cached_weight += prepared.weight
        while self._cached_weight > _MAX_CACHED_WEIGHT:
            self._cached_weight -= self._cached.popitem(last=False)[1].weight


class PinnedDocuments(Mapping[str, Prepared]):
    """Valid documents that `Documents` never evicts, by digest. Each is prepared when it is first needed."""

    def __init__(self, schema: GraphQLSchema, texts: Iterable[str]) -> None:
        self._documents = Documents(schema, (), Redactor(schema, introspection=True), introspection=False)
        self._texts = {digest_of(text): text for text in texts}
        self._prepared: dict[str, Prepared] = {}

    def __getitem__(self, digest: str) -> Prepared:
        if digest not in self._prepared:
            checked = self._documents.check(self._texts[digest])
            if isinstance(checked, Refused):
                raise ValueError(str(checked.errors[0].message))
            self._prepared[digest] = checked
        return self._prepared[digest]

    def __contains__(self, digest: object) -> bool:
        return digest in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def pin(schema: GraphQLSchema, texts: Mapping[str, str]) -> Mapping[str, Prepared]:
    """Returns prepared documents that `Documents` never evicts, by digest; `texts` maps names to them.

    Raises ValueError with a sentence that names a document that production refuses.
    """
    pinned = PinnedDocuments(schema, texts.values())
    for name, text in texts.items():
        try:
            pinned[digest_of(text)]
        except ValueError as error:
            raise ValueError(f"the document {name} is refused: {error}") from None
    return pinned
