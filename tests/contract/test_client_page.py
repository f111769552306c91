"""docs/clients.md and docs/product.md name each result of the schema, and the examples are as they are."""

import re
from collections import Counter
from pathlib import Path

from graphql import GraphQLUnionType, get_named_type

from tests.exported_schema import SCHEMA

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/clients.md").read_text("utf-8")
PRODUCT = (ROOT / "docs/product.md").read_text("utf-8")
UNIONS = [type_ for type_ in SCHEMA.type_map.values() if isinstance(type_, GraphQLUnionType)]

ARROW = re.compile(r"(\w+)-?->>(\w+): ([^;#\n]+)")
KEYWORD = re.compile(r"sequenceDiagram|autonumber|(?:actor|participant) \w+|(?:alt|else) [\w ]+|end")


def test_the_diagram_has_only_lines_that_mermaid_knows() -> None:
    """A semicolon would end a line, and `#` would begin an entity."""
    lines = [line.strip() for line in _diagram().splitlines()]

    assert [line for line in lines if not ARROW.fullmatch(line) and not KEYWORD.fullmatch(line)] == []


def test_what_the_app_asks_in_the_diagram_is_in_the_schema() -> None:
    assert SCHEMA.query_type
    assert SCHEMA.mutation_type
    asked = [text for sender, receiver, text in ARROW.findall(_diagram()) if (sender, receiver) == ("App", "Service")]

    names = {name for text in asked for name in re.findall(r"\w+", re.sub(r"\(.*?\)", "", text))}
    assert len(names) > 10
    assert names <= {*SCHEMA.query_type.fields, *SCHEMA.mutation_type.fields}


def test_the_tables_name_each_member_of_each_union_once() -> None:
    rows = Counter(re.findall(r"^\| `(\w+(?:Error|Success))` \| .+ \|$", f"{PAGE}\n{PRODUCT}", re.MULTILINE))

    assert rows == Counter(
        {name for union in UNIONS for name in _members(union) if name.endswith(("Error", "Success"))}
    )


def test_what_only_api_clients_get_is_on_the_page_of_the_product() -> None:
    for_apps = {name for union in UNIONS if not _is_for_api_clients(union) for name in _members(union)}
    for_clients = {name for union in UNIONS if _is_for_api_clients(union) for name in _members(union)}

    assert "NotAuthorizedError" in for_clients
    assert [name for name in for_clients - for_apps if f"| `{name}` |" in PAGE] == []
    assert [name for name in for_apps if f"| `{name}` |" in PRODUCT] == []


def test_the_table_of_repeated_mutations_and_the_text_below_it_name_each_mutation_once() -> None:
    section = PAGE.partition("## Trying again")[2].partition("\n## ")[0]
    assert SCHEMA.mutation_type
    mutations = {
        name
        for name, field in SCHEMA.mutation_type.fields.items()
        if not _is_for_api_clients(get_named_type(field.type))
    }

    table = {
        name for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    text = {name for name in re.findall(r"`(\w+)`", section.rpartition("|\n")[2]) if name in mutations}
    assert table | text == mutations - {"createCaptcha"}
    assert table & text == set()


def test_the_environment_of_relay_is_that_of_the_example() -> None:
    example = (ROOT / "examples/relay/src/environment.ts").read_text("utf-8")

    assert f"```ts\n{example}```" in PAGE


def _members(union: GraphQLUnionType) -> list[str]:
    return [member.name for member in union.types]


def _is_for_api_clients(type_: object) -> bool:
    return isinstance(type_, GraphQLUnionType) and "NotAuthorizedError" in _members(type_)


def _diagram() -> str:
    return PAGE.partition("```mermaid\n")[2].partition("```")[0].strip()
