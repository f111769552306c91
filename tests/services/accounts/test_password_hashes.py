"""Hashes of other systems, by vectors that other programs made."""

import pytest

from services.accounts.password_hashes import HashProblem, PasswordHash, parse_hash
from tests.foreign_hashes import OF_PASSWORD, OF_THE_WORD_PASSWORD, PASSWORD, PUBLISHED

_VECTORS = {
    **{name: (PASSWORD, text) for name, text in OF_PASSWORD.items()},
    **{name: ("password", text) for name, text in OF_THE_WORD_PASSWORD.items()},
    **{f"published {number}": vector for number, vector in enumerate(PUBLISHED.items())},
}
_SALT, _TAG = "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
_CRYPT = "usesomesillystringforO/fkg9qdGHS5djJdwV7TYMT2re8KnX/C"
_PBKDF2 = "salt$575WbWTBSRorwGYYiu9fjjWIpOx48cx1RNB9V2NE9b8="


@pytest.mark.parametrize("name", _VECTORS)
def test_a_hash_of_another_program_matches_its_password_and_no_other(name: str) -> None:
    password, text = _VECTORS[name]
    parsed = parse_hash(text)

    assert isinstance(parsed, PasswordHash)
    assert parsed.matches(password.encode())
    assert not any(parsed.matches(other.encode()) for other in (f" {password}", password.swapcase(), "", "x" * 200))
    assert 0 < parsed.cost < 1


def test_what_is_stored_is_read_again() -> None:
    for password, text in _VECTORS.values():
        first = parse_hash(text)
        assert isinstance(first, PasswordHash)

        again = parse_hash(first.text)

        assert isinstance(again, PasswordHash)
        assert (again.text, again.cost) == (first.text, first.cost)
        assert again.matches(password.encode())


def test_a_hash_that_takes_too_long_or_too_much_is_above_the_bound() -> None:
    within = [
        f"$argon2id$v=19$m=262144,t=4,p=16${_SALT}${_TAG}",
        f"$2b$14${_CRYPT}",
        f"bcrypt_sha256$$2b$14${_CRYPT}",
        f"pbkdf2_sha256$3000000${_PBKDF2}",
        f"$scrypt$ln=18,r=8,p=1${_SALT}${_TAG}",
        f"scrypt$131072$salt$8$2${_TAG}",
    ]
    above = [
        f"$argon2id$v=19$m=262145,t=1,p=1${_SALT}${_TAG}",
        f"$argon2id$v=19$m=262144,t=5,p=1${_SALT}${_TAG}",
        f"$argon2id$v=19$m=65536,t=17,p=1${_SALT}${_TAG}",
        f"$argon2id$v=19$m=65536,t=1,p=17${_SALT}${_TAG}",
        f"$argon2id$v=19$m=9999999999,t=9999999999,p=1${_SALT}${_TAG}",
        f"$2b$15${_CRYPT}",
        f"$2b$31${_CRYPT}",
        f"pbkdf2_sha256$3000001${_PBKDF2}",
        f"$scrypt$ln=19,r=8,p=1${_SALT}${_TAG}",
        f"$scrypt$ln=99,r=8,p=1${_SALT}${_TAG}",
        f"$scrypt$ln=2,r=33,p=1${_SALT}${_TAG}",
        f"$scrypt$ln=2,r=1,p=33${_SALT}${_TAG}",
    ]

    assert [text for text in within if not 0 < _parsed(text).cost <= 1] == []
    assert [text for text in above if _parsed(text).cost <= 1] == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", HashProblem.UNKNOWN),
        ("una frase larga", HashProblem.UNKNOWN),
        ("5f4dcc3b5aa765d61d8327deb882cf99", HashProblem.UNKNOWN),
        ("md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", HashProblem.UNKNOWN),
        ("!unusable", HashProblem.UNKNOWN),
        ("$6$salt$hash", HashProblem.UNKNOWN),
        ("bcrypt$bcrypt$$2b$04$", HashProblem.UNKNOWN),
        (f"$2x$04${_CRYPT}", HashProblem.MALFORMED),
        (f"$2b$03${_CRYPT}", HashProblem.MALFORMED),
        (f"$2b$4${_CRYPT}", HashProblem.MALFORMED),
        (f"$2b$04${_CRYPT}\n", HashProblem.MALFORMED),
        (f"$2b$04${_CRYPT[:-1]}", HashProblem.MALFORMED),
        (f"$2b$04${'a' * 53}", HashProblem.MALFORMED),
        (f"$argon2id$v=18$m=64,t=1,p=1${_SALT}${_TAG}", HashProblem.MALFORMED),
        (f"$argon2id$v=19$m=7,t=1,p=1${_SALT}${_TAG}", HashProblem.MALFORMED),
        (f"$argon2id$v=19$m=64,t=0,p=1${_SALT}${_TAG}", HashProblem.MALFORMED),
        (f"$argon2id$v=19$m=64,t=1,p=1$c2FsdA${_TAG}", HashProblem.MALFORMED),
        (f"$argon2id$v=19$m=64,t=1,p=1${_SALT}$c2FsdA", HashProblem.MALFORMED),
        (f"$argon2id$v=19$m=64,t=1,p=1${_SALT}${_TAG}A$", HashProblem.MALFORMED),
        (f"$argon2id$v=19$m=٦٤,t=1,p=1${_SALT}${_TAG}", HashProblem.MALFORMED),
        ("pbkdf2_sha256$1000$salt$c2FsdA==", HashProblem.MALFORMED),
        (f"pbkdf2_sha1$1000${_PBKDF2}", HashProblem.MALFORMED),
        (f"pbkdf2_sha256$0${_PBKDF2}", HashProblem.MALFORMED),
        (f"pbkdf2_sha256$-1${_PBKDF2}", HashProblem.MALFORMED),
        (f"pbkdf2_sha256$1000$\0{_PBKDF2}", HashProblem.MALFORMED),
        (f"pbkdf2_sha512$1000${_PBKDF2}", HashProblem.MALFORMED),
        (f"scrypt$15$salt$8$1${_TAG}", HashProblem.MALFORMED),
        (f"scrypt$65536$salt$1$1${_TAG}", HashProblem.MALFORMED),
        ("scrypt$16$salt$8$1$c2FsdA==", HashProblem.MALFORMED),
        (f"scrypt$16$salt$8${_TAG}", HashProblem.MALFORMED),
        (f"$scrypt$ln=4,r=1,p=1073741824${_SALT}${_TAG}", HashProblem.MALFORMED),
        (f"$argon2id$v=19$m=64,t=1,p=1${_SALT}${'A' * 300}", HashProblem.TOO_LONG),
        ("$2b$" + "x" * 10_000_000, HashProblem.TOO_LONG),
    ],
)
def test_any_other_text_is_refused(text: str, problem: HashProblem) -> None:
    assert parse_hash(text) is problem


def test_a_hash_is_not_shown() -> None:
    assert _TAG not in repr(parse_hash(f"$argon2id$v=19$m=64,t=1,p=1${_SALT}${_TAG}"))


def _parsed(text: str) -> PasswordHash:
    parsed = parse_hash(text)
    assert isinstance(parsed, PasswordHash), text
    return parsed
