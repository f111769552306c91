"""Parses e-mails that an operator types."""

import sys
from collections.abc import Iterable

from services.accounts.email import parse_email


def keys_of(texts: Iterable[str]) -> list[str] | None:
    """Returns the keys by which accounts are found. If a text is not an e-mail, prints an error and returns None."""
    keys = []
    for text in texts:
        email = parse_email(text)
        if email is None:
            print(f"{text!r} is not an e-mail.", file=sys.stderr)
            return None
        keys.append(email.key)
    return keys
