"""docs/clients.md names each result that the schema has, and shows the examples as they are."""

import re
from collections import Counter
from pathlib import Path

from graphql import GraphQLUnionType, build_schema

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/clients.md").read_text("utf-8")
SCHEMA = build_schema((ROOT / "graphql/schema.graphql").read_text("utf-8"))
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
    rows = Counter(re.findall(r"^\| `(\w+(?:Error|Success))` \| .+ \|$", PAGE, re.MULTILINE))

    assert rows == Counter({member.name for union in UNIONS for member in union.types})


def test_the_table_of_repeated_mutations_and_the_text_below_it_name_each_mutation_once() -> None:
    section = PAGE.partition("## Trying again")[2].partition("\n## ")[0]
    assert SCHEMA.mutation_type
    mutations = set(SCHEMA.mutation_type.fields)

    table = {
        name for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    text = {name for name in re.findall(r"`(\w+)`", section.rpartition("|\n")[2]) if name in mutations}
    assert table | text == mutations - {"createCaptcha"}
    assert table & text == set()


def test_the_environment_of_relay_is_that_of_the_example() -> None:
    example = (ROOT / "examples/relay/src/environment.ts").read_text("utf-8")

    assert f"```ts\n{example}```" in PAGE


def _diagram() -> str:
    return PAGE.partition("```mermaid\n")[2].partition("```")[0].strip()
