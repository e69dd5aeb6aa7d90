"""Actions: one row for each click or command, with its operations below."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from hotpatch_gui.models import actions
from hotpatch_gui.models.actions import ActionsModel
from hotpatch_gui.models.lists import OperationsOfActions
from hotpatch_gui.theme.lengths import insets
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.table import Table, TablePanel

from .log_tab import LogTab, LogTexts

tr = translator("ActionsTab")


class ActionsTab(LogTab):
    """Each action; the operations of a selected one are below.

    Signals:
        opened (int): an operation.
    """

    opened = Signal(int)

    def __init__(self, services: Services) -> None:
        texts = LogTexts(
            title=tr("Actions"),
            hint=tr("Filter by machine, action, state or person"),
            no_match=tr("No action matches"),
            empty=tr("No actions yet"),
            nothing_yet=tr(
                "Assessments, installations, restarts and changes of settings appear here as soon as "
                "you start them."
            ),
        )
        super().__init__(services, ActionsModel, "actions", texts)
        self._source, theme = services.source, services.theme
        self.operations = OperationsOfActions(services.source, services.clock, self)
        self.operations.show_actions([])
        self.lower_panel = TablePanel(
            theme,
            Table(
                theme,
                services.preferences,
                self.operations,
                "actionOperationsTable",
                tr("Operations of the action"),
            ),
        )
        self.heading = label(theme, role="secondary")
        self.heading.setContentsMargins(insets(16, 10, 16, 6))
        self._below = QWidget()
        lower = QVBoxLayout(self._below)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.setSpacing(0)
        lower.addWidget(self.heading)
        lower.addWidget(self.lower_panel, 1)
        panes = QSplitter(Qt.Orientation.Vertical)
        panes.addWidget(self.panel)
        panes.addWidget(self._below)
        panes.setChildrenCollapsible(False)
        panes.setHandleWidth(1)
        panes.setStretchFactor(0, 1)
        panes.setStretchFactor(1, 1)
        self.column.addWidget(panes, 1)
        self.operations.rows_changed.connect(self._show_lower)
        self.panel.table.opened.connect(self._open)
        self.lower_panel.table.selectionModel().selectionChanged.connect(self.selection_changed)
        self.lower_panel.table.opened.connect(self.opened)
        self.model.load_first_screen()

    @property
    def operation_ids(self) -> list[int]:
        """The selected operations; without any, all operations of the selected actions."""
        return self.lower_panel.table.selected_ids or actions.operations_of(
            self._source, self.panel.table.selected_ids
        )

    def show_selected(self) -> None:
        """Show the operations of the selected actions."""
        self.operations.show_actions(self.panel.table.selected_ids)
        self._show_heading()
        super().show_selected()

    def _show_heading(self) -> None:
        row = self.selected_row()
        has_several = len(self.panel.table.selected_ids) > 1 or (row is not None and row.total > 1)
        self._below.setVisible(has_several)
        if row is not None:
            self.heading.setText(f"{actions.title(row)} · {actions.text(row)}")

    def _show_lower(self) -> None:
        self.lower_panel.show_table(self.operations.rowCount() > 0)

    def _open(self, action_id: int) -> None:
        """Open the machine of an action's only operation."""
        ids = actions.operations_of(self._source, [action_id])
        if len(ids) == 1:
            self.opened.emit(ids[0])
