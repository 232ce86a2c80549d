"""The rooms of the program and the imports between them, read from the code: `python -m tools.structure` prints both.

A room is a folder of Python modules: each folder directly below those of `PARTED`, each other folder of `FOLDERS` as a
whole, and each module at the top. An arrow is an import of one room by another, however many lines it takes.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDERS: Final = ("components", "facts", "harness", "policy", "rehearsal", "review", "settings", "tools")
PARTED: Final = ("components", "harness", "rehearsal", "tools")


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Return the program's modules by dotted name; packages by their `__init__.py`."""
    files = [*root.glob("*.py"), *(path for folder in FOLDERS for path in (root / folder).rglob("*.py"))]
    return {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


def room_of(module: str) -> str:
    """Return the room of a module, such as "components/network" of "components.network.vpc"."""
    parts = module.split(".")
    return "/".join(parts[:-1][:2] if parts[0] in PARTED and len(parts) > 1 else parts[:1])


def rooms(root: Path = ROOT) -> dict[str, list[str]]:
    """Return the modules of each room."""
    found: dict[str, list[str]] = defaultdict(list)
    for module, path in sorted(modules(root).items()):
        if path.name != "__init__.py":
            found[room_of(module)].append(module)
    return dict(found)


def arrows(root: Path = ROOT) -> dict[str, set[str]]:
    """Return which rooms each room imports."""
    known = modules(root)
    found: dict[str, set[str]] = defaultdict(set)
    for module, path in known.items():
        for imported in _imports(path, known):
            if room_of(imported) != room_of(module):
                found[room_of(module)].add(room_of(imported))
    return dict(found)


def _imports(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [name for alias in node.names for name in (f"{node.module}.{alias.name}", node.module)]
        yield from (name for name in names if name in known)


def circles(graph: Mapping[str, set[str]]) -> set[str]:
    """Return the rooms that import themselves by way of others."""

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        todo = [start]
        while todo:
            new = graph.get(todo.pop(), set()) - found
            found |= new
            todo += new
        return found

    return {room for room in graph if room in reached(room)}


def rooms_table(root: Path = ROOT) -> str:
    """Return a table of the rooms of `components/` and `facts/`: each file with the first line of its docstring."""
    known = modules(root)
    lines = ["| file | what it declares |", "|---|---|"]
    for room, members in rooms(root).items():
        if room.startswith(("components", "facts")):
            lines += [
                f"| `{known[module].relative_to(root).as_posix()}` | {_first_line(known[module])} |"
                for module in members
            ]
    return "\n".join(lines)


def _first_line(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return text.partition("\n")[0]


def arrows_picture(root: Path = ROOT) -> str:
    """Return a Mermaid picture of the arrows among the layers, and a line with the numbers."""
    graph = arrows(root)
    inside = {room for room in rooms(root) if room.startswith("components/")} - {"components/common"}
    drawn = sorted((room, to) for room in inside for to in graph.get(room, set()) & inside)
    names = [f"    {room.partition('/')[2]} --> {to.partition('/')[2]}" for room, to in drawn]
    count = sum(len(targets) for targets in graph.values())
    circular = len(circles(graph))
    cycles = f"{circular} of them in an import cycle" if circular else "without an import cycle"
    numbers = f"{len(rooms(root))} folders of modules with {count} imports between them, {cycles}."
    return "\n".join(["```mermaid", "flowchart BT", *names, "```", "", numbers])


if __name__ == "__main__":
    for room_, targets_ in sorted(arrows().items()):
        print(f"{room_}: {', '.join(sorted(targets_))}")
    print(arrows_picture())
