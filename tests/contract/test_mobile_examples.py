"""The configurations for Apollo Kotlin and Apollo iOS find the contract, and map its scalars.

Their own generators need Gradle and macOS, so they do not run here: graphql-core validates what the paths lead to.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from graphql import GraphQLScalarType, concat_ast, is_specified_scalar_type, parse, validate

from tests.exported_schema import SCHEMA

ROOT = Path(__file__).parents[2]
KOTLIN, SWIFT = ROOT / "examples/kotlin", ROOT / "examples/swift"
SCALARS = {
    name
    for name, type_ in SCHEMA.type_map.items()
    if isinstance(type_, GraphQLScalarType) and not is_specified_scalar_type(type_)
}
DOCUMENTS = {path.resolve() for folder in ("operations", "fragments") for path in (ROOT / "graphql" / folder).iterdir()}


def test_apollo_kotlin_finds_the_contract_and_maps_its_scalars() -> None:
    build = (KOTLIN / "build.gradle.kts").read_text("utf-8")

    [schema] = re.findall(r'schemaFiles\.from\("(.+?)"\)', build)
    folders = re.findall(r'srcDir\("(.+?)"\)', build)
    assert (KOTLIN / schema).resolve() == ROOT / "graphql/schema.graphql"
    _assert_documents(path for folder in folders for path in (KOTLIN / folder).rglob("*.graphql"))
    mapped = re.findall(r'mapScalar\("(\w+)", "[\w.]+", "([\w.]+)"\)', build)
    assert {name for name, _ in mapped} == SCALARS
    [package] = re.findall(r'packageName\.set\("(.+?)"\)', build)
    own = [adapter.removeprefix(f"{package}.") for _, adapter in mapped if adapter.startswith(package)]
    assert [f"{name}.kt" for name in own] == [path.name for path in KOTLIN.glob("*Adapter.kt")]


def test_apollo_ios_finds_the_contract_and_maps_its_scalars() -> None:
    configuration = json.loads((SWIFT / "apollo-codegen-config.json").read_text("utf-8"))

    found = {
        key: [path for glob in globs for path in SWIFT.glob(glob)] for key, globs in configuration["input"].items()
    }
    assert [path.resolve() for path in found["schemaSearchPaths"]] == [ROOT / "graphql/schema.graphql"]
    _assert_documents(found["operationSearchPaths"])
    types = SWIFT / configuration["output"]["schemaTypes"]["path"] / "Schema/CustomScalars"
    assert {path.stem for path in types.glob("*.swift")} == SCALARS
    for path in types.glob("*.swift"):
        text = path.read_text("utf-8")
        assert f"extension {configuration['schemaNamespace']} {{\n  typealias {path.stem} = " in text


def _assert_documents(found: Iterable[Path]) -> None:
    """They are ours, each once, and valid together, as the generators read them."""
    paths = [path.resolve() for path in found]
    assert sorted(paths) == sorted(DOCUMENTS)
    assert validate(SCHEMA, concat_ast([parse(path.read_text("utf-8")) for path in paths])) == []
