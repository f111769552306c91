"""Builds the package in clients/typescript, tests it against the service, and uses it in another project."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from app.operations import OPERATIONS
from audits.conftest import CLIENT, PackedClient
from tests.process.serving import CHEAP_ARGON2, WITHOUT_LIMITS, serving

# The tests need the captcha that comes with the sixth wrong password.
LIMITS = {name: limit for name, limit in WITHOUT_LIMITS.items() if name != "LIMIT_LOGIN_FAILURES"}
MODULES = {"captcha", "client", "errors", "generated/graphql", "index", "operations", "react", "session", "store"}
MODULES |= {"passkeys", "proof", "transport"}
EXAMPLE = re.compile(r"^```(tsx?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What the examples import besides the package.
DECLARATIONS = """
declare module "expo-secure-store" {
  export function getItemAsync(key: string): Promise<string | null>;
  export function setItemAsync(key: string, value: string): Promise<void>;
  export function deleteItemAsync(key: string): Promise<void>;
}
"""
# Prints the package's exports and its operations.
INSPECTION = """
import * as client from "timbrado-accounts-client";
import { operations } from "./node_modules/timbrado-accounts-client/dist/generated/graphql.js";
console.log(JSON.stringify({ exports: Object.keys(client), operations }));
"""


def test_the_client_is_checked_and_tested(npm: str, packed_client: PackedClient, tmp_path: Path) -> None:
    _run(npm, "run", "check", cwd=CLIENT)
    with serving(tmp_path, **CHEAP_ARGON2, **LIMITS) as (url, _):
        service = {"ACCOUNTS_URL": url, "ACCOUNTS_DATA_DIR": str(tmp_path), "ACCOUNTS_PYTHON": sys.executable}
        _run(npm, "test", cwd=CLIENT, **service)


def test_the_client_is_packed_and_used_elsewhere(npm: str, packed_client: PackedClient, tmp_path: Path) -> None:
    assert packed_client.files == {
        "README.md",
        "package.json",
        *(f"dist/{module}{suffix}" for module in MODULES for suffix in (".js", ".d.ts")),
    }
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_text('{"private": true, "type": "module"}')
    _run(npm, "install", "--silent", "--no-audit", "--no-fund", str(packed_client.tarball), cwd=project)
    assert [path.name for path in project.glob("node_modules/[!.]*")] == ["timbrado-accounts-client"]
    (project / "inspect.js").write_text(INSPECTION)
    inspected = json.loads(_run("node", "inspect.js", cwd=project))
    assert "createAccountsClient" in inspected["exports"]
    documents = {name: (each["text"], each["id"]) for name, each in inspected["operations"].items()}
    people = {name: text for name, text in OPERATIONS.items() if "NotAuthorizedError" not in text}  # not of API clients
    assert documents == {name[0].lower() + name[1:]: (text, _id_of(text)) for name, text in people.items()}
    _compile_examples(project)


def test_the_lock_of_the_client_names_no_registry() -> None:
    lock = json.loads((CLIENT / "package-lock.json").read_text("utf-8"))

    assert [path for path, package in lock["packages"].items() if "resolved" in package] == []


def _id_of(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _compile_examples(project: Path) -> None:
    """Compiles each example of the README with the installed package, in the strictest mode."""
    examples = EXAMPLE.findall((CLIENT / "README.md").read_text("utf-8"))
    assert len(examples) > 5
    for number, (suffix, text) in enumerate(examples):
        (project / f"example{number}.{suffix}").write_text(text)
    (project / "declarations.d.ts").write_text(DECLARATIONS)
    react = str(CLIENT / "node_modules/@types/react")
    options = {
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2022", "dom"],
        "types": [],
        "strict": True,
        "noUncheckedIndexedAccess": True,
        "exactOptionalPropertyTypes": True,
        "noEmit": True,
        "jsx": "react-jsx",
        "paths": {"react": [react], "react/*": [f"{react}/*"]},
    }
    (project / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}))
    _run(str(CLIENT / "node_modules/.bin/tsc"), cwd=project)


def _run(*command: str, cwd: Path, **environment: str) -> str:
    """Returns what the command prints to its output; fails with all that it wrote."""
    run = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout
