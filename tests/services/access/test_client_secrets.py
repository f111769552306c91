"""The secrets of API clients, by their text alone."""

import math
import re
import zlib

import pytest

from services.access.client_secrets import generate_secret, is_well_formed
from services.common.secrets import generate_token


def test_a_secret_is_known_by_its_prefix_and_has_two_hundred_random_bits() -> None:
    secrets = {generate_secret() for _ in range(500)}

    assert len(secrets) == 500
    assert all(re.fullmatch("tac_[0-9A-Za-z]{42}", secret) for secret in secrets)
    assert len({character for secret in secrets for character in secret[4:]}) == 62
    assert 36 * math.log2(62) > 200


def test_the_last_six_characters_are_the_checksum_that_scanners_compute() -> None:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    for secret in (generate_secret() for _ in range(100)):
        number = 0
        for character in secret[-6:]:
            number = number * 62 + digits.index(character)

        assert number == zlib.crc32(secret[4:-6].encode())


def test_a_secret_with_any_character_mistyped_is_refused_by_its_text() -> None:
    secret = generate_secret()

    for place in range(len(secret)):
        other = "0" if secret[place] != "0" else "1"
        assert not is_well_formed(secret[:place] + other + secret[place + 1 :])
    assert is_well_formed(secret)


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        str.lower,
        str.swapcase,
        lambda secret: secret + "\n",
        lambda secret: " " + secret,
        lambda secret: secret[:-1],
        lambda secret: secret + secret[-1],
        lambda secret: secret.replace("tac_", ""),
        lambda secret: secret.replace("_", "-"),
        lambda secret: secret[:10] + "\0" + secret[11:],
        lambda secret: secret[:10] + "\ud800" + secret[11:],
        lambda secret: secret[:10] + "é" + secret[11:],
        lambda secret: secret[:10] + "٣" + secret[11:],
        lambda secret: secret + "a" * 5_000_000,
        lambda _: "",
    ],
)
def test_what_is_not_a_secret_to_the_letter_is_refused(change: "type[str]") -> None:
    assert not is_well_formed(change(generate_secret()))


def test_the_token_of_a_session_never_looks_like_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["tac_" + "a" * 39, "tac_" + "b" * 39, "c" * 43])
    monkeypatch.setattr("services.common.secrets.secrets.token_urlsafe", lambda _: next(drawn))

    assert generate_token() == "c" * 43
