"""The maximum length of lists, declared in the schema: https://ibm.github.io/graphql-specs/cost-spec.html"""

import strawberry
from graphql import GraphQLField
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema_directive import Location


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description="The maximum number of objects in a list. The cost of a document is computed with it.",
)
class ListSize:
    assumed_size: int = strawberry.directive_field(name="assumedSize")


def assumed_size(field: GraphQLField) -> int | None:
    """The maximum number of objects that the field returns, if declared."""
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    directives: list[object] = getattr(definition, "directives", [])
    return next((each.assumed_size for each in directives if isinstance(each, ListSize)), None)
