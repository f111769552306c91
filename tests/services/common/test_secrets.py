"""Generated secrets, the digests that are kept of them, and keys for one purpose each."""

import math
import re
from collections import Counter

from services.common.secrets import ALPHABET, Keys, digest, generate, generate_token
from services.mail.issuing import CODE_LENGTH, MAILED_PASSWORD_LENGTH


def test_the_alphabet_has_no_look_alikes() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 31
    assert not set(ALPHABET) & set("01OIL")
    assert ALPHABET.upper() == ALPHABET


def test_mailed_secrets_have_enough_bits() -> None:
    assert CODE_LENGTH * math.log2(len(ALPHABET)) >= 190
    assert MAILED_PASSWORD_LENGTH * math.log2(len(ALPHABET)) >= 112


def test_generated_secrets_use_the_alphabet_and_never_repeat() -> None:
    minted = [generate(CODE_LENGTH) for _ in range(500)]

    assert len(set(minted)) == 500
    assert all(re.fullmatch(f"[{ALPHABET}]{{{CODE_LENGTH}}}", code) for code in minted)


def test_every_letter_is_equally_frequent() -> None:
    counts = Counter(generate(31_000))

    assert set(counts) == set(ALPHABET)
    assert all(750 < count < 1250 for count in counts.values())  # 1000 each, 8 standard deviations to either side


def test_a_token_has_256_bits_and_fits_a_header() -> None:
    tokens = {generate_token() for _ in range(500)}

    assert len(tokens) == 500
    assert all(re.fullmatch("[A-Za-z0-9_-]{43}", token) for token in tokens)


def test_a_digest_is_sha_256_in_hex() -> None:
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4's example


def test_any_text_has_a_digest() -> None:
    texts = ["", "\0", "\ud800", "ñ", "x" * 1_000_000]

    assert [text[:9] for text in texts if not re.fullmatch("[0-9a-f]{64}", digest(text))] == []


def test_subkeys_are_those_of_hkdf() -> None:
    """RFC 5869, A.3: no salt and no purpose; the first block of its output."""
    keys = Keys(b"\x0b" * 22)

    assert keys.signing("").hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"


def test_no_key_serves_two_purposes() -> None:
    keys = Keys(b"new", also_accepted=[b"old"])

    subkeys = [key for purpose in ("captcha", "limits", "lockout") for key in keys.verifying(purpose)]

    assert len(set(subkeys)) == 6


def test_one_key_signs_and_all_verify_and_another_names() -> None:
    old, rotated = Keys(b"old"), Keys(b"new", also_accepted=[b"old"], naming_key=b"old")

    assert rotated.signing("captcha") == Keys(b"new").signing("captcha")
    assert rotated.verifying("captcha") == (rotated.signing("captcha"), old.signing("captcha"))
    assert rotated.lasting("limits") == old.lasting("limits")
    assert Keys(b"new").lasting("limits") != old.lasting("limits")


def test_no_key_is_in_a_repr() -> None:
    keys = Keys(b"a key of thirty-two bytes or more")

    assert "thirty" not in repr(keys)
