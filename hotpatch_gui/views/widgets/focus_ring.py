"""A ring over a table or a scrolling page while it has the keyboard's focus."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QFrame, QWidget

BY_KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class FocusRing(QFrame):
    """Takes no room, and isn't shown after a click."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.setObjectName("focusRing")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        self._widget = widget
        widget.installEventFilter(self)

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind is QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            self.setVisible(event.reason() in BY_KEYBOARD)
            self.raise_()
        elif kind is QEvent.Type.FocusOut:
            self.hide()
        elif kind is not QEvent.Type.Resize:
            return False
        self.setGeometry(self._widget.rect())
        return False
