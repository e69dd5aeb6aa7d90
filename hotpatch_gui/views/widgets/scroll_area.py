"""A scrolling area whose content takes its width, with a visible focus."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from .focus_ring import FocusRing


class ScrollArea(QScrollArea):
    """Has no frame. A subclass or its user sets the content."""

    def __init__(self, content: QWidget | None = None) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        if content is not None:
            self.setWidget(content)
        FocusRing(self)
