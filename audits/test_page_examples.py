"""Compiles the examples of docs/clients.md, and runs them against the service. audits/node/page.js has the checks."""

import json
import re
import subprocess
from pathlib import Path

from app.settings import Settings
from audits.conftest import RunScript
from models.migrator import upgrade
from tests.api import EMAIL, PASSWORD, api_of
from tests.process.serving import CHEAP_ARGON2, ROOT, serving

EXAMPLE = re.compile(r"^```(ts|js|json)\n(?:// (\S+\.config\.\w+)\n)?(.*?)^```$", re.MULTILINE | re.DOTALL)
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
    assert len(names) == 7
    assert compiled.returncode == 0, compiled.stdout
    assert audit.returncode == 0, audit.stdout + audit.stderr


def _write_examples(folder: Path, url: str) -> list[str]:
    """Writes each as a file, with the address of the running service, and returns their names."""
    folder.mkdir()
    (folder / "node_modules").symlink_to(ROOT / "audits/node/node_modules")
    (folder.parent / "graphql").symlink_to(ROOT / "graphql")
    page = (ROOT / "docs/clients.md").read_text("utf-8")
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
