"""A scrolling area whose content takes its width, with a visible focus."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLayout, QScrollArea, QVBoxLayout, QWidget

from hotpatch_gui.theme.lengths import insets

from .focus_ring import FocusRing


class ScrollArea(QScrollArea):
    """Has no frame. A subclass or its user sets the content. A screen reader calls it by ``name``.

    The vertical scroll bar takes its room from the right margins of ``insets``, so that the content keeps its width.
    """

    def __init__(self, name: str, content: QWidget | None = None, *insets: QLayout) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._insets = insets
        self.verticalScrollBar().rangeChanged.connect(self._fit_insets)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        if content is not None:
            self.setWidget(content)
        FocusRing(self)

    def set_inset(self, inset: QLayout) -> None:
        """The layout whose right margin gives way to the scroll bar."""
        self._insets = (inset,)

    def _fit_insets(self, _: int, most: int) -> None:
        """The bar is shown while there is anything to scroll."""
        bar = self.verticalScrollBar().sizeHint().width() if most > 0 else 0
        for inset in self._insets:
            margins = inset.contentsMargins()
            margins.setRight(max(0, margins.left() - bar))
            inset.setContentsMargins(margins)


def scrolling(name: str, content: QLayout) -> ScrollArea:
    """A layout that scrolls vertically if it doesn't fit. A screen reader calls it by ``name``."""
    body = QWidget()
    body.setObjectName("surface")
    column = QVBoxLayout(body)
    column.setContentsMargins(insets(0, 0, 16, 0))
    column.addLayout(content)
    column.addStretch(1)
    area = ScrollArea(name, body)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
