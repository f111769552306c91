"""The rules of the house that no linter knows."""

import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import graphql
import grimp
import pytest

from app.database import MIGRATIONS_CONFIG
from models.migrator import drift

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "models", "resolvers", "schema", "services")


def test_the_folder_graphql_holds_no_python_so_that_graphql_core_keeps_its_name() -> None:
    assert list((ROOT / "graphql").rglob("*.py")) == []
    assert graphql.__file__
    assert ROOT / "graphql" not in Path(graphql.__file__).parents


def test_any_module_can_be_imported_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """No import leads back to its module, so none finds another half loaded."""
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)

    imports = {name: graph.find_modules_directly_imported_by(name) | _packages(name) for name in graph.modules}

    assert len(imports) > 100
    assert _circle(imports) is None


def test_a_circle_of_imports_is_found() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "c", "b", "a"]


def _packages(name: str) -> set[str]:
    """Those that Python imports before the module."""
    parts = name.split(".")
    return {".".join(parts[:length]) for length in range(1, len(parts))}


def _circle(imports: dict[str, set[str]]) -> list[str] | None:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return None


async def test_the_migrations_say_what_the_models_say() -> None:
    assert await drift(MIGRATIONS_CONFIG) == []


def test_a_newcomer_finds_the_way() -> None:
    names = ["CHANGELOG.md", "README.md", "SECURITY.md", ".env.example", "requirements.lock"]

    assert [name for name in names if not (ROOT / name).is_file()] == []


def test_the_lock_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")

    assert "://" not in lock
    assert "--index-url" not in lock
