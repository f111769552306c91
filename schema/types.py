"""Object types that are no failure."""

import strawberry

from services.validation.password import PasswordPolicy as Policy


@strawberry.type(description="The rules for passwords, so that a form can show them before it asks.")
class PasswordPolicy:
    minimum_length: int = strawberry.field(
        description="The fewest characters (Unicode code points) that a password may have."
    )
    maximum_length: int = strawberry.field(
        description="The most characters (Unicode code points) that a password may have; nothing is cut off."
    )

    @classmethod
    def of(cls, policy: Policy) -> "PasswordPolicy":
        return cls(minimum_length=policy.minimum_length, maximum_length=policy.maximum_length)
