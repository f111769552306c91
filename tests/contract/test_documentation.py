"""The documentation holds to the code: settings, limits, bounds of a document, folders; and its links work."""

import json
import re
import shlex
from pathlib import Path

from app.command_line import COMMANDS
from app.cost import BOUNDS
from app.documents import MAX_TOKENS, pin
from app.http import MAX_BODY
from app.settings import Settings
from schema.root import schema

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "docs/settings.md").read_text("utf-8")
CLIENTS = (ROOT / "docs/clients.md").read_text("utf-8")
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMES = sorted(name.upper() for name in Settings.model_fields)
PATH = re.compile(r"`((?:app|audits|benchmarks|docs|graphql|models|schema|services|tests)/[\w./-]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def test_a_setting_is_explained_and_has_its_line_in_the_example() -> None:
    unexplained = [name for name in NAMES if not re.search(rf"^\|.*`{name}`.*\|", SETTINGS, re.MULTILINE)]
    without_line = [name for name in NAMES if not re.search(rf"^#{name}=", EXAMPLE, re.MULTILINE)]

    assert (unexplained, without_line) == ([], [])


def test_the_page_of_settings_names_no_other_setting() -> None:
    rows = re.findall(r"^\| (`[A-Z].*?) \|", SETTINGS, re.MULTILINE)
    named = sorted(name for row in rows for name in re.findall(r"`(\w+)`", row))

    assert named == NAMES


def test_the_example_names_no_other_setting_and_shows_the_defaults() -> None:
    lines = dict(re.findall(r"^#([A-Z_0-9]+)=(.*)$", EXAMPLE, re.MULTILINE))

    assert sorted(lines) == NAMES
    shown = {name: value for name, value in lines.items() if value}
    defaults = Settings(_env_file=None)
    parsed = Settings(_env_file=None, **{name.lower(): value for name, value in shown.items()})
    assert parsed == defaults


def test_the_page_shows_the_default_of_every_limit() -> None:
    defaults = Settings(_env_file=None)
    limits = {name: getattr(defaults, name.lower()) for name in NAMES if name.startswith("LIMIT_")}

    assert [name for name, default in limits.items() if f"| `{name}` | `{default}` |" not in SETTINGS] == []


def test_the_page_for_clients_shows_the_bounds_of_a_document() -> None:
    bounds = (
        f"{MAX_BODY:,} bytes, {MAX_TOKENS:,} tokens, {BOUNDS.depth} levels, {BOUNDS.fields:,} fields, "
        f"{BOUNDS.root_fields} root fields, {BOUNDS.aliases} aliases and {BOUNDS.directives} directives"
    )

    assert bounds in " ".join(CLIENTS.split())


def test_the_walkthrough_sends_valid_operations_and_runs_commands_that_are_there() -> None:
    page = (ROOT / "docs/walkthrough.md").read_text("utf-8")
    words = shlex.split("".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL)))
    operations = [json.loads(word)["query"] for word in words if word.startswith('{"query')]

    assert len(pin(schema._schema, {text: text for text in operations})) > 10
    assert {"deposit", "captcha-answer"} == set(re.findall(r"-m app ([\w-]+)", page)) <= set(COMMANDS)


def test_the_readme_is_at_most_a_hundred_lines() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 100


def test_the_tree_of_the_architecture_names_each_folder_with_python_and_no_folder_that_is_not_there() -> None:
    tree = _folders((ROOT / "docs/architecture.md").read_text("utf-8").split("```")[1])
    python = {
        _named(path.parent.relative_to(ROOT).as_posix())
        for folder in {name.partition("/")[0] for name in tree}
        for path in (ROOT / folder).rglob("*.py")
        if not {"node_modules", ".venv"} & {*path.relative_to(ROOT).parts}
    }
    top = {path.parent.name for path in ROOT.glob("[!.]*/*.py")}

    assert sorted((python | top) - tree) == []
    assert [name for name in sorted(tree) if not (ROOT / name).is_dir()] == []


def test_every_link_leads_to_a_file_and_a_heading_that_are_there() -> None:
    assert [
        f"{page.relative_to(ROOT)}: {link}" for page in PAGES for link in _links(page) if not _leads(page, link)
    ] == []


def test_every_file_that_a_page_names_is_there() -> None:
    named = {(page.name, path) for page in PAGES for path in PATH.findall(page.read_text("utf-8"))}

    assert [each for each in sorted(named) if not (ROOT / each[1]).exists()] == []


def test_every_page_and_every_decision_is_linked() -> None:
    linked = {(page.parent / link.partition("#")[0]).resolve() for page in PAGES for link in _links(page)}

    assert [page.name for page in PAGES if page.resolve() not in linked | {ROOT / "README.md"}] == []


def _named(folder: str) -> str:
    """As the tree names it: tests/services/ has the rooms of services/."""
    return folder.removeprefix("tests/") if folder.startswith("tests/services/") else folder


def _folders(tree: str) -> set[str]:
    """The paths of a tree in which each level is indented by two more blanks."""
    path: list[str] = []
    folders = set()
    for indent, name in re.findall(r"^( *)([\w./-]+)/(?: |$)", tree, re.MULTILINE):
        path[len(indent) // 2 :] = [name]
        folders.add("/".join(path))
    return folders


def _links(page: Path) -> list[str]:
    prose = re.sub(r"^```.*?^```$|`[^`\n]+`", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [link for link in LINK.findall(prose) if "://" not in link]


def _leads(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in _anchors(target))


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
