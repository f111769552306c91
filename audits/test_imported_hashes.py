"""Hashes that Django makes today with its own settings are imported, and match the passwords that it matches."""

import django
import pytest
from django.conf import settings
from django.contrib.auth import hashers

from services.accounts.password_hashes import PasswordHash, parse_hash

NAMES = (
    *("Argon2PasswordHasher", "BCryptPasswordHasher", "BCryptSHA256PasswordHasher"),
    *("PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "ScryptPasswordHasher"),
)
PASSWORDS = ("una frase larga", "contraseña con ñ", "密码 пароль 🔑", "x" * 72, "x" * 73, "ñ" * 128, "'\"\\$%")


@pytest.fixture(autouse=True, scope="module")
def django_settings() -> None:
    settings.configure(PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}" for name in NAMES])
    django.setup()


@pytest.mark.parametrize("name", NAMES)
def test_a_hash_of_django_matches_the_passwords_that_django_matches(name: str) -> None:
    hasher = next(each for each in hashers.get_hashers() if type(each).__name__ == name)

    for password in PASSWORDS:
        text = hashers.make_password(password, hasher=hasher.algorithm)
        parsed = parse_hash(text)

        assert isinstance(parsed, PasswordHash), text
        assert parsed.cost <= 1
        for typed in (password, f"{password}y", password[:-1], ""):
            if name == "BCryptPasswordHasher" and len(typed.encode()) > 72:
                continue  # Django with bcrypt 5 refuses it, and older ones ignore the rest, as we do
            assert parsed.matches(typed.encode()) is hashers.check_password(typed, text), (name, len(typed))
