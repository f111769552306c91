"""README and .env.example tell the truth about the settings."""

import re
from pathlib import Path

import pytest

from app.cost import BOUNDS
from app.documents import MAX_TOKENS
from app.http import MAX_BODY
from app.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
NAMES = sorted(name.upper() for name in Settings.model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_is_explained_and_has_its_line_in_the_example(name: str) -> None:
    assert re.search(rf"^\|.*`{name}`.*\|", README, re.MULTILINE)
    assert re.search(rf"^#{name}=", EXAMPLE, re.MULTILINE)


def test_the_example_names_no_other_setting_and_shows_the_defaults() -> None:
    lines = dict(re.findall(r"^#([A-Z_0-9]+)=(.*)$", EXAMPLE, re.MULTILINE))

    assert sorted(lines) == NAMES
    shown = {name: value for name, value in lines.items() if value}
    defaults = Settings(_env_file=None)
    parsed = Settings(_env_file=None, **{name.lower(): value for name, value in shown.items()})
    assert parsed == defaults


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("LIMIT_")])
def test_the_readme_shows_the_default_of_every_limit(name: str) -> None:
    default = getattr(Settings(_env_file=None), name.lower())

    assert f"| `{name}` | `{default}` |" in README


def test_the_readme_shows_the_bounds_of_a_document() -> None:
    bounds = (
        f"{MAX_BODY:,} bytes, {MAX_TOKENS:,} tokens, {BOUNDS.depth} levels, {BOUNDS.fields:,} fields, "
        f"{BOUNDS.root_fields} root fields, {BOUNDS.aliases} aliases and {BOUNDS.directives} directives"
    )

    assert bounds in " ".join(README.split())


@pytest.mark.parametrize(
    "folder",
    [
        "app",
        *(
            f"services/{room}"
            for room in (
                "accounts",
                "captcha",
                "common",
                "company",
                "mail",
                "payments",
                "payments/bank",
                "payments/paypal",
            )
        ),
    ],
)
def test_the_picture_of_the_house_has_every_room(folder: str) -> None:
    picture = (ROOT / "docs/architecture.md").read_text("utf-8").split("```")[1]
    modules = {path.stem for path in (ROOT / folder).glob("*.py")} - {"__init__"}

    assert [module for module in sorted(modules) if not re.search(rf"\b{module}\b", picture)] == []
