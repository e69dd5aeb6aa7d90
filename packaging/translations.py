"""Collects the program's texts, updates the translation files and compiles them with Qt's ``lrelease``.

``make translations`` runs it after a text was added or changed. ``resources/translations/en.ts`` holds the plural forms
of English; a text without a number needs no English translation.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import NamedTuple
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "resources" / "translations"
PLURALS = 2
"""English has two forms: for one, and for all other numbers."""


class Message(NamedTuple):
    """One text of the program. ``line`` isn't part of its identity."""

    context: str
    source: str
    has_number: bool


class SourceError(Exception):
    """A text that can't be collected, with its place in the code."""


def messages(package: Path) -> set[Message]:
    """All texts of a package.

    Raises:
        SourceError: a text isn't a literal, or its values don't fit its fields.
    """
    return {m for path in sorted(package.rglob("*.py")) for m in _of_module(path)}


def _of_module(path: Path) -> Iterator[Message]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    context = _context(tree)
    if context is None:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(
            ast.unparse(d) == "tr.mark_values" for d in node.decorator_list
        ):
            yield from (Message(context, value, False) for value in _members(node))
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called not in ("tr", "tr.mark"):
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            given = {keyword.arg for keyword in node.keywords}
            if called == "tr" and given != fields(first.value):
                raise SourceError(f"{path}:{node.lineno}: the values don't fit the fields")
            yield Message(context, first.value, len(node.args) > 1)
        elif called == "tr.mark" or isinstance(first, ast.JoinedStr | ast.BinOp):
            raise SourceError(f"{path}:{node.lineno}: the text isn't a literal")


def fields(text: str) -> set[str | None]:
    """The names of a text's fields."""
    return {name.partition(".")[0] for _, name, _, _ in Formatter().parse(text) if name}


def _context(tree: ast.Module) -> str | None:
    """The argument of ``tr = translator("…")``."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "tr":
            return (
                str(ast.literal_eval(node.value.args[0]))
                if isinstance(node.value, ast.Call)
                else None
            )
    return None


def _members(enum: ast.ClassDef) -> Iterator[str]:
    for node in enum.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


def read(path: Path) -> dict[Message, list[str]]:
    """The translations of a file: one text, or the plural forms; no text for an unfinished one."""
    found = {}
    for context in ET.parse(path).getroot().iter("context"):
        for one in context.iter("message"):
            has_number = one.get("numerus") == "yes"
            translation = one.find("translation")
            assert translation is not None
            forms = [form.text or "" for form in translation.iter("numerusform")]
            texts = forms if has_number else [translation.text or ""]
            message = Message(context.findtext("name", ""), one.findtext("source", ""), has_number)
            found[message] = texts
    return found


def write(path: Path, language: str, translations: dict[Message, list[str]]) -> None:
    """Write a translation file, sorted by context and text."""
    root = ET.Element("TS", version="2.1", language=language, sourcelanguage="en_US")
    context = ET.Element("context")
    for message, texts in sorted(translations.items()):
        if context.findtext("name") != message.context:
            context = ET.SubElement(root, "context")
            ET.SubElement(context, "name").text = message.context
        one = ET.SubElement(context, "message")
        ET.SubElement(one, "source").text = message.source
        translation = ET.SubElement(one, "translation")
        if message.has_number:
            one.set("numerus", "yes")
            for text in texts:
                ET.SubElement(translation, "numerusform").text = text
        else:
            translation.text = texts[0]
        if not all(texts):
            translation.set("type", "unfinished")
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    path.write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{text}\n', encoding="utf-8"
    )


def compile_file(path: Path, compiled: Path) -> None:
    """Compile a translation file."""
    compiler = Path(sys.executable).with_name("pyside6-lrelease")
    subprocess.run([compiler, "-silent", path, "-qm", compiled], check=True)


def main() -> int:
    """Update and compile every translation file; 1 if a text isn't translated yet."""
    plural = {m for m in messages(ROOT / "hotpatch_gui") if m.has_number}
    path = FOLDER / "en.ts"
    known = read(path) if path.exists() else {}
    translations = {m: known.get(m, [""] * PLURALS) for m in plural}
    write(path, "en_US", translations)
    compile_file(path, path.with_suffix(".qm"))
    missing = sorted(m.source for m, texts in translations.items() if not all(texts))
    for source in missing:
        print(f"{path.name}: no plural forms of “{source}”", file=sys.stderr)
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
