"""Compiles the examples of docs/clients.md, and runs them against the service. audits/node/page.js has the checks."""

import json
import re
import subprocess
from pathlib import Path

from app.settings import Settings
from audits.conftest import RunScript
from models.migrator import upgrade
from tests.api import api_of
from tests.forms import EMAIL, PASSWORD
from tests.process.serving import CHEAP_ARGON2, ROOT, serving

PAGE = (ROOT / "docs/clients.md").read_text("utf-8")
EXAMPLE = re.compile(r"^```(ts|js|json)\n(?:// (\S+\.config\.\w+)\n)?(.*?)^```$", re.MULTILINE | re.DOTALL)
CODEGEN = re.compile(r"^```yaml\n(schema: .*?)^```$", re.MULTILINE | re.DOTALL)
# What an app does with the generated types, as the page promises.
USE = """
import type { ResultOf } from "@graphql-typed-document-node/core";
import { LoginDocument, MeDocument } from "./src/generated/graphql.js";

export function described(result: ResultOf<typeof LoginDocument>["login"]): string {
  switch (result.__typename) {
    case "LoginSuccess":
      return result.account.email;
    default:
      return result.message;
  }
}

export function deadline(result: ResultOf<typeof MeDocument>): string | undefined {
  return result.me?.openDeposit?.expiresAt;
}
"""
OPTIONS = {
    "target": "es2022",
    "module": "esnext",
    "moduleResolution": "bundler",
    "lib": ["es2022", "dom"],
    "types": [],
    "strict": True,
    "noUncheckedIndexedAccess": True,
    "resolveJsonModule": True,
    "skipLibCheck": True,
    "noEmit": True,
}


async def test_every_example_of_the_page_compiles_and_works(run_script: RunScript, tmp_path: Path) -> None:
    await _register(tmp_path)
    folder = tmp_path / "page"
    with serving(tmp_path, **CHEAP_ARGON2, TEST_MODE="true") as (url, _):
        names = _write_examples(folder, url)
        audit = run_script("page.js", str(folder), url, EMAIL, PASSWORD)
    tsc = folder / "node_modules/.bin/tsc"
    compiled = subprocess.run([tsc], cwd=folder, capture_output=True, text=True)

    assert {"vite.config.ts", "next.config.mjs"} < set(names)
    assert len(names) == 8
    assert compiled.returncode == 0, compiled.stdout
    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_the_configuration_of_graphql_codegen_makes_the_types_that_the_page_promises(npm: str, tmp_path: Path) -> None:
    [configuration] = CODEGEN.findall(PAGE)
    (tmp_path / "node_modules").symlink_to(ROOT / "audits/node/node_modules")
    (tmp_path / "graphql").symlink_to(ROOT / "graphql")
    (tmp_path / "codegen.yml").write_text(configuration)
    (tmp_path / "use.ts").write_text(USE)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": ["*.ts", "src"]}))

    outputs = []
    for command in ("graphql-codegen", "tsc"):
        run = subprocess.run([tmp_path / "node_modules/.bin" / command], cwd=tmp_path, capture_output=True, text=True)
        outputs.append((run.returncode, run.stdout + run.stderr))

    assert [code for code, _ in outputs] == [0, 0], outputs


def _write_examples(folder: Path, url: str) -> list[str]:
    """Writes each as a file, with the address of the running service, and returns their names."""
    folder.mkdir()
    (folder / "node_modules").symlink_to(ROOT / "audits/node/node_modules")
    (folder.parent / "graphql").symlink_to(ROOT / "graphql")
    page = PAGE
    for address in ("http://127.0.0.1:8000", "http://localhost:8000"):
        page = page.replace(address, url)
    names = []
    for number, (suffix, name, text) in enumerate(EXAMPLE.findall(page)):
        names.append(name or f"example{number}.{suffix}")
        (folder / names[-1]).write_text(text)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": ["*.ts"]}))
    return names


async def _register(folder: Path) -> None:
    settings = Settings(_env_file=None, data_dir=folder, worker_in_serve=False)
    await upgrade(settings.database)
    async with api_of(settings) as api:
        await api.account()
