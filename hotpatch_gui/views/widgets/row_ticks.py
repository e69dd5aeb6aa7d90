"""A click anywhere on a row with a check box ticks it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, Qt
from PySide6.QtWidgets import QAbstractItemView

CHECK = Qt.ItemDataRole.CheckStateRole


class RowTicks(QObject):
    """Watches a view whose first column has check boxes; the box itself is the view's own."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view, self._before = view, None
        view.pressed.connect(self._remember)
        view.clicked.connect(self._tick)

    def _remember(self, index: QModelIndex) -> None:
        self._before = index.siblingAtColumn(0).data(CHECK)

    def _tick(self, index: QModelIndex) -> None:
        first = index.siblingAtColumn(0)
        was = first.data(CHECK)
        if (
            was is None
            or was != self._before
            or not first.flags() & Qt.ItemFlag.ItemIsUserCheckable
        ):
            return  # no box, or a click on the box
        is_on = Qt.CheckState(was) is Qt.CheckState.Checked
        now = Qt.CheckState.Unchecked if is_on else Qt.CheckState.Checked
        self._view.model().setData(first, now.value, CHECK)
