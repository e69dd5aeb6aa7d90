"""A table model over computed rows that are kept completely: calendar, rollout, ledger, planner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, Qt

from hotpatch_gui.domain.clock import Clock

from .row_model import Column, RowsModel
from .source import DataSource


class ListedModel(RowsModel):
    """Rows are records with an ``id``; a column's ``sort`` is the field to sort by."""

    def __init__(
        self,
        source: DataSource,
        columns: Sequence[Column],
        clock: Clock,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(source, columns, clock, parent)
        self._given: list[Any] = []
        self._rows: list[Any] = []
        self._sort: tuple[str, bool] | None = None

    def set_rows(self, rows: Sequence[Any]) -> None:
        """Show these rows in the current order. The selection stays by ID."""
        self._given = list(rows)
        self._show()

    @property
    def all_rows(self) -> tuple[Any, ...]:
        """The rows in the order shown."""
        return tuple(self._rows)

    def row(self, number: int) -> Any | None:
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def id_at(self, number: int) -> int | None:
        row = self.row(number)
        return None if row is None else row.id

    def number_of(self, row_id: int) -> int | None:
        return next((n for n, row in enumerate(self._rows) if row.id == row_id), None)

    def count(self) -> int:
        return len(self._rows)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column's field; a negative column restores the original order."""
        key = self.columns[column].sort if column >= 0 else None
        if column >= 0 and key is None:
            return
        self._sort = None if key is None else (key, order is Qt.SortOrder.DescendingOrder)
        self._show()

    def _ordered(self) -> list[Any]:
        if self._sort is None:
            return list(self._given)
        key, descending = self._sort
        known = [r for r in self._given if getattr(r, key) is not None]
        known.sort(key=lambda r: getattr(r, key), reverse=descending)
        return known + [r for r in self._given if getattr(r, key) is None]

    def _show(self) -> None:
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        ids = [self.id_at(i.row()) for i in old]
        self._rows = self._ordered()
        places = {row.id: n for n, row in enumerate(self._rows)} if old else {}
        moved = [
            self.createIndex(places[i], index.column()) if i in places else QModelIndex()
            for i, index in zip(ids, old, strict=True)
        ]
        self.changePersistentIndexList(old, moved)
        self.layoutChanged.emit()
        self.rows_changed.emit()
