"""The Activity page: actions, operations and other changes with their progress and results, and the audit log."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QPushButton, QTabWidget

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.models import work
from hotpatch_gui.models.exports import Make
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.tabs.actions import ActionsTab
from hotpatch_gui.views.tabs.audit import AuditTab
from hotpatch_gui.views.tabs.operations import OperationsTab
from hotpatch_gui.views.tabs.resource_changes import ResourceChangesTab
from hotpatch_gui.views.widgets.export import ExportButton, table_report

from .table_page import PageFrame

tr = translator("ActivityPage")

TICK_MS = 1000


class ActivityPage(PageFrame):
    """Actions and operations, newest first. Queued ones can be canceled, unknown ones dismissed.

    Signals:
        machine_opened (int): a machine's row ID.
    """

    machine_opened = Signal(int)

    def __init__(self, services: Services) -> None:
        super().__init__(
            services.theme,
            tr("Activity"),
            tr(
                "Requests to Azure with their progress and results, and every call of this program that "
                "changed something."
            ),
        )
        self._s = services
        self._make_tools()
        self.by_action = ActionsTab(services)
        self.operations = OperationsTab(services)
        self.changes = ResourceChangesTab(services)
        self.audit = AuditTab(services)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("activityTabs")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self.by_action, tr("Actions"))
        self.tabs.addTab(self.operations, tr("Operations"))
        self.tabs.addTab(self.changes, tr("Schedules and new machines"))
        self.tabs.addTab(self.audit, tr("Audit log"))
        self.fill(self.tabs)
        self._ticker = QTimer(self)
        self._ticker.setInterval(TICK_MS)
        for tab in (self.by_action, self.operations):
            tab.selection_changed.connect(self._show_tools)
            tab.opened.connect(self._open_machine)
            self._ticker.timeout.connect(tab.panel.table.viewport().update)
        self.changes.selection_changed.connect(self._show_tools)
        services.source.changed.connect(self._on_changed)
        self.tabs.currentChanged.connect(self._show_tools)
        self._show_tools()

    def _make_tools(self) -> None:
        self.cancel = QPushButton(tr("Cancel queued"))
        self.cancel.setObjectName("cancelQueued")
        self.cancel.clicked.connect(self._cancel)
        self.dismiss = QPushButton()
        self.dismiss.setObjectName("dismissUnknown")
        self.dismiss.setToolTip(tr("Stop checking Azure for the results of these operations"))
        self.dismiss.clicked.connect(self._dismiss)
        self.wait = QPushButton(tr("Wait and retry"))
        self.wait.setObjectName("waitForTurn")
        self.wait.setToolTip(
            tr(
                "Azure rejected it because another operation was in progress. It's sent again when "
                "that operation finishes."
            )
        )
        self.wait.clicked.connect(self._wait)
        self.retry = QPushButton()
        self.retry.setObjectName("retryFailed")
        self.retry.setToolTip(tr("Check the reason first: Update history explains it."))
        self.retry.clicked.connect(self._retry)
        for button in (self.retry, self.wait, self.dismiss):
            button.hide()
            self.tools.addWidget(button)
        self.tools.addWidget(self.cancel)
        self.tools.addWidget(ExportButton(self._s, tr("Activity"), self._report))

    def show_action(self, action_id: int) -> None:
        """Select an action, and show its operations."""
        self.tabs.setCurrentWidget(self.by_action)
        self.by_action.select(action_id)

    def show_change(self, row_id: int) -> None:
        """Select a change of a schedule, or the deployment of a machine."""
        self.tabs.setCurrentWidget(self.changes)
        self.changes.select(row_id)

    def _on_changed(self, changes: ChangedTables) -> None:
        if changes.affects(self.operations.model.table.touched_by):
            self.operations.show_selected()

    @property
    def _ids(self) -> list[int]:
        """The selected operations of the visible tab."""
        tab = self.tabs.currentWidget()
        return tab.operation_ids if isinstance(tab, ActionsTab | OperationsTab) else []

    def _report(self) -> Make:
        """Export the visible table; the audit log with bodies."""
        number, is_audit = self.tabs.currentIndex(), self.tabs.currentWidget() is self.audit
        tab = (self.by_action, self.operations, self.changes, self.audit)[number]
        title = self.tabs.tabText(number)
        return table_report(tab.panel.table, title, self._s, all_columns=is_audit)

    def _show_tools(self) -> None:
        """Show what is possible with the selected operations, and let the time run while any is open."""
        source, ids = self._s.source, self._ids
        running = work.is_any_open(source)
        if running and not self._ticker.isActive():
            self._ticker.start()
        elif not running:
            self._ticker.stop()
        queued = len(work.in_state(source, ids, OperationState.QUEUED))
        is_changes = self.tabs.currentWidget() is self.changes
        changes = len(self.changes.queued_changes) if is_changes else 0
        unknown = len(work.in_state(source, ids, OperationState.UNKNOWN))
        self.cancel.setVisible(self.tabs.currentWidget() is not self.audit)
        self.cancel.setText(
            tr("Cancel %n queued operation(s)", queued)
            if queued
            else tr("Cancel %n queued change(s)", changes)
            if changes
            else tr("Cancel queued")
        )
        self.cancel.setEnabled(queued + changes > 0)
        nothing = tr("None of the selected rows is queued.")
        self.cancel.setToolTip("" if queued + changes else plain_tip(nothing))
        self.dismiss.setText(tr("Dismiss %n unknown result(s)", unknown))
        self.dismiss.setVisible(unknown > 0)
        failed = len(work.failed_installations(source, ids).machine_ids)
        self.retry.setText(tr("Install again on %n machine(s)…", failed))
        self.retry.setVisible(failed > 0)
        self.wait.setVisible(bool(ids) and work.detail(source, ids[0]).can_wait)

    def _open_machine(self, operation_id: int) -> None:
        row = work.machine_of(self._s.source, operation_id)
        if row:
            self.machine_opened.emit(row)

    def _retry(self) -> None:
        """Review the failed installations again."""
        from hotpatch_gui.views.dialogs.install.again import review_again  # noqa: PLC0415 - after the first paint

        review_again(self._s, self, self._ids)

    def _wait(self) -> None:
        self._s.actions.wait_for_turn(self._ids)

    def _cancel(self) -> None:
        if self.tabs.currentWidget() is self.changes:
            self._s.actions.cancel_changes(self.changes.queued_changes)
            return
        self._s.actions.cancel(work.in_state(self._s.source, self._ids, OperationState.QUEUED))

    def _dismiss(self) -> None:
        self._s.actions.dismiss(work.in_state(self._s.source, self._ids, OperationState.UNKNOWN))
