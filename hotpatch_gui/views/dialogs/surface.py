"""A dialog with a title, content and a row of buttons."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, TITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.widgets.labels import label, line

tr = translator("SurfaceDialog")


class SurfaceDialog(QDialog):
    """A subclass fills ``column`` and then calls ``finish`` with its buttons."""

    def __init__(self, theme: Theme, name: str, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setModal(True)
        surface = QFrame()
        surface.setObjectName("surface")
        self.column = QVBoxLayout(surface)
        self.column.setContentsMargins(24, 16, 24, 16)
        self.column.setSpacing(12)
        self.column.addWidget(label(theme, title, px=TITLE_PX, weight=SEMIBOLD_WEIGHT))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(surface)

    def finish(
        self, size_px: tuple[int, int], *buttons: QPushButton, default: QPushButton | None = None
    ) -> None:
        """Add the buttons and set the size. Without a ``default``, the last button is it."""
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for button in buttons:
            button.setAutoDefault(False)
            row.addWidget(button)
        (default or buttons[-1]).setDefault(True)
        self.column.addWidget(line())
        self.column.addLayout(row)
        width, height = size_px
        self.resize(round(width * self._theme.scale), round(height * self._theme.scale))

    def event(self, event: QEvent) -> bool:
        """Keep the dialog high enough for its wrapped texts."""
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            layout = self.layout()
            if layout is not None and layout.hasHeightForWidth():
                room = self.screen().availableSize().height()
                self.setMinimumHeight(min(layout.totalHeightForWidth(self.width()), room))
        return super().event(event)

    def closer(self, text: str = "") -> QPushButton:
        """A button that closes the dialog without an action."""
        button = QPushButton(text or tr("Close"))
        button.setObjectName("dialogClose")
        button.clicked.connect(self.reject)
        return button
