"""Hashes that Django makes today with its own settings are imported, and match the passwords that it hashed."""

import django
import pytest
from django.conf import settings
from django.contrib.auth import hashers

from services.accounts.password_hashes import PasswordHash, parse_hash

NAMES = (
    *("Argon2PasswordHasher", "BCryptPasswordHasher", "BCryptSHA256PasswordHasher"),
    *("PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "ScryptPasswordHasher"),
)
PASSWORDS = ("contraseña, 密码 🔑 '\"\\$%", "x" * 72, "ñ" * 128)


@pytest.fixture(autouse=True, scope="module")
def django_settings() -> None:
    settings.configure(PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}" for name in NAMES])
    django.setup()


@pytest.mark.parametrize("name", NAMES)
def test_a_hash_of_django_matches_only_the_password_that_django_hashed(name: str) -> None:
    hasher = next(each for each in hashers.get_hashers() if type(each).__name__ == name)

    shorter = [password for password in PASSWORDS if len(password.encode()) <= 72]
    for password in shorter if name == "BCryptPasswordHasher" else PASSWORDS:  # which has refused others since bcrypt 5
        text = hashers.make_password(password, hasher=hasher.algorithm)
        parsed = parse_hash(text)

        assert isinstance(parsed, PasswordHash), text
        assert parsed.cost <= 1
        assert parsed.matches(password.encode()), (name, len(password))
        assert not parsed.matches(password[:-1].encode()), (name, len(password))
