"""How tables of wrong values are tested: one list of failures, which names each value that passed."""

from collections.abc import Callable


def refusal(call: Callable[..., object], *arguments: object) -> str:
    """The text of the ValueError that the call raises; empty if it returns."""
    try:
        call(*arguments)
    except ValueError as error:
        return str(error)
    return ""
