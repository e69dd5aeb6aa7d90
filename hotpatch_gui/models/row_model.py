"""The base of all tables: columns over rows. Subclasses provide the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.store.timestamps import from_text
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translated, translator

from .source import DataSource

tr = translator("RowModel")

Index = QModelIndex | QPersistentModelIndex


_TEXT_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
TIME_KEYS = frozenset(
    {"started", "created", "ended", "at", "when", "published", "assessed", "read"}
)
"""Keys of the columns that hold a time."""


class Column(NamedTuple):
    """One column, at least ``width_px`` wide if its content needs it.

    ``text`` and ``tip`` receive the row and the current time; ``sort`` is a key of the table.
    """

    key: str
    title: str
    width_px: int
    text: Callable[[Any, datetime], str]
    tip: Callable[[Any, datetime], str] | None = None
    glyph: Callable[[Any], Glyph | None] | None = None
    right: bool = False
    cut_in_middle: bool = False
    """Whether to elide in the middle, because the ends of the texts differ."""
    sort: str | None = None
    hidden: bool = False
    raw: Callable[[Any], Any] | None = None
    """The raw value for exports, if the text only displays it: a number or a time."""
    export_title: str = ""
    """The title in exports, if it needs a unit or isn't clear without the view."""

    @property
    def head(self) -> str:
        """The title in exports; times are in UTC."""
        title = self.export_title or self.title
        return tr("{title} (UTC)", title=title) if self.is_time else title

    @property
    def is_time(self) -> bool:
        """Whether the column shows a time."""
        return self.key in TIME_KEYS


class Heading(NamedTuple):
    """A line above a group of rows; ``is_folded`` if the rows are hidden."""

    text: str
    is_folded: bool

    @property
    def spoken(self) -> str:
        """The text for assistive technology."""
        return tr("{text}, collapsed", text=self.text) if self.is_folded else self.text


def field(name: str) -> Callable[[Any], Any]:
    """A column's raw value: this field of the row."""
    return attrgetter(name)


def time_of(key: str) -> Callable[[Any], Any]:
    """A column's raw time in UTC; None for none."""
    return lambda row: from_text(getattr(row, key))


def plain_tip(text: str) -> str:
    """A tooltip that is never interpreted as rich text."""
    if not text:
        return ""
    from html import escape  # noqa: PLC0415 - its table of entities takes long to load

    return "<br>".join(f"<span>{escape(line)}</span>" for line in text.splitlines())


class RowsModel(QAbstractTableModel):
    """A table of rows. Lives on the UI thread.

    Signals:
        rows_changed (): rows, counts and empty states may differ.
        failed (str): why the rows couldn't be read.
    """

    rows_changed = Signal()
    failed = Signal(str)

    def __init__(
        self,
        source: DataSource,
        columns: Sequence[Column],
        clock: Clock,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.source, self.columns = source, tuple(columns)
        self._clock = clock

    def row(self, number: int) -> Any | None:
        """The row at a position; None if there is none."""
        raise NotImplementedError

    def id_at(self, number: int) -> int | None:
        """The row ID at a position; None if there is none."""
        raise NotImplementedError

    def number_of(self, row_id: int) -> int | None:
        """The position of a row ID; None if it isn't shown."""
        raise NotImplementedError

    def count(self) -> int:
        """The number of rows."""
        raise NotImplementedError

    def heading(self, _number: int) -> Heading | None:
        """The heading at a position; None if there is a row."""
        return None

    def fold(self, number: int) -> None:
        """Hide the rows of the heading at a position, or show them again."""

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else self.count()

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def text(self, row: Any, column: int) -> str:
        """A cell's text."""
        return self.columns[column].text(row, self._clock())

    def glyph(self, row: Any, column: int) -> Glyph | None:
        """A cell's glyph."""
        of = self.columns[column].glyph
        return of(row) if of is not None else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column = self.columns[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        row = self.row(index.row())
        if row is None:
            heading = self.heading(index.row()) if index.column() == 0 else None
            if heading is None or role not in _TEXT_ROLES:
                return None
            return heading.spoken if role == Qt.ItemDataRole.AccessibleTextRole else heading.text
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row, self._clock())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip((column.tip or column.text)(row, self._clock()))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{translated(column.title)}: {column.text(row, self._clock())}"
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Vertical:
            return section + 1 if role == Qt.ItemDataRole.DisplayRole else None
        if not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return translated(column.title)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None
