"""The Activity page: operations with progress and results, and the audit log."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QPushButton, QTabWidget, QVBoxLayout, QWidget

from hotpatch_gui.domain.changes import Changes
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.models import work
from hotpatch_gui.models.exports import Make
from hotpatch_gui.models.lists import OperationsModel
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.tabs.audit import AuditTab
from hotpatch_gui.views.widgets.export import ExportButton, table_report
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.row_filter import RowFilter
from hotpatch_gui.views.widgets.table import Table, TablePanel

from .table_page import Page

tr = translator("ActivityPage")

TICK_MS = 1000


class ActivityPage(Page):
    """Operations, newest first. Queued ones can be canceled, unknown ones dismissed.

    Signals:
        machine_opened (int): a machine's row ID.
    """

    machine_opened = Signal(int)

    def __init__(self, services: Services) -> None:
        super().__init__(
            services.theme,
            tr("Activity"),
            tr(
                "Requests to Azure with their progress and results, and every call that changed "
                "something."
            ),
        )
        self._s = services
        self.model = OperationsModel(services.source, services.clock, self)
        self.panel = TablePanel(
            services.theme,
            Table(services.theme, services.settings, self.model, "activityTable", tr("Operations")),
        )
        self.cancel = QPushButton(tr("Cancel queued"))
        self.cancel.setObjectName("cancelQueued")
        self.dismiss = QPushButton()
        self.dismiss.setObjectName("dismissUnknown")
        self.dismiss.setToolTip(tr("Stop checking Azure for the results of these operations"))
        self.wait = QPushButton(tr("Wait and retry"))
        self.wait.setObjectName("waitForTurn")
        self.wait.setToolTip(
            tr(
                "Azure rejected it because another operation was in progress. It's sent again when "
                "that operation finishes."
            )
        )
        for button in (self.wait, self.dismiss):
            button.hide()
            self.tools.addWidget(button)
        self.tools.addWidget(self.cancel)
        self.tools.addWidget(ExportButton(services, tr("Activity"), self._report))
        self.detail = label(services.theme, wrap=True)
        self.detail.setObjectName("activityDetail")
        self.detail.setContentsMargins(16, 10, 16, 12)
        self.detail.setMinimumHeight(round(56 * services.theme.scale))
        self.audit = AuditTab(services)
        self.filter = RowFilter(
            services, "activity", tr("Filter by machine, operation, state or person")
        )
        body = QWidget()
        body.setObjectName("surface")
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.filter)
        column.addWidget(self.panel, 1)
        column.addWidget(self.detail)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("activityTabs")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(body, tr("Operations"))
        self.tabs.addTab(self.audit, tr("Audit log"))
        self.fill(self.tabs)
        self.filter.edited.connect(lambda: self.model.filter(self.filter.text, self.filter.since))
        self.panel.table.opened.connect(self._open_machine)
        self.cancel.clicked.connect(self._cancel)
        self.dismiss.clicked.connect(self._dismiss)
        self.wait.clicked.connect(self._wait)
        self.model.rows_changed.connect(self._show)
        self.panel.table.selectionModel().selectionChanged.connect(self._show_detail)
        services.source.changed.connect(self._on_changed)
        self._ticker = QTimer(self)
        self._ticker.setInterval(TICK_MS)
        self._ticker.timeout.connect(self.panel.table.viewport().update)
        self.tabs.currentChanged.connect(self._on_tab)
        self.model.load_first_screen()

    def _on_changed(self, changes: Changes) -> None:
        if changes.affects(self.model.table.touched_by):
            self._show_detail()

    def _on_tab(self, tab: int) -> None:
        self.cancel.setVisible(tab == 0)
        self._show_detail()

    def _report(self) -> Make:
        """Export the visible table; for the audit log with bodies."""
        is_audit = self.tabs.currentIndex() == 1
        panel, title = (
            (self.audit.panel, tr("Audit log")) if is_audit else (self.panel, tr("Operations"))
        )
        return table_report(panel.table, title, self._s, all_columns=is_audit)

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
        self._show_detail()

    def _show_detail(self) -> None:
        """Show the selected operation in detail, or the newest."""
        source, ids = self._s.source, self.panel.table.selected_ids
        shown = work.detail(source, ids[0] if ids else self.model.id_at(0))
        running = work.is_any_open(source)
        if running and not self._ticker.isActive():
            self._ticker.start()
        elif not running:
            self._ticker.stop()
        queued = len(work.in_state(source, ids, OperationState.QUEUED))
        unknown = len(work.in_state(source, ids, OperationState.UNKNOWN))
        self.cancel.setText(
            tr("Cancel %n queued operation(s)", queued) if queued else tr("Cancel queued")
        )
        self.cancel.setEnabled(queued > 0)
        self.dismiss.setText(tr("Dismiss %n unknown result(s)", unknown))
        self.dismiss.setVisible(unknown > 0 and self.tabs.currentIndex() == 0)
        can_wait = bool(ids) and shown.can_wait
        self.wait.setVisible(can_wait and self.tabs.currentIndex() == 0)
        if shown.text:
            self.detail.setText(shown.text)

    def _open_machine(self, operation_id: int) -> None:
        row = work.machine_of(self._s.source, operation_id)
        if row:
            self.machine_opened.emit(row)

    def _wait(self) -> None:
        self._s.actions.wait_for_turn(self.panel.table.selected_ids)

    def _cancel(self) -> None:
        self._s.actions.cancel(self._selected(OperationState.QUEUED))

    def _dismiss(self) -> None:
        self._s.actions.dismiss(self._selected(OperationState.UNKNOWN))

    def _selected(self, state: OperationState) -> list[int]:
        return work.in_state(self._s.source, self.panel.table.selected_ids, state)
