"""E-mails as an operator types them."""

import sys
from collections.abc import Iterable

from services.accounts.email import parse_email


def keys_of(texts: Iterable[str]) -> list[str] | None:
    """By which accounts are found; None, said on stderr, where one is no e-mail."""
    keys = []
    for text in texts:
        email = parse_email(text)
        if email is None:
            print(f"{text!r} is no e-mail.", file=sys.stderr)
            return None
        keys.append(email.key)
    return keys
