"""One dialog at a time."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QWidget


def open_once(owner: QWidget, make: Callable[[], QDialog]) -> None:
    """Open a dialog unless the window has one, because a held key or second click requests the same."""
    if not any(dialog.isVisible() for dialog in owner.window().findChildren(QDialog)):
        make().open()
