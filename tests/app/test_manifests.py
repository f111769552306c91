"""Manifests of trusted documents, in the forms that clients' build tools write."""

import hashlib
import json
from pathlib import Path
from typing import Any

from app.manifests import read_manifests
from tests.refusals import refusal

TEXT = "query A { passwordPolicy { minimumLength } }"
DIGEST = hashlib.sha256(TEXT.encode()).hexdigest()
APOLLO = {"format": "apollo-persisted-query-manifest", "version": 1}
OPERATION = {"id": DIGEST, "name": "A", "type": "query", "body": TEXT}


def written(folder: Path, manifest: object, name: str = "documents.json") -> Path:
    path = folder / name
    path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest), "utf-8")
    return path


def test_both_forms_say_the_same(tmp_path: Path) -> None:
    manifests: list[dict[str, Any]] = [{DIGEST: TEXT}, {**APOLLO, "operations": [OPERATION]}]

    assert [read_manifests([written(tmp_path, each)]) for each in manifests] == [{DIGEST: TEXT}] * 2


def test_several_manifests_add_up(tmp_path: Path) -> None:
    web = written(tmp_path, {DIGEST: TEXT, "1": "{ a }"}, "web.json")
    phone = written(tmp_path, {**APOLLO, "operations": [OPERATION, {"id": "2", "body": "{ b }"}]}, "phone.json")

    assert read_manifests([web, phone]) == {DIGEST: TEXT, "1": "{ a }", "2": "{ b }"}


def test_any_id_that_the_specification_allows_is_accepted(tmp_path: Path) -> None:
    ids = [f"sha256:{DIGEST}", "Me", "a-b.c_d~1", "0f43e21ad5ae0bb5e2ad0a4e9f4e9b1f", "x-app:1", "x-:a:b", "x-"]

    for each in ids:
        assert read_manifests([written(tmp_path, {each: TEXT})]) == {each: TEXT}


def test_a_wrong_manifest_is_refused_with_a_sentence(tmp_path: Path) -> None:
    forms = 'must be {"format": "apollo-persisted-query-manifest", …} or an object of documents by their ids'
    impossible = "is not possible: an id has letters, digits and -._~, without a prefix or after sha256: or x-…:"
    other = "0" * 64
    manifests: list[tuple[object, str]] = [
        ("", "cannot be read: it is not JSON in UTF-8"),
        ("{", "cannot be read: it is not JSON in UTF-8"),
        ('{"a": "\\ud800"}', "cannot be read: it is not JSON in UTF-8"),
        ([], forms),
        (None, forms),
        ({}, "it contains no document"),
        ({"a": 5}, f"the document a is not a text; {forms}"),
        ({"": None}, f"the document  is not a text; {forms}"),
        ({"operations": []}, f"the document operations is not a text; {forms}"),
        ({"format": "other"}, "its format must be apollo-persisted-query-manifest in version 1"),
        ({**APOLLO, "version": 2}, "its format must be apollo-persisted-query-manifest in version 1"),
        (APOLLO, "operations must be a list of objects"),
        ({**APOLLO, "operations": [TEXT]}, "operations must be a list of objects"),
        ({**APOLLO, "operations": []}, "it contains no document"),
        ({**APOLLO, "operations": [{"body": TEXT}]}, "every operation must have an id"),
        ({**APOLLO, "operations": [{"id": "a"}]}, f"the document a is not a text; {forms}"),
        ({**APOLLO, "operations": [OPERATION, {**OPERATION, "id": "a"}, {"id": "a", "body": "{ a }"}]}, "the id a st"),
        ({other: TEXT}, f"the id {other} is not the SHA-256 of its document"),
        ({f"sha256:{other}": TEXT}, f"the id sha256:{other} is not the SHA-256 of its document"),
        ({"sha256:abc": TEXT}, "the id sha256:abc is no SHA-256: it must have 64 lower-case hexadecimal digits"),
        ({f"sha256:{DIGEST.upper()}": TEXT}, f"the id sha256:{DIGEST.upper()} is no SHA-256"),
        ({"": TEXT}, f"the id  {impossible}"),
        ({"a b": TEXT}, f"the id a b {impossible}"),
        ({"md5:0": TEXT}, f"the id md5:0 {impossible}"),
        ({"a\nb": TEXT}, f"the id a�b {impossible}"),
        ({"é" * 300: TEXT}, f"the id {'é' * 99}… {impossible}"),
    ]

    sentences = [refusal(read_manifests, [written(tmp_path, manifest)]) for manifest, _ in manifests]

    expected = [start for _, start in manifests]
    assert [each for each in zip(sentences, expected, strict=True) if not each[0].startswith(each[1])] == []


def test_the_sentence_says_which_of_several_manifests_is_wrong(tmp_path: Path) -> None:
    right, wrong = written(tmp_path, {DIGEST: TEXT}), written(tmp_path, {}, "wrong.json")
    second = written(tmp_path, {"a": TEXT}, "a.json"), written(tmp_path, {"a": "{ a }"}, "b.json")

    assert refusal(read_manifests, [right, wrong]) == "manifest 2 of 2: it contains no document"
    assert refusal(read_manifests, second) == "manifest 2 of 2: the id a stands for two documents"
    assert refusal(read_manifests, [tmp_path / "none"]) == "cannot be read: No such file or directory"
    assert refusal(read_manifests, [tmp_path]) == "cannot be read: Is a directory"
