"""The operations of graphql/operations/, each followed by the fragments of graphql/fragments/ that it needs."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from graphql import FragmentSpreadNode, Visitor, parse, visit

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
    collector = _SpreadCollector()
    visit(parse(text, no_location=True), collector)
    return tuple(collector.names)


class _SpreadCollector(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        self.names[node.name.value] = None


OPERATIONS = load_operations(_FOLDER)
