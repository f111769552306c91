"""Prints the CycloneDX SBOM of the service: what requirements-run.lock installs, with licenses and what needs what."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from app.version import version

ROOT = Path(__file__).parent.parent
NAME = "timbrado-accounts"
OWN = f"{NAME} (pyproject.toml)"


@dataclass(frozen=True)
class Locked:
    name: str
    version: str
    needed_by: list[str]


def main() -> None:
    lock = (ROOT / "requirements-run.lock").read_text("utf-8")
    root = Component(name=NAME, version=version(), type=ComponentType.APPLICATION, bom_ref=NAME)
    bom = Bom(metadata=BomMetaData(component=root), serial_number=uuid5(NAMESPACE_URL, f"{NAME} {version()} {lock}"))
    bom.metadata.timestamp = None  # so that the same commit gives the same bytes
    packages = [(each, _component(each)) for each in _locked(lock)]
    for name, component in [(OWN, root), *((each.name, component) for each, component in packages)]:
        bom.register_dependency(component, [needed for each, needed in packages if name in each.needed_by])
    bom.components.update(component for _, component in packages)
    print(JsonV1Dot6(bom).output_as_string(indent=2))


def _locked(lock: str) -> Iterator[Locked]:
    for name, number, rest in re.findall(r"^([a-z][^=]*)==([^ ]+)(.*\n(?:    .*\n)+)", lock, re.MULTILINE):
        yield Locked(name, number, re.findall(r"^    #(?: via| {2}) (\w.*)$", rest, re.MULTILINE))


def _component(locked: Locked) -> Component:
    purl = PackageURL("pypi", None, locked.name, locked.version)
    return Component(
        name=locked.name,
        version=locked.version,
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=str(purl),
        licenses=[LicenseFactory().make_from_string(text) for text in _license(locked.name)],
    )


def _license(name: str) -> Iterator[str]:
    """Yields the SPDX expression of a package, if it is installed here and has one."""
    try:
        yield from metadata(name).get_all("License-Expression") or ()
    except PackageNotFoundError:  # of another platform
        return


if __name__ == "__main__":
    main()
