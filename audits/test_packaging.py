"""What the Dockerfile copies, with the packages that it installs, is a service that needs to write nothing."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import httpx2
from packaging.requirements import Requirement

from app.operations import OPERATIONS
from tests.api import PRODUCTION
from tests.process.serving import CHEAP_ARGON2, ROOT, clean_environment

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")


def test_the_service_runs_from_what_the_image_contains_and_writes_nothing_there(tmp_path: Path) -> None:
    image, venv, data = tmp_path / "image", tmp_path / "venv", tmp_path / "data"
    _copy(image)
    _install(venv)
    production = {name.upper(): value for name, value in PRODUCTION.items()}
    own = {"DATA_DIR": str(data), "PORT": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    environment = clean_environment(**production, **CHEAP_ARGON2, **own)
    command = [str(venv / "bin/python"), "-m", "app"]
    before = sorted(image.rglob("*"))

    migrate = subprocess.run([*command, "migrate"], cwd=image, env=environment, capture_output=True, text=True)
    answers = _serve(command, image, environment)

    assert migrate.stdout == "The database is up to date.\n", migrate.stderr
    assert answers["passwordPolicy"]["minimumLength"] == 8
    assert answers["createCaptcha"]["captcha"]["image"]["dataUri"].startswith("data:image/")
    assert sorted(image.rglob("*")) == before


def _copy(image: Path) -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        source, target = line.split()
        if source == "requirements-run.lock":
            continue
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, image / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (image / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, image / target)


def _install(venv: Path) -> None:
    """Creates an environment with the packages of requirements-run.lock, as they are installed here."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    [site_packages] = venv.glob("lib/python*/site-packages")
    for line in re.findall(r"^[a-z].*==.*(?= \\$)", (ROOT / "requirements-run.lock").read_text("utf-8"), re.MULTILINE):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate():
            package = distribution(requirement.name)
            assert package.version in requirement.specifier
            for file in package.files or []:
                if ".." not in file.parts and "__pycache__" not in file.parts:
                    (site_packages / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(str(package.locate_file(file)), site_packages / file)


def _serve(command: list[str], image: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    query = "{ passwordPolicy { minimumLength } }"
    with subprocess.Popen(
        [*command, "serve"], cwd=image, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            url = process.stdout.readline().split()[1]
            sent = [
                httpx2.post(url, json={"query": document}).json() for document in (query, OPERATIONS["CreateCaptcha"])
            ]
        finally:
            process.terminate()
    assert process.returncode == 0
    return {name: value for answer in sent for name, value in answer["data"].items()}
