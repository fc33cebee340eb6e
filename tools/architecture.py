"""Write the drawn part of docs/architecture.md from the code as it is.

Rooms, their modules' first lines, and who imports whom: read with `ast`, never imported. The page
keeps its own prose outside the markers ``<!-- drawn -->`` … ``<!-- /drawn -->``.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "shenyong"
PAGE = ROOT / "docs" / "architecture.md"
OPEN, CLOSE = "<!-- drawn -->", "<!-- /drawn -->"


class Room(msgspec.Struct):
    """One package: what its door says, its modules, and the rooms it imports."""

    name: str
    job: str
    modules: dict[str, tuple[int, str]]
    imports: set[str]


def first_line(tree: ast.Module) -> str:
    """The docstring's first line, or an empty string."""
    return (ast.get_docstring(tree) or "").split("\n")[0]


def imported_rooms(tree: ast.Module) -> set[str]:
    """Names of the rooms that a module imports from."""
    rooms: set[str] = set()
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "shenyong":
                names = [f"shenyong.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "shenyong" and len(parts) > 1:
                rooms.add(parts[1])
    return rooms


def survey() -> list[Room]:
    """Every room, in the order of the import contract (shells first)."""
    order = [
        line.strip().strip('",').removeprefix("shenyong.")
        for line in (ROOT / "pyproject.toml")
        .read_text()
        .split("layers = [")[1]
        .split("]")[0]
        .split()
    ]
    rooms = []
    for name in order:
        folder = SOURCE / name
        room = Room(name, "", {}, set())
        for path in sorted(folder.rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            lines = len(path.read_text(encoding="utf-8").splitlines())
            where = path.relative_to(folder).as_posix()
            if where == "__init__.py":
                room.job = first_line(tree)
            else:
                room.modules[where] = (lines, first_line(tree))
            room.imports |= imported_rooms(tree) - {name}
        rooms.append(room)
    return rooms


def draw(rooms: list[Room]) -> str:
    """The drawn part as Markdown: a graph of rooms and a table of modules for each."""
    known = {room.name for room in rooms}
    out = [OPEN, "", "```mermaid", "graph TD"]
    for room in rooms:
        out += [f"  {room.name} --> {other}" for other in sorted(room.imports & known)]
    out += ["```", ""]
    for room in rooms:
        out += [
            f"### `{room.name}`",
            "",
            room.job,
            "",
            "| module | lines | its one idea |",
            "|---|---|---|",
        ]
        out += [
            f"| `{where}` | {lines} | {line} |" for where, (lines, line) in room.modules.items()
        ]
        out.append("")
    return "\n".join([*out, CLOSE])


def page_with(drawn: str, page: str) -> str:
    """The page with its drawn part replaced."""
    head, _, rest = page.partition(OPEN)
    return head + drawn + rest.partition(CLOSE)[2]


def main() -> int:
    """Write the page; with ``--check`` only say whether it is true. 0 if it is, else 1."""
    page = PAGE.read_text(encoding="utf-8")
    fresh = page_with(draw(survey()), page)
    if "--check" in sys.argv:
        return int(fresh != page)
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
