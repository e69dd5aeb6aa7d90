"""Texts that a user reads, so that they can be translated.

Each module has a translator with its own context: ``tr = translator("StatusText")``. Then
``tr("Hotpatch can't run: {why}", why=why)`` is the translated sentence with its values, and
``tr("%n machine(s)", count)`` is the plural form for ``count``. A text of a table is marked
(``tr.mark("Never assessed")``) and translated where it is shown.

This module doesn't know Qt. ``system.translations`` reads Qt's translation files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Lookup = Callable[[str, str, int], str]
"""Finds the translation by context, source text and number (-1 for none); empty if there is none."""
NO_NUMBER = -1
_E = TypeVar("_E", bound=type[str])


_lookup: Lookup = lambda *_: ""  # noqa: E731 - replaced as a whole


def set_lookup(lookup: Lookup) -> Lookup:
    """Translate with this function from now on; returns the previous one."""
    global _lookup
    previous, _lookup = _lookup, lookup
    return previous


class Marked(str):
    """A source text that knows its context. It is shown through ``translated``."""

    context: str


class Translator:
    """Translates the texts of one context."""

    def __init__(self, context: str) -> None:
        self.context = context

    def __call__(self, source: str, number: int | None = None, /, **values: object) -> str:
        """The translation of ``source``, with ``%n`` and ``{name}`` replaced by the number and the values."""
        text = _lookup(self.context, source, NO_NUMBER if number is None else number) or source
        if number is not None:
            text = text.replace("%n", f"{number:,}")
        return text.format(**values) if values else text

    def mark(self, source: str) -> Marked:
        """The source text itself, for tables that are filled before the language is known."""
        marked = Marked(source)
        marked.context = self.context
        return marked

    def mark_values(self, members: _E) -> _E:
        """Mark the values of an enum as source texts; they are shown by ``tr(member)``."""
        return members


def translator(context: str) -> Translator:
    """The translator of a module."""
    return Translator(context)


def translated(text: str) -> str:
    """The translation of a marked text; any other text unchanged."""
    if isinstance(text, Marked):
        return _lookup(text.context, text, NO_NUMBER) or str(text)
    return text
