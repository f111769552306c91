"""The version of the service, which is in pyproject.toml and nowhere else."""

import functools
import tomllib
from pathlib import Path

_PROJECT = Path(__file__).parent.parent / "pyproject.toml"


@functools.cache
def version() -> str:
    """Returns the version, such as 0.1.0. Raises OSError if the program lies there without its pyproject.toml."""
    return str(tomllib.loads(_PROJECT.read_text("utf-8"))["project"]["version"])
