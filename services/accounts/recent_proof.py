"""The recent proof that sensitive mutations ask for: that whoever holds the session is the account's owner.

A session proves who signed in once, perhaps weeks ago, and may be in another's hands by now (ASVS 5.0, 7.5.1).
docs/clients.md lists the mutations that ask for it.
"""

from dataclasses import dataclass
from datetime import timedelta

from services.common.outcomes import NotAuthenticated
from services.factors.second_factors import ProofWay

PROOF_LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ReauthenticationRequired:
    """The last proof of this session is older than PROOF_LIFE. `ways` are those that the account has.

    With a second factor, the password alone proves nothing.
    """

    ways: tuple[ProofWay, ...]


class UnprovedError(Exception):
    """The proof had ended once the account was locked, so everything is rolled back. `refusal` says what to answer."""

    def __init__(self, refusal: ReauthenticationRequired | NotAuthenticated) -> None:
        super().__init__("unproved")
        self.refusal = refusal
