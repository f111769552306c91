"""Refuses documents that graphql-core 3.3 lets pass: nullable variables for the one key of a @oneOf input.

Its own rule overlooks inputs whose argument must not be null (https://spec.graphql.org/draft/#sec-All-Variable-Usages-Are-Allowed).
"""

from typing import Any

from graphql import (
    GraphQLError,
    NonNullTypeNode,
    ObjectFieldNode,
    OperationDefinitionNode,
    ValidationRule,
    VariableNode,
    get_named_type,
    is_input_object_type,
)


class OneOfVariablesRule(ValidationRule):
    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        parent = get_named_type(self.context.get_parent_input_type())
        if not (is_input_object_type(parent) and parent.is_one_of and isinstance(node.value, VariableNode)):
            return
        name = node.value.name.value
        for operation in self.context.document.definitions:
            if isinstance(operation, OperationDefinitionNode):
                for variable in operation.variable_definitions or ():
                    if variable.variable.name.value == name and not isinstance(variable.type, NonNullTypeNode):
                        message = f"Variable '${name}' must be non-nullable to be used for '{parent.name}'."
                        self.report_error(GraphQLError(message, [variable, node]))
