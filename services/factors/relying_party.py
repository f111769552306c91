"""For whom passkeys are made (WebAuthn level 3, 4)."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """`id` is a domain, for which passkeys are made, and `name` what authenticators may show.

    `is_origin` says which pages and apps may use them.
    """

    id: str
    name: str
    is_origin: Callable[[str], bool]
