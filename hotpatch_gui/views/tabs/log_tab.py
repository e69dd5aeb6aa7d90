"""The base of Activity's tabs: a filter above a table of records, newest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.models.log_model import LogModel
from hotpatch_gui.models.source import DataSource
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.filter_fields import FilterFields
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.table import Table, TablePanel

tr = translator("LogTab")


@dataclass(frozen=True)
class LogTexts:
    """The texts of a tab; ``hint`` names what its filter searches, ``nothing_yet`` what will be listed."""

    title: str
    hint: str
    no_match: str
    empty: str
    nothing_yet: str


class LogTab(QWidget):
    """The table and its filter; subclasses show the selected rows.

    Signals:
        selection_changed (): other rows are selected, or the selected ones changed.
    """

    selection_changed = Signal()

    def __init__(
        self,
        services: Services,
        model: Callable[[DataSource, Clock, QObject], LogModel[Any]],
        name: str,
        texts: LogTexts,
    ) -> None:
        """``name`` begins the object names of the table and the filter."""
        super().__init__()
        self.setObjectName("surface")
        self._texts = texts
        self._requested_id: int | None = None
        """A row to select as soon as it is listed."""
        theme = services.theme
        self.model = model(services.source, services.clock, self)
        self.panel = TablePanel(
            theme, Table(theme, services.preferences, self.model, f"{name}Table", texts.title)
        )
        self.filter = FilterFields(services, name, texts.hint)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addWidget(self.filter)
        self.filter.edited.connect(lambda: self.model.filter(self.filter.text, self.filter.span))
        self.model.rows_changed.connect(self._show_rows)
        self.panel.table.selectionModel().selectionChanged.connect(self.show_selected)

    def select(self, row_id: int) -> None:
        """Select a row, as soon as it is listed."""
        self._requested_id = row_id
        self.filter.clear()
        self._select_requested()

    def show_selected(self) -> None:
        """Show the selected rows; subclasses extend it."""
        self.selection_changed.emit()

    def selected_row(self) -> Any:
        """The first selected row; None without one."""
        ids = self.panel.table.selected_ids
        return self.model.row_of(ids[0]) if ids else None

    def _select_requested(self) -> None:
        if self._requested_id is not None and self.panel.table.select_id(self._requested_id):
            self._requested_id = None

    def _show_rows(self) -> None:
        self._select_requested()
        self.panel.show_table(self.model.rowCount() > 0)
        if self.filter.is_filtering:
            title, detail = self._texts.no_match, tr("Change or clear the filter.")
        else:
            title, detail = self._texts.empty, self._texts.nothing_yet
        self.panel.empty.show_text(Glyph.INFO, title, detail)
        self.show_selected()


class DetailTab(LogTab):
    """A log whose selected row is shown in full below, to be copied."""

    def __init__(
        self,
        services: Services,
        model: Callable[[DataSource, Clock, QObject], LogModel[Any]],
        name: str,
        texts: LogTexts,
        *,
        prompt: str,
        detail_px: int,
    ) -> None:
        """``prompt`` is shown without a selection; ``detail_px`` is the least height of the detail at 100 %."""
        super().__init__(services, model, name, texts)
        self._prompt = prompt
        self.detail = label(services.theme, wrap=True)
        self.detail.setObjectName(f"{name}Detail")
        self.detail.setContentsMargins(insets(16, 10, 16, 12))
        self.detail.setMinimumHeight(round(detail_px * services.theme.scale))
        self.detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.column.addWidget(self.panel, 1)
        self.column.addWidget(self.detail)
        self.model.load_first_screen()

    def detail_of(self, row: Any) -> str:
        """The row in full."""
        raise NotImplementedError

    def show_selected(self) -> None:
        """Show the first selected row in full."""
        row = self.selected_row()
        self.detail.setText(self.detail_of(row) if row is not None else self._prompt)
        self.detail.setVisible(self.model.rowCount() > 0)
        super().show_selected()
