"""A list of any number of rows, with a check box in each if wanted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)

from .row_model import plain_tip

Index = QModelIndex | QPersistentModelIndex
ROLE = Qt.ItemDataRole


class CheckedRow(NamedTuple):
    """A row's cell texts, the last one also its tooltip. A row that isn't ``can_check`` can't be checked."""

    id: int
    cells: tuple[str, ...]
    can_check: bool = True


class CheckedModel(QAbstractTableModel):
    """Rows of texts. Lives on the UI thread.

    With ``ticks``, each row has a check box, checked at first if it can be. Without, all rows that can be checked count as
    checked.

    Signals:
        ticked (): a row was checked or unchecked.
    """

    ticked = Signal()

    def __init__(
        self,
        heads: Sequence[str],
        row_px: int,
        parent: QObject | None = None,
        *,
        ticks: bool = False,
    ) -> None:
        """``row_px`` is the height of a row."""
        super().__init__(parent)
        self._size = QSize(0, row_px)
        self._heads, self._ticks = tuple(heads), ticks
        self._rows: Sequence[CheckedRow] = ()
        self._left: set[int] = set()
        self._checkable = 0

    def set_rows(self, rows: Sequence[CheckedRow]) -> None:
        """Replace the rows."""
        self.beginResetModel()
        self._rows = rows
        self._checkable = sum(row.can_check for row in rows)
        self.endResetModel()

    def show_ticked(self, rows: Sequence[CheckedRow], ticked: Collection[int]) -> None:
        """Replace the rows; only those of ``ticked`` are checked."""
        self._left = {row.id for row in rows if row.can_check and row.id not in ticked}
        self.set_rows(rows)

    @property
    def rows(self) -> Sequence[CheckedRow]:
        """All rows."""
        return self._rows

    @property
    def count(self) -> int:
        """The number of checked rows."""
        return self._checkable - len(self._left)

    @property
    def ids(self) -> list[int]:
        """IDs of checked rows in order."""
        return [row.id for row in self._rows if row.can_check and row.id not in self._left]

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._heads)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = ROLE.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == ROLE.DisplayRole:
            return self._heads[section]
        return None

    def data(self, index: Index, role: int = ROLE.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role == ROLE.DisplayRole:
            return row.cells[index.column()]
        if role == ROLE.SizeHintRole and index.column() == 0:
            return self._size
        if role == ROLE.ToolTipRole and index.column() == len(self._heads) - 1:
            return plain_tip(row.cells[-1])
        if role == ROLE.CheckStateRole and self._ticks and index.column() == 0:
            is_ticked = row.can_check and row.id not in self._left
            return Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked
        return None

    def setData(self, index: Index, value: Any, role: int = ROLE.EditRole) -> bool:
        row = self._rows[index.row()]
        if role != ROLE.CheckStateRole or not row.can_check:
            return False
        if Qt.CheckState(value) is Qt.CheckState.Checked:
            self._left.discard(row.id)
        else:
            self._left.add(row.id)
        self.dataChanged.emit(index, index, [role])
        self.ticked.emit()
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        plain = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        if not self._rows[index.row()].can_check:
            return plain
        can_tick = self._ticks and index.column() == 0
        tick = Qt.ItemFlag.ItemIsUserCheckable if can_tick else Qt.ItemFlag.NoItemFlags
        return plain | Qt.ItemFlag.ItemIsEnabled | tick
