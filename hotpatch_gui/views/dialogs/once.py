"""One dialog at a time."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QWidget


def open_once(owner: QWidget, make: Callable[[], QDialog]) -> None:
    """Open what ``make`` makes, unless the window has a dialog open already: a key that is held down and a
    second click ask for the same thing."""
    if not any(dialog.isVisible() for dialog in owner.window().findChildren(QDialog)):
        make().open()
