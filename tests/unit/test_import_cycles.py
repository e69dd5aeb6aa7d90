"""No two modules import each other, not even inside a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "hotpatch_gui").rglob("*.py")
}


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(node: ast.AST) -> Iterator[ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom):
            yield child
        elif not is_for_types(child):
            yield from imports(child)


def imported(name: str) -> set[str]:
    """The modules of the project that a module imports."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for statement in imports(ast.parse(path.read_text(encoding="utf-8"))):
        parts = package.split(".")
        above = parts[: len(parts) - statement.level + 1] if statement.level else []
        source = ".".join([*above, *filter(None, [statement.module])])
        names = {f"{source}.{alias.name}" for alias in statement.names}
        found |= (names & MODULES.keys()) or ({source} & MODULES.keys())
    return found - {name}


def test_no_two_modules_import_each_other() -> None:
    edges = {name: imported(name) for name in MODULES}
    assert sum(map(len, edges.values())) > len(MODULES), "imports are found"
    pairs = [(a, b) for a in edges for b in edges[a] if a < b and a in edges[b]]
    assert pairs == []
