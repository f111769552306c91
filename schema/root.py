"""The schema: every root field, annotated with its result, bound to its resolver."""

import strawberry

from resolvers import passwords
from schema.types import PasswordPolicy


@strawberry.type(description="What can be read.")
class Query:
    password_policy: PasswordPolicy = strawberry.field(
        resolver=passwords.password_policy, description="The rules that new passwords must meet."
    )


schema = strawberry.Schema(query=Query)
