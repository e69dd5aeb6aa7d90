"""Docstrings name fields and parameters that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import hotpatch_gui

PACKAGE = Path(hotpatch_gui.__file__).parent
Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def section(text: str, title: str) -> list[str]:
    """The names that a section of a docstring describes."""
    found = re.search(rf"^{title}:\n((?:[ ]+.*\n?|\n)*)", text, re.MULTILINE)
    return re.findall(r"^    (\w+):", found[1], re.MULTILINE) if found else []


def names(node: Documented) -> set[str]:
    """The fields, properties and parameters of a class or function."""
    found = set[str]()
    for part in ast.walk(node):
        if isinstance(part, ast.arg):
            found.add(part.arg)
        elif isinstance(part, ast.FunctionDef):
            found.add(part.name)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found.add(part.id)
        elif isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
            found.add(part.attr)
    return found


def unknown_names(source: str) -> Iterator[str]:
    """Described names that the class or function doesn't have."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Documented):
            text = ast.get_docstring(node) or ""
            described = section(text, "Attributes") + section(text, "Args")
            yield from (f"{node.name}.{name}" for name in described if name not in names(node))


def test_described_fields_and_parameters_exist() -> None:
    found = {
        str(path.relative_to(PACKAGE)): missing
        for path in PACKAGE.rglob("*.py")
        if (missing := list(unknown_names(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


def test_a_renamed_field_is_found() -> None:
    source = 'class Run:\n    """A run.\n\n    Attributes:\n        took: its length.\n    """\n\n    duration: int\n'
    assert list(unknown_names(source)) == ["Run.took"]
