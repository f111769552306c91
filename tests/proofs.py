"""Solves proofs of work with ALTCHA's own library."""

import json

from altcha import Challenge, Payload, solve_challenge


def proof(challenge: str) -> str:
    """Returns the base64 that ALTCHA's widget would send for a challenge."""
    parsed = Challenge.from_dict(json.loads(challenge))
    solution = solve_challenge(parsed)
    assert solution
    return Payload(parsed, solution).to_base64()
