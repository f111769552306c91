"""The operations of graphql/operations/, each followed by the fragments of graphql/fragments/ that it needs."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)([_A-Za-z]\w*)", re.ASCII)  # to parse all of them would take 13 ms
_FOLDER = Path(__file__).parent.parent / "graphql"


def load_operations(folder: Path) -> Mapping[str, str]:
    """Returns the documents by the names of their operations. Raises ValueError if a fragment has no file."""
    fragments = _texts(folder / "fragments")
    return {name: _complete(name, text, fragments) for name, text in _texts(folder / "operations").items()}


def _texts(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.graphql"))}


def _complete(name: str, text: str, fragments: Mapping[str, str]) -> str:
    parts = [text]
    needed = [*_spreads(text)]
    for fragment in needed:  # grows while it is read
        if fragment not in fragments:
            raise ValueError(f"the operation {name} spreads {fragment}, which is not in graphql/fragments")
        parts.append(fragments[fragment])
        needed += [more for more in _spreads(fragments[fragment]) if more not in needed]
    return "\n".join(parts)


@cache
def _spreads(text: str) -> tuple[str, ...]:
    """Returns the names of the fragments that the document spreads, each once, in their order."""
    return tuple(dict.fromkeys(_SPREAD.findall(text)))


OPERATIONS = load_operations(_FOLDER)
