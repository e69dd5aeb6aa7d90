"""Actions: one row for each click or command, with its operations below."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from hotpatch_gui.models import actions
from hotpatch_gui.models.actions import ActionsModel
from hotpatch_gui.models.lists import OperationsOfActions
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.row_filter import RowFilter
from hotpatch_gui.views.widgets.table import Table, TablePanel

tr = translator("ActionsTab")


class ActionsTab(QWidget):
    """Newest first. The operations of the selected action are below it.

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
        self._wanted: int | None = None
        """An action to select once it is listed."""
        self.model = ActionsModel(services.source, services.clock, self)
        self.panel = TablePanel(
            theme, Table(theme, services.settings, self.model, "actionsTable", tr("Actions"))
        )
        self.operations = OperationsOfActions(services.source, services.clock, self)
        self.operations.show_actions([])
        self.lower_panel = TablePanel(
            theme,
            Table(
                theme,
                services.settings,
                self.operations,
                "actionOperationsTable",
                tr("Operations of the action"),
            ),
        )
        self.heading = label(theme, role="secondary")
        self.heading.setContentsMargins(16, 10, 16, 6)
        self.filter = RowFilter(
            services, "actions", tr("Filter by machine, action, state or person")
        )
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.heading)
        column.addWidget(self.lower_panel, 1)
        panes = QSplitter(Qt.Orientation.Vertical)
        panes.addWidget(self.panel)
        panes.addWidget(below)
        panes.setChildrenCollapsible(False)
        panes.setHandleWidth(1)
        panes.setStretchFactor(0, 1)
        panes.setStretchFactor(1, 1)
        self._below = below
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.filter)
        outer.addWidget(panes, 1)
        self.filter.edited.connect(lambda: self.model.filter(self.filter.text, self.filter.span))
        self.model.rows_changed.connect(self._show)
        self.operations.rows_changed.connect(self._show_lower)
        self.panel.table.selectionModel().selectionChanged.connect(self._show_operations)
        self.panel.table.opened.connect(self._open)
        self.lower_panel.table.selectionModel().selectionChanged.connect(self.selection_changed)
        self.lower_panel.table.opened.connect(self.opened)
        self.model.load_first_screen()
        self._show_operations()

    @property
    def operation_ids(self) -> list[int]:
        """The selected operations; without any, all operations of the selected actions."""
        return self.lower_panel.table.selected_ids or actions.operations_of(
            self._s.source, self.panel.table.selected_ids
        )

    def show_action(self, action_id: int) -> None:
        """Select an action, as soon as it is listed."""
        self._wanted = action_id
        self.filter.clear()
        self._select_wanted()

    def _select_wanted(self) -> None:
        if self._wanted is not None and self.panel.table.select_id(self._wanted):
            self._wanted = None

    def _show(self) -> None:
        has_rows = self.model.rowCount() > 0
        self._select_wanted()
        self.panel.show_table(has_rows)
        if self.filter.is_filtering:
            self.panel.empty.show_text(
                Glyph.INFO, tr("No action matches"), tr("Change or clear the filter.")
            )
        else:
            self.panel.empty.show_text(
                Glyph.INFO,
                tr("No actions yet"),
                tr(
                    "Assessments, installations, restarts and changes of settings appear here as soon as "
                    "you start them."
                ),
            )
        self._show_heading()
        self.selection_changed.emit()

    def _show_operations(self) -> None:
        """Show the operations of the selected actions."""
        self.operations.show_actions(self.panel.table.selected_ids)
        self._show_heading()
        self.selection_changed.emit()

    def _show_heading(self) -> None:
        ids = self.panel.table.selected_ids
        number = self.model.number_of(ids[0]) if ids else None
        row = self.model.row(number) if number is not None else None
        has_several = len(ids) > 1 or (row is not None and row.total > 1)
        self._below.setVisible(has_several)
        if row is not None:
            self.heading.setText(f"{actions.title(row)} · {actions.text(row)}")

    def _show_lower(self) -> None:
        self.lower_panel.show_table(self.operations.rowCount() > 0)

    def _open(self, action_id: int) -> None:
        """Open the machine of an action's only operation."""
        ids = actions.operations_of(self._s.source, [action_id])
        if len(ids) == 1:
            self.opened.emit(ids[0])
