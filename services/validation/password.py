"""Passwords after NIST SP 800-63B-4: length and a block list, no composition rules, no truncation."""

from dataclasses import dataclass

MAXIMUM_LENGTH = 128


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """Lengths in Unicode code points after NFC."""

    minimum_length: int
    maximum_length: int = MAXIMUM_LENGTH
