"""The base of pages: a title, a line below it and a body."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, TITLE_PX
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.scroll_area import ScrollArea

TABLE_PX = 160
"""The minimum height of a table below other content."""


class PageFrame(QFrame):
    """A page with its heading; ``tools`` are at its right."""

    def __init__(self, theme: Theme, title: str, explanation: str) -> None:
        super().__init__()
        self.setObjectName("surface")
        self.setAccessibleName(title)
        self.tools = QHBoxLayout()
        self.tools.setSpacing(px(8))
        texts = QVBoxLayout()
        texts.setSpacing(px(2))
        texts.addWidget(label(theme, title, px=TITLE_PX, weight=SEMIBOLD_WEIGHT))
        self.explanation = label(theme, explanation, role="secondary", wrap=True)
        texts.addWidget(self.explanation)
        head = QHBoxLayout()
        head.setContentsMargins(insets(16, 12, 16, 8))
        head.setSpacing(px(16))
        head.addLayout(texts, 1)
        head.addLayout(self.tools)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addLayout(head)

    def fill(self, body: QWidget) -> None:
        self.column.addWidget(body, 1)

    def fill_scrolling(self, top: QLayout, bottom: QWidget, *insets: QLayout) -> None:
        """``top`` at its own height, ``bottom`` with the rest; both scroll in a low window.

        ``insets`` are layouts in ``bottom`` that keep their width when the scroll bar is shown, as ``top`` does.
        """
        body = QWidget()
        body.setObjectName("surface")
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(bottom, 1)
        area = ScrollArea(self.accessibleName(), body, top, *insets)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.column.addWidget(area, 1)
