"""The table: copying, choosing columns, and an empty state."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import (
    QByteArray,
    QEvent,
    QItemSelectionModel,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStackedWidget,
    QStyledItemDelegate,
    QTableView,
)

from hotpatch_gui.models.row_model import Index, RowsModel
from hotpatch_gui.system.preferences import Preferences
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import ROW_PX
from hotpatch_gui.translation import translated, translator

from .column_widths import END_PX, FIRST_MARGIN_PX, MARGIN_PX, fitted
from .empty import EmptyState
from .focus_ring import FocusRing
from .group_heading import paint_heading

tr = translator("Table")

MEASURED_ROWS = 40
SPARE_PX, GLYPH_ROOM_PX, SORT_PX, WIDEST_PX = 2, 20, 6, 720


NAME_KEYS, NAME_PX = frozenset({"name", "machine", "subject"}), 240
"""Columns that say what a row is, and up to which width they are never cut."""


class Table(QTableView):
    """A view of a RowsModel.

    Signals:
        opened (int): Enter or a double-click on the row with this ID.
    """

    opened = Signal(int)
    fill_menu: Callable[[QMenu], None] | None = None
    """Adds entries to the top of the context menu."""

    def __init__(
        self,
        theme: Theme,
        settings: Preferences,
        model: RowsModel,
        name: str,
        spoken: str,
        *,
        delegate: QStyledItemDelegate | None = None,
    ) -> None:
        super().__init__()
        FocusRing(self)
        self.rows = model
        self._settings, self._theme, self._name = settings, theme, name
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self.setModel(model)
        self._delegate = delegate or self._cells()
        self.setItemDelegate(self._delegate)
        self._has_own_widths, self._is_fitting = False, False
        self._pointed_row = -1
        self.setMouseTracking(True)
        self.entered.connect(self._point_at)
        self.viewportEntered.connect(self._point_at)
        self._configure()
        self._restore_columns()
        self.doubleClicked.connect(self._on_opened)
        self.clicked.connect(self._fold)
        theme.changed.connect(self._repaint)
        model.rows_changed.connect(self._fit_columns)
        model.source.minute_passed.connect(self._repaint)
        for keys, headers in (("Ctrl+C", False), ("Ctrl+Shift+C", True)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(self.copy_with_headers if headers else self.copy)

    @property
    def selected_ids(self) -> list[int]:
        ids = map(self.rows.id_at, self._selected_rows())
        return [i for i in ids if i is not None and i >= 0]

    def _selected_rows(self) -> list[int]:
        """Selected rows from ranges, because ten thousand indexes take 70 ms."""
        selected = self.selectionModel().selection()
        ranges = [selected.at(n) for n in range(selected.size())]
        return sorted({n for r in ranges for n in range(r.top(), r.bottom() + 1)})

    def select_id(self, row_id: int) -> bool:
        """Select one row by ID; False if it isn't shown."""
        number = self.rows.number_of(row_id)
        if number is None:
            return False
        flags = QItemSelectionModel.SelectionFlag
        index = self.rows.index(number, 0)
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        return True

    def copy(self) -> None:
        self._copy(headers=False)

    def copy_with_headers(self) -> None:
        self._copy(headers=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._fold(self.currentIndex())
            self._on_opened(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _repaint(self) -> None:
        self.viewport().update()

    def _cells(self) -> QStyledItemDelegate:
        from .cells import CellDelegate  # noqa: PLC0415 - after the first paint: QStyle takes long to load

        return CellDelegate(self._theme)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point_at()

    def _point_at(self, index: Index | None = None) -> None:
        """Highlight the row under the mouse."""
        self._pointed_row = index.row() if index is not None else -1
        self.viewport().update()

    def paint_background(self, painter: QPainter, rect: QRect, index: Index) -> bool:
        """Paint a cell's background, and return whether it is selected."""
        t = self._theme.tokens
        is_selected = self.selectionModel().isSelected(index)
        if is_selected:
            painter.fillRect(rect, QColor(t.selection))
        elif self._pointed_row == index.row():
            painter.fillRect(rect, QColor(t.hover))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(t.divider))
        return is_selected

    def paintEvent(self, event: QPaintEvent) -> None:
        """Continue the rows' lines, selection and headings to the right of the last column."""
        super().paintEvent(event)
        header, room = self.horizontalHeader(), self.viewport().rect()
        right = header.length() - header.offset()
        first, last = self.rowAt(0), self.rowAt(room.height() - 1)
        if right >= room.width() or first < 0:
            return
        painter = QPainter(self.viewport())
        for number in range(first, (last if last >= 0 else self.rows.count() - 1) + 1):
            top, height = self.rowViewportPosition(number), self.rowHeight(number)
            rest = QRect(right, top, room.width() - right, height)
            heading = self.rows.heading(number)
            self.paint_background(painter, rest, self.rows.index(number, 0))
            if heading is not None:
                paint_heading(painter, heading, rest, self._theme)

    def is_first(self, column: int) -> bool:
        """Whether it is the first column that is shown."""
        return self.horizontalHeader().sectionPosition(column) == 0

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _least(self, column: int, needed: int) -> int:
        """A column's least width; names of machines and updates are only cut if they are very long."""
        made = self.rows.columns[column]
        least = round(made.width_px * self._theme.scale)
        is_name = made.key in NAME_KEYS
        return max(least, min(needed, round(NAME_PX * self._theme.scale))) if is_name else least

    def _fit_columns(self) -> None:
        """Fit the columns to the rows that are shown, unless the user chose a width."""
        header = self.horizontalHeader()
        if self._has_own_widths or header.isHidden() or not self.isVisible():
            return
        shown = [n for n in range(len(self.rows.columns)) if not self.isColumnHidden(n)]
        needed = [self._needed(n) for n in shown]
        least = [
            max(self._least(n, need), self._titled(n))
            for n, need in zip(shown, needed, strict=True)
        ]
        growing = [n for n, column in enumerate(shown) if not self.rows.columns[column].right]
        widths = fitted(least, needed, self.viewport().width(), growing)
        self._is_fitting = True
        for number, width in zip(shown, widths, strict=True):
            self.setColumnWidth(number, width)
        self._is_fitting = False

    def _needed(self, column: int) -> int:
        """The width of a column's title and of its shown rows' texts."""
        measure = self.fontMetrics().horizontalAdvance
        widest = 0
        first = max(0, self.rowAt(0))
        for number in range(first, min(self.rows.count(), first + MEASURED_ROWS)):
            row = self.rows.row(number)
            if row is not None:
                has_glyph = self.rows.glyph(row, column) is not None
                glyph = self._scaled(GLYPH_ROOM_PX) if has_glyph else 0
                widest = max(widest, measure(self.rows.text(row, column)) + glyph)
        needed = max(self._margins(column) + widest, self._titled(column))
        return min(needed, self._scaled(WIDEST_PX))

    def _titled(self, column: int) -> int:
        """The width of a column's title."""
        title = translated(self.rows.columns[column].title)
        width = self.horizontalHeader().fontMetrics().horizontalAdvance(title)
        return self._margins(column) + width + self._scaled(SORT_PX)

    def _margins(self, column: int) -> int:
        """The room beside a column's text."""
        left = FIRST_MARGIN_PX if self.is_first(column) else MARGIN_PX
        return self._scaled(left + END_PX + SPARE_PX)

    def _scaled(self, px: int) -> int:
        return round(px * self._theme.scale)

    def _on_opened(self, index: Index) -> None:
        row_id = self.rows.id_at(index.row())
        if row_id is not None and self.rows.heading(index.row()) is None:
            self.opened.emit(row_id)

    def _fold(self, index: Index) -> None:
        self.rows.fold(index.row())

    def _configure(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(round(ROW_PX * self._theme.scale))
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setStretchLastSection(len(self.rows.columns) == 1)
        header.setSortIndicatorShown(True)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._choose_columns)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)

    def _restore_columns(self) -> None:
        header = self.horizontalHeader()
        self._has_own_widths = not self._settings.state(f"widths-{self._name}").isEmpty()
        if header.restoreState(self._settings.state(f"columns-{self._name}")):
            header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        else:
            for number, column in enumerate(self.rows.columns):
                self.setColumnWidth(number, round(column.width_px * self._theme.scale))
                self.setColumnHidden(number, column.hidden)
        save = QTimer(self)
        save.setSingleShot(True)
        save.setInterval(300)
        save.timeout.connect(self._save_columns)
        self._save_soon = save
        header.sectionResized.connect(self._on_resized)
        header.sectionMoved.connect(lambda *_: save.start())

    def _on_resized(self, _: int, before: int, after: int) -> None:
        """Keep the user's widths; a column that is hidden or shown isn't resized by the user."""
        if self._is_fitting:
            return
        if before and after and self.isVisible():
            self._has_own_widths = True
            self._settings.save_state(f"widths-{self._name}", QByteArray(b"1"))
        self._save_soon.start()

    def _save_columns(self) -> None:
        self._settings.save_state(f"columns-{self._name}", self.horizontalHeader().saveState())

    def _choose_columns(self, position: QPoint) -> None:
        menu = self.column_menu()
        menu.exec(self.horizontalHeader().mapToGlobal(position))
        menu.deleteLater()

    def column_menu(self) -> QMenu:
        """The column chooser; the last column can't be hidden."""
        menu = QMenu(self)
        shown = [n for n in range(len(self.rows.columns)) if not self.isColumnHidden(n)]
        for number, column in enumerate(self.rows.columns):
            action = menu.addAction(translated(column.title))
            action.setCheckable(True)
            action.setChecked(number in shown)
            action.setEnabled(shown != [number])
            action.toggled.connect(self._shower(number))
        return menu

    def _shower(self, number: int) -> Callable[[bool], None]:
        def show(shown: bool) -> None:
            self.setColumnHidden(number, not shown)
            self._fit_columns()
            self._save_columns()

        return show

    def _show_menu(self, position: QPoint) -> None:
        menu = self.context_menu()
        menu.exec(self.viewport().mapToGlobal(position))
        menu.deleteLater()

    def context_menu(self) -> QMenu:
        """The context menu of the selected rows."""
        menu = QMenu(self)
        if self.fill_menu is not None and self.selectionModel().hasSelection():
            self.fill_menu(menu)
            menu.addSeparator()
        menu.addAction(tr("Copy"), QKeySequence("Ctrl+C"), self.copy)
        menu.addAction(
            tr("Copy with headers"), QKeySequence("Ctrl+Shift+C"), self.copy_with_headers
        )
        menu.addSeparator()
        menu.addMenu(self.column_menu()).setText(tr("Columns"))
        return menu

    def _copy(self, *, headers: bool) -> None:
        from hotpatch_gui.models.export_writers import guarded  # noqa: PLC0415 - after the first paint

        model = self.rows
        header = self.horizontalHeader()
        order = sorted(range(len(model.columns)), key=header.visualIndex)
        columns = [c for c in order if not self.isColumnHidden(c)]
        rows = self._selected_rows()
        lines = [[guarded(translated(model.columns[c].title)) for c in columns]] if headers else []
        lines += [[guarded(str(model.index(r, c).data() or "")) for c in columns] for r in rows]
        QGuiApplication.clipboard().setText("\n".join("\t".join(cells) for cells in lines))


class TablePanel(QStackedWidget):
    """A Table, or why it is empty."""

    def __init__(self, theme: Theme, table: Table) -> None:
        super().__init__()
        self.setObjectName("surface")
        self.table = table
        self.empty = EmptyState(theme)
        self.addWidget(table)
        self.addWidget(self.empty)
        table.rows.failed.connect(self.show_failure)
        self._kept_rows = 0
        table.rows.rows_changed.connect(self._fit_height)

    def keep_rows(self, rows: int) -> None:
        """Leave room for so many rows, or for all if there are fewer, in a page that scrolls."""
        self._kept_rows = rows
        self._fit_height()

    def _fit_height(self) -> None:
        if self._kept_rows:
            rows = min(self._kept_rows, max(3, self.table.rows.count()))
            height = rows * self.table.verticalHeader().defaultSectionSize()
            self.setMinimumHeight(height + self.table.horizontalHeader().sizeHint().height())

    def show_failure(self, why: str) -> None:
        """Show why the rows couldn't be read, until there are rows."""
        self.empty.show_text(Glyph.ERROR, tr("This list can't be shown"), why)
        self.setCurrentWidget(self.empty)

    def show_table(self, shown: bool) -> None:
        self.setCurrentWidget(self.table if shown else self.empty)
