"""E-mail addresses (RFC 5321, ASCII local parts), without asking the network."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

LONGEST = 254
_ENCODED_WORD = "=?"  # mail programs read what follows as another text (RFC 2047), with whatever it holds


@dataclass(frozen=True, slots=True)
class Email:
    """`address` is where mail goes; `key` is by which we find it again: the same, in lower case."""

    address: str

    @property
    def key(self) -> str:
        return self.address.lower()


def parse_email(text: str) -> Email | None:
    typed = text.strip()
    if len(typed) > LONGEST or _ENCODED_WORD in typed:
        return None
    try:
        valid = validate_email(typed, check_deliverability=False, allow_smtputf8=False, strict=True)
    except (EmailNotValidError, UnicodeError):
        return None
    return Email(valid.ascii_email) if valid.ascii_email and len(valid.ascii_email) <= LONGEST else None
