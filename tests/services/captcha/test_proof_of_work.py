"""Proofs of work, solved by ALTCHA's own library."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from services.captcha.proof_of_work import ITERATIONS, is_solved, write_challenge
from tests.proofs import proof

SECRETS = [bytes([number]) * 24 + bytes(range(number, number + 16)) for number in range(20)]
EXPIRES_AT = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
WORK = 10


def test_a_challenge_is_what_the_widget_takes() -> None:
    challenge = json.loads(write_challenge(SECRETS[1], WORK, EXPIRES_AT))

    parameters = challenge["parameters"]
    assert list(challenge) == ["parameters"]
    assert {name: parameters[name] for name in ("algorithm", "cost", "keyLength", "expiresAt")} == {
        "algorithm": "PBKDF2/SHA-256",
        "cost": ITERATIONS,
        "keyLength": 32,
        "expiresAt": int(EXPIRES_AT.timestamp()),
    }
    assert all(len(bytes.fromhex(parameters[name])) == 16 for name in ("nonce", "salt", "keyPrefix"))


def test_what_the_widget_returns_solves_it() -> None:
    for secret in SECRETS[:5]:
        assert is_solved(proof(write_challenge(secret, WORK, EXPIRES_AT)), secret, WORK)


def test_a_proof_is_of_no_use_for_another_captcha_or_another_cost() -> None:
    first, second = SECRETS[:2]
    solved = proof(write_challenge(first, WORK, EXPIRES_AT))

    assert not is_solved(solved, second, WORK)
    assert not is_solved(solved, first, WORK + 1_000)


def test_the_work_is_on_average_what_was_asked_for_and_never_three_times_as_much_as_another() -> None:
    counters = [_solution(proof(write_challenge(secret, WORK, EXPIRES_AT)))["counter"] for secret in SECRETS]

    assert min(counters) >= WORK // 2
    assert max(counters) <= WORK // 2 + WORK
    assert WORK * 0.7 < sum(counters) / len(counters) < WORK * 1.3


def test_the_same_secret_gives_the_same_challenge() -> None:
    one, again, other = [write_challenge(SECRETS[number], WORK, EXPIRES_AT) for number in (1, 1, 2)]

    assert one == again != other


HOSTILE: dict[str, Callable[[dict[str, Any]], object]] = {
    "nothing": lambda solved: {},
    "a list": lambda solved: [],
    "a text": lambda solved: "solution",
    "null": lambda solved: None,
    "no solution": lambda solved: {"challenge": solved["challenge"]},
    "a solution that is a list": lambda solved: {"solution": [1, 2]},
    "a key of the challenge alone": lambda solved: _with(solved, derivedKey=_prefix(solved)),
    "the challenge's prefix and zeros": lambda solved: _with(solved, derivedKey=_prefix(solved) + "00" * 16),
    "an empty key": lambda solved: _with(solved, derivedKey=""),
    "a key that is not hexadecimal": lambda solved: _with(solved, derivedKey="zz" * 32),
    "a key that is a number": lambda solved: _with(solved, derivedKey=7),
    "a key without an end": lambda solved: _with(solved, derivedKey="00" * 1_000),
    "another counter": lambda solved: _with(solved, counter=_solution_of(solved)["counter"] + 1),
    "a negative counter": lambda solved: _with(solved, counter=-1),
    "a counter beyond 32 bits": lambda solved: _with(solved, counter=_solution_of(solved)["counter"] + 2**32),
    "a counter beyond 64 bits": lambda solved: _with(solved, counter=10**300),
    "a counter that is a fraction": lambda solved: _with(solved, counter=float(_solution_of(solved)["counter"])),
    "a counter that is a text": lambda solved: _with(solved, counter=str(_solution_of(solved)["counter"])),
    "a counter that is true": lambda solved: _with(solved, counter=True),
    "a counter that is null": lambda solved: _with(solved, counter=None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_payload_without_the_solution_solves_nothing(name: str) -> None:
    secret = SECRETS[1]
    solved = json.loads(base64.b64decode(proof(write_challenge(secret, WORK, EXPIRES_AT))))

    assert not is_solved(_encoded(HOSTILE[name](solved)), secret, WORK)
    assert is_solved(_encoded(solved), secret, WORK)


def test_what_is_no_payload_solves_nothing() -> None:
    payloads = [
        *("", "=", "a", "ñ" * 300, "\ud800" * 300, "\0", "A" * 3_999, "[" * 3_000, "no base64 at all!"),
        base64.b64encode(b"[" * 2_900).decode(),
        base64.b64encode(b"{" + b'"a":{' * 500).decode(),
        base64.b64encode(b"\xff\xfe" * 100).decode(),
        base64.b64encode(b'{"solution": {"counter": ' + b"9" * 2_500 + b"}}").decode(),
    ]

    assert [payload for payload in payloads if is_solved(payload, SECRETS[1], WORK)] == []


def _with(solved: dict[str, Any], **changes: object) -> object:
    return {**solved, "solution": {**_solution_of(solved), **changes}}


def _prefix(solved: dict[str, Any]) -> str:
    prefix: str = solved["challenge"]["parameters"]["keyPrefix"]
    return prefix


def _solution_of(solved: dict[str, Any]) -> dict[str, Any]:
    solution: dict[str, Any] = solved["solution"]
    return solution


def _solution(payload: str) -> dict[str, Any]:
    return _solution_of(json.loads(base64.b64decode(payload)))


def _encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()
