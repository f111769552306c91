"""A plugin for ariadne-codegen, which leaves out the fragments of types that a result union does not have.

UserErrorFields is on all failures, and spreads CaptchaFields for those that come with a captcha. A union without them
needs no model of it, but a document that spreads a fragment without its definition is invalid. ariadne-codegen 0.19.
"""

from pathlib import Path
from typing import Any

from ariadne_codegen.plugins.base import Plugin
from graphql import (
    ExecutableDefinitionNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    Node,
    Visitor,
    parse,
    print_ast,
    visit,
)


class CompleteDocumentsPlugin(Plugin):
    def __init__(self, schema: GraphQLSchema, config_dict: dict[str, Any]) -> None:
        super().__init__(schema, config_dict)
        folder = Path(config_dict["tool"]["ariadne-codegen"]["queries_path"])
        documents = [parse(path.read_text("utf-8")) for path in folder.rglob("*.graphql")]
        definitions = [definition for document in documents for definition in document.definitions]
        self._fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}

    def generate_operation_str(self, operation_str: str, operation_definition: ExecutableDefinitionNode) -> str:
        definitions = list(parse(operation_str).definitions)
        for definition in definitions:  # grows while it is read
            there = {each.name.value for each in definitions if isinstance(each, FragmentDefinitionNode)}
            definitions += [self._fragments[name] for name in sorted(_spreads(definition) - there)]
        return "\n\n".join(print_ast(definition) for definition in definitions)


def _spreads(node: Node) -> set[str]:
    """Returns the names of the fragments that the node spreads."""
    names: set[str] = set()

    class Collector(Visitor):
        def enter_fragment_spread(self, spread: FragmentSpreadNode, *_: Any) -> None:
            names.add(spread.name.value)

    visit(node, Collector())
    return names
