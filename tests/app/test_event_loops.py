import asyncio

from app.event_loops import run_on


async def _module() -> str:
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


def test_uvloop_is_used_if_it_is_installed() -> None:
    assert run_on("auto", _module()) == run_on("uvloop", _module()) == "uvloop"


def test_asyncios_own_loop_can_be_asked_for() -> None:
    assert run_on("asyncio", _module()) == "asyncio"
