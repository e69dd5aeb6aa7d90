"""Lengths of layouts in the user's size of text and controls."""

from __future__ import annotations

from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QApplication

from .tokens import TEXT_PX


def px(length: int) -> int:
    """A length of 100 % in the size that the application's font has."""
    return round(length * QApplication.font().pixelSize() / TEXT_PX)


def insets(left: int, top: int, right: int, bottom: int) -> QMargins:
    """Margins of 100 % in that size."""
    return QMargins(px(left), px(top), px(right), px(bottom))
