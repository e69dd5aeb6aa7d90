"""A dialog with a title, content and a row of buttons."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, TITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.widgets.labels import label, line
from hotpatch_gui.views.widgets.screen_room import resize_within_screen, room_of
from hotpatch_gui.views.widgets.scroll_area import ScrollArea

tr = translator("SurfaceDialog")


class SurfaceDialog(QDialog):
    """A subclass fills ``column`` and then calls ``finish`` with its buttons.

    The content scrolls if the dialog would otherwise be higher than the screen; the buttons always stay visible.
    """

    def __init__(self, theme: Theme, name: str, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setModal(True)
        surface = QFrame()
        surface.setObjectName("surface")
        self._content = QWidget()
        self.column = QVBoxLayout(self._content)
        self.column.setContentsMargins(insets(24, 16, 24, 12))
        self.column.setSpacing(px(12))
        self._parts = QVBoxLayout(surface)
        self._parts.setContentsMargins(0, 0, 0, 0)
        self._parts.setSpacing(0)
        self._parts.addWidget(self._content, 1)
        self.column.addWidget(label(theme, title, px=TITLE_PX, weight=SEMIBOLD_WEIGHT))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(surface)

    def finish(
        self, size_px: tuple[int, int], *buttons: QPushButton, default: QPushButton | None = None
    ) -> None:
        """Add the buttons and set the size. Without a ``default``, the last button is it."""
        row = QHBoxLayout()
        row.setSpacing(px(8))
        row.addStretch(1)
        for button in buttons:
            button.setAutoDefault(False)
            row.addWidget(button)
        (default or buttons[-1]).setDefault(True)
        below = QVBoxLayout()
        below.setContentsMargins(insets(24, 0, 24, 16))
        below.setSpacing(px(12))
        below.addWidget(line())
        below.addLayout(row)
        self._parts.addLayout(below)
        width, height = size_px
        resize_within_screen(self, width * self._theme.scale, height * self._theme.scale)

    def showEvent(self, event: QShowEvent) -> None:
        self._scroll_if_too_high()
        super().showEvent(event)

    def _scroll_if_too_high(self) -> None:
        layout = self.layout()
        assert layout is not None
        needed = layout.totalMinimumSize().height()
        if layout.hasHeightForWidth():
            needed = max(needed, layout.totalHeightForWidth(self.width()))
        if needed > room_of(self).height() and self._content.parentWidget() is not None:
            area = ScrollArea(self.windowTitle(), None)
            self._parts.replaceWidget(self._content, area)
            area.setWidget(self._content)
            self._parts.setStretchFactor(area, 1)
            self.resize(self.size().boundedTo(room_of(self)))

    def event(self, event: QEvent) -> bool:
        """Keep the dialog high enough for its wrapped texts."""
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            layout = self.layout()
            if layout is not None and layout.hasHeightForWidth():
                room = room_of(self).height()
                self.setMinimumHeight(min(layout.totalHeightForWidth(self.width()), room))
        return super().event(event)

    def closer(self, text: str = "") -> QPushButton:
        """A button that closes the dialog without an action."""
        button = QPushButton(text or tr("Close"))
        button.setObjectName("dialogClose")
        button.clicked.connect(self.reject)
        return button
