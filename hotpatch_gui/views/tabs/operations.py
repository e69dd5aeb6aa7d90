"""Operations, one row each, newest first."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hotpatch_gui.models import work
from hotpatch_gui.models.lists import OperationsModel
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.row_filter import RowFilter
from hotpatch_gui.views.widgets.table import Table, TablePanel

tr = translator("OperationsTab")

DETAIL_PX = 56


class OperationsTab(QWidget):
    """All operations; the selected one is shown in full below.

    Signals:
        chosen (): other operations are selected.
        opened (int): an operation.
    """

    selection_changed = Signal()
    opened = Signal(int)

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.setObjectName("surface")
        self._s, theme = services, services.theme
        self.model = OperationsModel(services.source, services.clock, self)
        self.panel = TablePanel(
            theme, Table(theme, services.settings, self.model, "activityTable", tr("Operations"))
        )
        self.detail = label(theme, wrap=True)
        self.detail.setObjectName("activityDetail")
        self.detail.setContentsMargins(16, 10, 16, 12)
        self.detail.setMinimumHeight(round(DETAIL_PX * theme.scale))
        self.filter = RowFilter(
            services, "activity", tr("Filter by machine, operation, state or person")
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.filter)
        column.addWidget(self.panel, 1)
        column.addWidget(self.detail)
        self.filter.edited.connect(lambda: self.model.filter(self.filter.text, self.filter.span))
        self.model.rows_changed.connect(self._show)
        self.panel.table.selectionModel().selectionChanged.connect(self.show_detail)
        self.panel.table.opened.connect(self.opened)
        self.model.load_first_screen()

    @property
    def operation_ids(self) -> list[int]:
        """The selected operations."""
        return self.panel.table.selected_ids

    def _show(self) -> None:
        self.panel.show_table(self.model.rowCount() > 0)
        self.detail.setVisible(self.model.rowCount() > 0)
        if self.filter.is_filtering:
            self.panel.empty.show_text(
                Glyph.INFO, tr("No operation matches"), tr("Change or clear the filter.")
            )
        else:
            self.panel.empty.show_text(
                Glyph.INFO,
                tr("No operations yet"),
                tr(
                    "Assessments, installations, restarts and changes of settings appear here as soon as "
                    "you start them."
                ),
            )
        self.show_detail()

    def show_detail(self) -> None:
        """Show the selected operation in detail."""
        ids = self.operation_ids
        shown = work.detail(self._s.source, ids[0]).text if ids else ""
        self.detail.setText(shown or tr("Select an operation to see its details."))
        self.selection_changed.emit()
