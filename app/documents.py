"""Documents parsed, measured and validated once.

The operations of graphql/operations/ are pinned. Another text is kept only when it is seen a second time, under its
SHA-256, and only without string literals, since a password may be written inline.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
from app.measurement import measure

MAX_TOKENS = 600  # which also keep the recursion of measurement.py, a call a token, within Python's limit
MAX_ERRORS = 5
_SUGGESTED_UP_TO = 100  # tokens: to suggest a name takes milliseconds
_KEPT_WEIGHT = 50_000  # of all kept documents together; a token is about a kilobyte
_CHARACTERS_A_TOKEN = 20
_REMEMBERED_DIGESTS = 4_096


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that is fit to be executed."""

    document: DocumentNode
    digest: str

    @property
    def weight(self) -> int:
        """What it holds in memory, roughly: its tokens, or its text where comments make that the larger part."""
        text = self.document.loc.source.body if self.document.loc else ""
        return max(self.document.token_count or 0, len(text) // _CHARACTERS_A_TOKEN)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        operations = [d for d in self.document.definitions if isinstance(d, OperationDefinitionNode)]
        if name is None:
            return operations[0] if len(operations) == 1 else None
        return next((o for o in operations if o.name and o.name.value == name), None)

    def fragments(self) -> dict[str, FragmentDetails]:
        definitions = (d for d in self.document.definitions if isinstance(d, FragmentDefinitionNode))
        return {d.name.value: FragmentDetails(d) for d in definitions}


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a document is not executed; `code` goes into every error's extensions."""

    code: str
    errors: list[GraphQLError]


class Documents:
    """With `introspection`, for development, errors may suggest names, too. `pinned` comes from `pin`."""

    def __init__(
        self, schema: GraphQLSchema, pinned: Mapping[str, Prepared], redactor: Redactor, *, introspection: bool
    ) -> None:
        self._schema = schema
        self._rules = specified_rules if introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
        self._introspection = introspection
        self._redactor = redactor
        self._kept: OrderedDict[str, Prepared] = OrderedDict()
        self._kept_weight = 0
        self._seen_once: OrderedDict[str, None] = OrderedDict()
        self._pinned = pinned

    def prepare(self, text: str) -> Prepared | Refused:
        digest = _digest(text)
        if pinned := self._pinned.get(digest):
            return pinned
        if kept := self._kept.get(digest):
            self._kept.move_to_end(digest)
            return kept
        checked = self.check(text)
        if isinstance(checked, Prepared):
            self._keep_on_second_sight(checked, text)
        return checked

    def check(self, text: str) -> Prepared | Refused:
        """The same, without keeping it."""
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
            return Refused("TOO_COMPLEX", [GraphQLError(f"The document asks for too much: more than {bound}.")])
        errors = validate(
            self._schema,
            document,
            self._rules,
            max_errors=MAX_ERRORS - 1,
            hide_suggestions=not self._introspection or document.token_count > _SUGGESTED_UP_TO,
            allow_empty_selection_sets=False,
        )
        if errors:
            return Refused("VALIDATION_FAILED", [self._redactor.redact(error) for error in errors])
        return Prepared(document, _digest(text))

    def _keep_on_second_sight(self, prepared: Prepared, text: str) -> None:
        if prepared.digest not in self._seen_once:
            self._seen_once[prepared.digest] = None
            if len(self._seen_once) > _REMEMBERED_DIGESTS:
                self._seen_once.popitem(last=False)
            return
        if '"' in text:  # in a comment, perhaps
            return
        del self._seen_once[prepared.digest]
        self._kept[prepared.digest] = prepared
        self._kept_weight += prepared.weight
        while self._kept_weight > _KEPT_WEIGHT:
            self._kept_weight -= self._kept.popitem(last=False)[1].weight


def pin(schema: GraphQLSchema, texts: Iterable[str]) -> Mapping[str, Prepared]:
    """What `Documents` keeps for good, by digest. Raises ValueError for a text that is refused in production."""
    documents = Documents(schema, {}, Redactor(schema, introspection=False), introspection=False)
    pinned = {}
    for text in texts:
        checked = documents.check(text)
        if isinstance(checked, Refused):
            raise ValueError(f"a pinned operation does not fit the schema: {checked.errors}")
        pinned[checked.digest] = checked
    return pinned


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
