"""Lines of a file of accounts."""

import json
from typing import Any

from tests.forms import COMPANY, EMAIL, RFC

HASH = "$2b$04$usesomesillystringforO/fkg9qdGHS5djJdwV7TYMT2re8KnX/C"
SERIES = {"name": "A", "firstFolio": 10, "lastFolio": 99, "nextFolio": 42}


def account_line(**changes: Any) -> bytes:
    """A line of a whole account; a change to `...` omits the field."""
    fields = {
        "email": EMAIL,
        "rfc": RFC,
        "passwordHash": HASH,
        "language": "en",
        "createdAt": "2020-05-17T10:00:00-06:00",
        "confirmedAt": "2020-05-18T10:00:00Z",
        "company": COMPANY,
        "series": [SERIES],
        **changes,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not ...}).encode() + b"\n"
