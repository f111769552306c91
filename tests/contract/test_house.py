"""The rules of the house that no linter knows."""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import graphql
import pytest

import app
import models
import resolvers
import schema
import services
from app.database import MIGRATIONS_CONFIG
from models.migrator import drift

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    module.name
    for package in (app, models, resolvers, schema, services)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.startswith("models.migrations.")
)
_IMPORT_EACH_FIRST = """
import importlib, os, sys
import aiosmtplib, argon2, asyncpg, babel, graphql, jinja2, limits, orjson, PIL, pydantic_settings
import starlette, strawberry, structlog, tortoise, uvicorn
for name in sys.argv[1:]:
    if os.fork() == 0:
        try:
            importlib.import_module(name)
        except BaseException as error:
            print(name, repr(error), flush=True)
        os._exit(0)
    os.wait()
"""


def test_the_folder_graphql_holds_no_python_so_that_graphql_core_keeps_its_name() -> None:
    assert list((ROOT / "graphql").rglob("*.py")) == []
    assert graphql.__file__
    assert ROOT / "graphql" not in Path(graphql.__file__).parents


def test_any_module_can_be_imported_first() -> None:
    result = subprocess.run(
        [sys.executable, "-c", _IMPORT_EACH_FIRST, *MODULES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    assert result.stdout == ""


async def test_the_migrations_say_what_the_models_say() -> None:
    assert await drift(MIGRATIONS_CONFIG) == []


@pytest.mark.parametrize("name", ["CHANGELOG.md", "README.md", "SECURITY.md", ".env.example", "requirements.lock"])
def test_a_newcomer_finds_it(name: str) -> None:
    assert (ROOT / name).is_file()


def test_the_lock_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")

    assert "://" not in lock
    assert "--index-url" not in lock
