"""The operator's demand that every account has a second factor (SECOND_FACTOR_REQUIRED)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SecondFactorDemand:
    """Whatever else is to meet the demand belongs into `is_unmet`, which everything asks."""

    required: bool = False

    def is_unmet(self, second_factor_since: object) -> bool:
        """`second_factor_since` is the account's, in any form; None if it has no second factor."""
        return self.required and second_factor_since is None


NO_DEMAND = SecondFactorDemand()
