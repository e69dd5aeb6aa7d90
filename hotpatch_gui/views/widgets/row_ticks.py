"""A click anywhere on a row with a check box ticks it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QAbstractItemView

CHECK = Qt.ItemDataRole.CheckStateRole
Index = QModelIndex | QPersistentModelIndex


class RowTicks(QObject):
    """Watches a view whose first column has check boxes; a click on the box itself is the view's own."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view
        self._before: Any = None
        """The state of the pressed row's box; the view emits ``pressed`` only outside the box."""
        view.viewport().installEventFilter(self)
        view.clicked.connect(self._tick)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            index = self._view.indexAt(event.position().toPoint())
            self._before = index.siblingAtColumn(0).data(CHECK)
        return super().eventFilter(watched, event)

    def _tick(self, index: Index) -> None:
        first = index.sibling(index.row(), 0)
        was = first.data(CHECK)
        can_tick = first.flags() & Qt.ItemFlag.ItemIsUserCheckable
        if was is None or was != self._before or not can_tick:
            return
        is_on = Qt.CheckState(was) is Qt.CheckState.Checked
        now = Qt.CheckState.Unchecked if is_on else Qt.CheckState.Checked
        self._view.model().setData(first, now.value, CHECK)
