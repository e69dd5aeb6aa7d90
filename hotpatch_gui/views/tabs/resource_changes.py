"""Changes of schedules and deployments of new machines, one row each, newest first."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hotpatch_gui.models import resource_changes
from hotpatch_gui.models.resource_changes import ResourceChangesModel
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.row_filter import RowFilter
from hotpatch_gui.views.widgets.table import Table, TablePanel

tr = translator("ResourceChangesTab")

DETAIL_PX = 76


class ResourceChangesTab(QWidget):
    """The selected change is shown in full below.

    Signals:
        chosen (): other changes are selected.
    """

    selection_changed = Signal()

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.setObjectName("surface")
        theme = services.theme
        self._wanted: int | None = None
        """A change to select once it is listed."""
        self.model = ResourceChangesModel(services.source, services.clock, self)
        self.panel = TablePanel(
            theme,
            Table(
                theme,
                services.settings,
                self.model,
                "resourceChangesTable",
                tr("Schedules and new machines"),
            ),
        )
        self.detail = label(theme, wrap=True)
        self.detail.setObjectName("resourceChangeDetail")
        self.detail.setContentsMargins(16, 10, 16, 12)
        self.detail.setMinimumHeight(round(DETAIL_PX * theme.scale))
        self.detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.filter = RowFilter(
            services, "resourceChanges", tr("Filter by name, change, state or person")
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.filter)
        column.addWidget(self.panel, 1)
        column.addWidget(self.detail)
        self.filter.edited.connect(lambda: self.model.filter(self.filter.text, self.filter.span))
        self.model.rows_changed.connect(self._show)
        self.panel.table.selectionModel().selectionChanged.connect(self._show_detail)
        self.model.load_first_screen()

    @property
    def queued_changes(self) -> list[int]:
        """The selected changes of schedules that are still queued."""
        return self.model.queued(self.panel.table.selected_ids)

    def show_change(self, row_id: int) -> None:
        """Select a change, as soon as it is listed."""
        self._wanted = row_id
        self.filter.clear()
        self._select_wanted()

    def _select_wanted(self) -> None:
        if self._wanted is not None and self.panel.table.select_id(self._wanted):
            self._wanted = None

    def _show(self) -> None:
        self._select_wanted()
        self.panel.show_table(self.model.rowCount() > 0)
        self.detail.setVisible(self.model.rowCount() > 0)
        if self.filter.is_filtering:
            self.panel.empty.show_text(
                Glyph.INFO, tr("No change matches"), tr("Change or clear the filter.")
            )
        else:
            self.panel.empty.show_text(
                Glyph.INFO,
                tr("No changes yet"),
                tr(
                    "Changes of schedules, their machines and dynamic scopes, and new machines appear here "
                    "as soon as you request them."
                ),
            )
        self._show_detail()

    def _show_detail(self) -> None:
        ids = self.panel.table.selected_ids
        number = self.model.number_of(ids[0]) if ids else None
        row = self.model.row(number) if number is not None else None
        shown = resource_changes.detail(row) if row is not None else ""
        self.detail.setText(shown or tr("Select a change to see its details."))
        self.selection_changed.emit()
