"""Windows that fit the screen."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

FRAME = QSize(16, 48)
"""The room that the system's frame and title bar may take, in pixels."""


def room_of(window: QWidget) -> QSize:
    """The largest size with which a window and its frame fit on its screen."""
    return window.screen().availableSize() - FRAME


def resize_within_screen(window: QWidget, width: float, height: float) -> None:
    """Resize a window, at most to the size that fits on its screen."""
    window.resize(QSize(round(width), round(height)).boundedTo(room_of(window)))
