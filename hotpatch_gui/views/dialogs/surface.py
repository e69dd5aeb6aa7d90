"""The plain sort of dialog: a title, what is in it, and a row of buttons under a line."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, TITLE_PX
from hotpatch_gui.views.widgets.labels import label, line


class SurfaceDialog(QDialog):
    """A subclass fills ``column`` and then calls ``finish`` with its buttons, the last of them the default."""

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
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(surface)

    def finish(self, size_px: tuple[int, int], *buttons: QPushButton) -> None:
        """Put the buttons beneath, and the dialog at this size."""
        row = QHBoxLayout()
        row.addStretch(1)
        for button in buttons:
            button.setAutoDefault(False)
            row.addWidget(button)
        buttons[-1].setDefault(True)
        self.column.addWidget(line())
        self.column.addLayout(row)
        width, height = size_px
        self.resize(round(width * self._theme.scale), round(height * self._theme.scale))

    def event(self, event: QEvent) -> bool:
        """No text is cut off: the dialog is as high as its wrapped texts need at its width."""
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            layout = self.layout()
            if layout is not None and layout.hasHeightForWidth():
                room = self.screen().availableSize().height()
                self.setMinimumHeight(min(layout.totalHeightForWidth(self.width()), room))
        return super().event(event)

    def closer(self, text: str = "Close") -> QPushButton:
        """The button that ends the dialog without doing anything."""
        button = QPushButton(text)
        button.setObjectName("dialogClose")
        button.clicked.connect(self.reject)
        return button
