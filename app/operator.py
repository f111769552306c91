"""Finds out who runs a command."""

import os
import pwd
from contextlib import suppress
from pathlib import Path

from services.audit.actors import Actor, operator

_LOGIN_USER = Path("/proc/self/loginuid")  # who logged in on Linux, even after sudo or su
_NOBODY = 2**32 - 1


def current_operator() -> Actor:
    """The operating system's user, whom no variable of the environment can change."""
    user = os.getuid()
    with suppress(OSError, ValueError):
        logged_in = int(_LOGIN_USER.read_text("ascii"))
        user = user if logged_in == _NOBODY else logged_in
    with suppress(KeyError):
        return operator(pwd.getpwuid(user).pw_name)
    return operator(f"{user}")
