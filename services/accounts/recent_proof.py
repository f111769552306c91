"""The recent proof that sensitive mutations ask for: that whoever holds the session is the account's owner.

A session proves who signed in once, perhaps weeks ago, and may be in another's hands by now (ASVS 5.0, 7.5.1).
docs/clients.md lists the mutations that ask for it.
"""

import enum
from dataclasses import dataclass
from datetime import timedelta

PROOF_LIFE = timedelta(minutes=10)


class ProofWay(enum.Enum):
    """By what an owner can prove it again."""

    PASSWORD = "password"  # noqa: S105


@dataclass(frozen=True, slots=True)
class ReauthenticationRequired:
    """The last proof of this session is older than PROOF_LIFE. `ways` are those that the account has."""

    ways: tuple[ProofWay, ...]
