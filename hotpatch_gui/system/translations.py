"""Qt's translation files, for the window and for commands."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from hotpatch_gui import translation
from hotpatch_gui.translation import NO_NUMBER

from .resources import resource

if TYPE_CHECKING:
    from PySide6.QtCore import QTranslator


def install() -> None:
    """Use the English plural forms."""
    translation.set_lookup(_english)


def _english(context: str, source: str, number: int) -> str:
    """The plural form; a text without a number is English already."""
    if number == NO_NUMBER:
        return ""
    return _file("en").translate(context, source, None, number) or ""


@cache
def _file(language: str) -> QTranslator:
    from PySide6.QtCore import QTranslator  # noqa: PLC0415 - not before the first plural

    translator = QTranslator()
    path = resource(f"translations/{language}.qm")
    if not translator.load(str(path)):
        raise FileNotFoundError(f"{path} isn't a translation file")
    return translator
