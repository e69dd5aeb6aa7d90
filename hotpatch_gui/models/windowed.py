"""A table model that keeps row IDs and fetches visible rows, so that scrolling and painting cost the same for a thousand rows
and a million."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

from PySide6.QtCore import QModelIndex, QObject, Qt, QTimer

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.store.tables import QueryRows, TableQuery, Where

from .query_channel import QueryChannel
from .row_model import Column, RowsModel
from .source import DataSource

R = TypeVar("R")
PAGE_ROWS = 100
PAGES_KEPT = 10
VISIBLE_PAGES = 3
"""Pages compared after a refresh; a screen shows fewer than two."""
FIRST_SCREEN_ROWS = 100
MAX_INDEX_SEARCHES = 3
RETRY_MS = 1000
"""When rows that couldn't be read are queried again."""


def _positions_of(ids: array[int], searched: AbstractSet[int]) -> dict[int, int]:
    """Positions of the searched IDs; ``index`` searches a million in 15 ms, a loop in 60."""
    if len(searched) > MAX_INDEX_SEARCHES:
        return {row_id: position for position, row_id in enumerate(ids) if row_id in searched}
    positions = {}
    for row_id in searched:
        with suppress(ValueError):
            positions[row_id] = ids.index(row_id)
    return positions


class WindowedModel(RowsModel, Generic[R]):
    """Rows of a store table, sorted and filtered by SQL. ``rows_changed``: a query finished."""

    def __init__(
        self,
        source: DataSource,
        table: TableQuery[R],
        columns: Sequence[Column],
        clock: Clock,
        *,
        where: Where | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(source, columns, clock, parent)
        self.table = table
        self._where = where or Where()
        self.sort_key, self.sort_descending = table.default_sort
        self._ids: array[int] = array("q")
        self._pages: OrderedDict[int, dict[int, R]] = OrderedDict()
        self._whole: dict[int, R] | None = None
        self._channel = QueryChannel(source, self._show_rows, self.failed.emit, self)
        self.is_loaded = False
        source.opened.connect(self.load_first_screen)
        source.changed.connect(self._on_changed)

    @property
    def where(self) -> Where:
        """The current filter."""
        return self._where

    def set_where(self, where: Where) -> None:
        """Change the filter; rows follow when the query finishes."""
        if where != self._where:
            self._where = where
            self.query_again()

    def show_others(self, where: Where, *, synchronous: bool) -> None:
        """Show other rows; earlier ones don't stay visible during the query.

        ``synchronous`` reads the first rows on this thread, for indexed queries.
        """
        self._where = where
        if synchronous:
            self.load_first_screen()
            return
        self._show_rows(QueryRows[R](array("q"), None))
        self.is_loaded = False
        self.rows_changed.emit()
        self.query_again()

    def load_first_screen(self) -> None:
        """Read the first rows on this thread, then all in the background."""
        self._query(FIRST_SCREEN_ROWS, synchronous=True)
        if len(self._ids) == FIRST_SCREEN_ROWS:
            self.query_again()

    def query_again(self) -> None:
        """Query again in the background instead of a running query; the current rows stay until then."""
        self._query()

    def _query(
        self, limit: int | None = None, *, synchronous: bool = False, is_refresh: bool = False
    ) -> None:
        where, sort, descending = self._where, self.sort_key, self.sort_descending
        work = partial(self.table.all, where=where, sort=sort, descending=descending, limit=limit)
        self._channel.query(work, synchronous=synchronous, is_refresh=is_refresh)

    def row(self, number: int) -> R | None:
        """The row at a position; None if it was deleted since the query."""
        if not 0 <= number < len(self._ids):
            return None
        return self._page(number // PAGE_ROWS).get(self._ids[number])

    def id_at(self, number: int) -> int | None:
        return self._ids[number] if 0 <= number < len(self._ids) else None

    def count(self) -> int:
        return len(self._ids)

    def number_of(self, row_id: int) -> int | None:
        try:
            return self._ids.index(row_id)
        except ValueError:
            return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column if possible; a negative column restores the table's order."""
        key = (
            self.columns[column].sort
            if 0 <= column < len(self.columns)
            else self.table.default_sort[0]
        )
        if key is None:
            return
        descending = (
            order is Qt.SortOrder.DescendingOrder if column >= 0 else self.table.default_sort[1]
        )
        if (key, descending) != (self.sort_key, self.sort_descending):
            self.sort_key, self.sort_descending = key, descending
            self.query_again()

    def _on_changed(self, changes: ChangedTables) -> None:
        if changes.affects(self.table.touched_by):
            self._query(is_refresh=True)

    def _show_rows(self, found: QueryRows[R]) -> None:
        """Show these rows, keeping selection and current row by ID."""
        ids = found.ids
        old, self._pages, self._whole = self._pages, OrderedDict(), found.rows
        self.is_loaded = True
        if ids == self._ids:
            self._notify_changes(old)
        elif not self._ids or not ids:
            self.beginResetModel()
            self._ids = ids
            self.endResetModel()
        else:
            self._rearrange(ids)
        self.rows_changed.emit()

    def _notify_changes(self, old: OrderedDict[int, dict[int, R]]) -> None:
        """Repaint visible pages that changed."""
        for number in list(old)[-VISIBLE_PAGES:]:
            first = number * PAGE_ROWS
            last = min(first + PAGE_ROWS, len(self._ids)) - 1
            if last >= first and self._page(number) != old[number]:
                self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def _rearrange(self, ids: array[int]) -> None:
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        positions = _positions_of(ids, {self._ids[i.row()] for i in old})
        moved = []
        for index in old:
            position = positions.get(self._ids[index.row()])
            moved.append(
                self.createIndex(position, index.column())
                if position is not None
                else QModelIndex()
            )
        self._ids = ids
        self.changePersistentIndexList(old, moved)
        self.layoutChanged.emit()

    def _page(self, number: int) -> dict[int, R]:
        page = self._pages.get(number)
        if page is not None:
            self._pages.move_to_end(number)
            return page
        ids = self._ids[number * PAGE_ROWS : (number + 1) * PAGE_ROWS]
        if self._whole is not None:
            page = {i: self._whole[i] for i in ids if i in self._whole}
        else:
            read = self.source.read(partial(self.table.rows, ids=ids), None)
            if read is None and self.source.db is not None:
                QTimer.singleShot(RETRY_MS, self, self.query_again)
            page = read or {}
        self._pages[number] = page
        if len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)
        return page
