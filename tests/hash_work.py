"""Records the password hashes that are computed, where the libraries are called."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters


def recorded_hashes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Lists the function and the cost of each hash that PBKDF2, scrypt or our Argon2 computes from now on.

    The cost is the iterations, scrypt's N, or Argon2's memory in KiB.
    """
    computed: list[tuple[str, int]] = []

    def record(owner: Any, name: str, cost: Callable[..., int]) -> None:
        compute = getattr(owner, name)

        def compute_and_record(*arguments: Any, **options: Any) -> Any:
            computed.append((name, cost(*arguments, **options)))
            return compute(*arguments, **options)

        monkeypatch.setattr(owner, name, compute_and_record)

    record(hashlib, "pbkdf2_hmac", lambda _name, _password, _salt, iterations, *_: iterations)
    record(hashlib, "scrypt", lambda _password, *, n, **_: n)
    record(PasswordHasher, "hash", lambda hasher, _password, **_: hasher.memory_cost)
    record(PasswordHasher, "verify", lambda _hasher, text, _password: extract_parameters(text).memory_cost)
    return computed
