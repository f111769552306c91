"""Tables of wrong values are tested as one list of failures, which names each value that was accepted."""

from collections.abc import Awaitable, Callable


def refusal(call: Callable[..., object], *arguments: object, error: type[Exception] = ValueError) -> str:
    """The text of the error that the call raises; empty if it returns."""
    try:
        call(*arguments)
    except error as raised:
        return str(raised)
    return ""


async def fails(work: Awaitable[object], error: type[Exception]) -> bool:
    """Whether what is awaited raises the error."""
    try:
        await work
    except error:
        return True
    return False
