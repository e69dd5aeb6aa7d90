"""Finds texts that are cut off or overlap in the window."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget


def cut_off(root: QWidget) -> list[str]:
    """The visible wrapped texts that are lower than their lines need."""
    return [
        text.text()
        for text in root.findChildren(QLabel)
        if text.isVisibleTo(root)
        and text.wordWrap()
        and text.text()
        and text.height() < text.heightForWidth(text.width())
    ]
