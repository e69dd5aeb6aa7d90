"""Scenes of the other pages."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.forecast import ReleaseAssumption, RestartWindow
from hotpatch_gui.domain.machine_filter import Condition, Dimension, MachineFilter
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.schedule_changes import schedule_id
from hotpatch_gui.models.checked import ROLE
from hotpatch_gui.simulator.guest import SUBSCRIPTION
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.views.dialogs.assign_machines import AssignMachinesDialog
from hotpatch_gui.views.dialogs.deploy import DeployDialog
from hotpatch_gui.views.dialogs.dynamic_scope import DynamicScopeDialog
from hotpatch_gui.views.dialogs.filter_values import FilterValuesDialog
from hotpatch_gui.views.dialogs.new_machine import NewMachineDialog
from hotpatch_gui.views.dialogs.report import ReportDialog
from hotpatch_gui.views.dialogs.schedule import ScheduleDialog
from hotpatch_gui.views.dialogs.schedule_calendar import ScheduleCalendarDialog
from hotpatch_gui.views.dialogs.support import SupportDialog
from hotpatch_gui.views.pages.activity import ActivityPage
from hotpatch_gui.views.pages.calendar import CalendarPage
from hotpatch_gui.views.pages.coverage import CoveragePage
from hotpatch_gui.views.pages.overview import OverviewPage
from hotpatch_gui.views.pages.planner import PlannerPage
from hotpatch_gui.views.pages.schedules import SchedulesPage
from hotpatch_gui.views.pages.updates import UpdatesPage

from .registry import in_scenario, scene
from .steps import (
    advance_and_sync,
    dialog_of,
    install_half,
    machine_ids,
    until_state,
)


@scene
def overview(stage: Stage) -> QWidget:
    """The whole fleet at a glance, three weeks after the first look."""
    stage.start()
    for days in (1, 1, 4, 1, 9, 5):
        advance_and_sync(stage, days=days)
    stage.window.show_page("overview")
    stage.settle()
    return stage.window


@scene
def overview_past(stage: Stage) -> QWidget:
    """The Overview of a past day, with the fleet by region."""
    window = overview(stage)
    page = stage.window.page("overview")
    assert isinstance(page, OverviewPage)
    page.day.setDate(page.day.date().addDays(-18))
    page.dimension.setCurrentText("Region")
    stage.settle()
    return window


@scene
def machines_behind_a_figure(stage: Stage) -> QWidget:
    """The machines on which a monthly update is missing, as a tile of Overview opens them."""
    stage.start()
    stage.window.show_page("overview")
    stage.settle()
    page = stage.window.page("overview")
    assert isinstance(page, OverviewPage)
    page.tiles["exposed"].clicked.emit()
    stage.settle()
    return stage.window


@scene
def updates(stage: Stage) -> QWidget:
    """August's hotpatch across the fleet, with the machine on which it failed."""
    stage.start()
    stage.window.show_page("updates")
    stage.settle()
    page = stage.window.page("updates")
    assert isinstance(page, UpdatesPage)
    rows = [page.model.row(n) for n in range(page.model.rowCount())]
    page.panel.table.selectRow(next(n for n, r in enumerate(rows) if r and r.failed))
    stage.settle()
    return stage.window


@scene
def machines_grid(stage: Stage) -> QWidget:
    """The fleet as a grid by region, filtered to machines with hotpatch."""
    stage.start()
    stage.window.show_page("machines")
    page = stage.window.machines
    page.as_grid.setChecked(True)
    page.choices.group.setCurrentIndex(page.choices.group.findData(Dimension.REGION))
    page.show_only(MachineFilter(condition=Condition.HOTPATCH_ON))
    stage.settle()
    stage.settle()
    return stage.window


@scene
def filter_values(stage: Stage) -> QWidget:
    """Choosing the regions by which machines are filtered."""
    stage.start()
    stage.window.show_page("machines")
    stage.settle()
    stage.window.machines.filters.open_values(Dimension.REGION)
    stage.settle()
    stage.settle()
    dialog = stage.window.findChild(FilterValuesDialog)
    assert isinstance(dialog, FilterValuesDialog)
    dialog.list.item(1).setCheckState(Qt.CheckState.Checked)
    return dialog


@scene
def history_all(stage: Stage) -> QWidget:
    stage.start()
    stage.window.show_page("history")
    stage.settle()
    return stage.window


@scene
def activity(stage: Stage) -> QWidget:
    """An installation in progress, a finished assessment and a rejected operation."""
    stage.start()
    ids = machine_ids(stage)
    stage.request.assess([ids["vm-new-01"]])
    until_state(stage, OperationState.RUNNING)
    stage.simulator.cloud.guests[
        "vm-file-01"
    ].power = "deallocated"  # by somebody, after it was read
    stage.request.assess([ids["vm-file-01"]])
    until_state(stage, OperationState.RUNNING, OperationState.FAILED)
    stage.clock.advance(minutes=3)
    until_state(stage, OperationState.SUCCEEDED)
    install_half(stage)
    stage.window.show_page("activity")
    page = stage.window.page("activity")
    assert isinstance(page, ActivityPage)
    page.tabs.setCurrentWidget(page.operations)
    stage.settle()
    return stage.window


@scene
def actions(stage: Stage) -> QWidget:
    """A bulk action as one row, with its operations below."""
    _ = activity(stage)
    ids = machine_ids(stage)
    names = ("vm-web-01", "vm-web-02", "vm-app-01", "vm-erp-01", "srv-hq-01")
    stage.request.assess([ids[name] for name in names])
    in_progress = len(names) + 1  # and the installation
    stage.until(lambda: stage.operation_states().count(OperationState.RUNNING) == in_progress)
    page = stage.window.page("activity")
    assert isinstance(page, ActivityPage)
    page.tabs.setCurrentWidget(page.by_action)
    stage.settle()
    page.by_action.panel.table.selectRow(0)
    stage.settle()
    return stage.window


@scene
def resource_changes(stage: Stage) -> QWidget:
    """Changes of a schedule. Azure refused the second, which is shown in full."""
    stage.start()
    name = "files-saturdays"
    resource_id = schedule_id(SUBSCRIPTION, "rg-files", name)
    stage.app.actions.exclude_update(1, [(resource_id, name)], "KB5120708")
    stage.until(lambda: len(stage.app.outcomes.items) == 1)
    refused = {"error": {"code": "AuthorizationFailed", "message": "No permission to write."}}

    def forbidden(method: str, path: str) -> Response | None:
        is_it = method == "PUT" and path.casefold().endswith(name)
        return Response(403, refused) if is_it else None

    stage.simulator.faults.append(forbidden)
    stage.app.actions.exclude_update(1, [(resource_id, name)], "KB5094128")
    stage.until(lambda: len(stage.app.outcomes.items) == 2)
    stage.window.show_page("activity")
    page = stage.window.page("activity")
    assert isinstance(page, ActivityPage)
    page.tabs.setCurrentWidget(page.changes)
    stage.settle()
    page.changes.panel.table.selectRow(0)
    stage.settle()
    return stage.window


@scene
def report(stage: Stage) -> QWidget:
    """The dialog that saves or prints the evidence."""
    _ = overview(stage)
    page = stage.window.page("overview")
    assert isinstance(page, OverviewPage)
    page.report.click()
    dialog = page.findChild(ReportDialog)
    assert dialog is not None
    return dialog


@scene
def outcomes(stage: Stage) -> QWidget:
    """A finished assessment and a rejected one, as toasts."""
    stage.keeps_toasts = True
    stage.start()
    ids = machine_ids(stage)
    stage.request.assess([ids["vm-web-01"]])
    until_state(stage, OperationState.RUNNING)
    stage.clock.advance(minutes=3)
    until_state(stage, OperationState.SUCCEEDED)
    stage.simulator.cloud.guests[
        "vm-file-01"
    ].power = "deallocated"  # by somebody, after it was read
    stage.request.assess([ids["vm-file-01"]])
    until_state(stage, OperationState.SUCCEEDED, OperationState.FAILED)
    stage.until(lambda: len(stage.window.toasts.shown) == 2)
    stage.settle()
    return stage.window


@scene
def audit_log(stage: Stage) -> QWidget:
    """Calls that changed something, with their responses."""
    _ = activity(stage)
    page = stage.window.page("activity")
    assert isinstance(page, ActivityPage)
    page.tabs.setCurrentWidget(page.audit)
    stage.settle()
    return stage.window


@scene
def calendar(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-01")
    stage.window.show_page("calendar")
    stage.settle()
    return stage.window


@scene
@in_scenario("october-2025")
def restart_ledger(stage: Stage) -> QWidget:
    """KB5070881: off the train in October 2025, restarts until January's baseline."""
    stage.start()
    for days in (4, 17, 21, 28, 35):
        advance_and_sync(stage, days=days)
    stage.choose("vm-web-01")
    stage.window.show_page("calendar")
    page = stage.window.page("calendar")
    assert isinstance(page, CalendarPage)
    page.tabs.setCurrentIndex(1)
    stage.settle()
    return stage.window


@scene
@in_scenario("october-2025")
def off_train_scenario(stage: Stage) -> QWidget:
    stage.start()
    advance_and_sync(stage, days=4)
    stage.choose("vm-web-01")
    return stage.window


@scene
def rollout_running(stage: Stage) -> QWidget:
    """September's rollout: one phase done, the next in progress."""
    stage.start()
    advance_and_sync(stage, days=20, hours=21.1)
    stage.window.show_page("rollout")
    stage.settle()
    return stage.window


@scene
@in_scenario("bad-update")
def rollout_stopped(stage: Stage) -> QWidget:
    stage.start()
    advance_and_sync(stage, days=5)
    stage.window.show_page("rollout")
    stage.settle()
    return stage.window


@scene
def planner(stage: Stage) -> QWidget:
    """The sample year with two unplanned baselines."""
    stage.start()
    stage.window.show_page("planner")
    page = stage.window.page("planner")
    assert isinstance(page, PlannerPage)
    page.period.setCurrentText("2027")
    page.scenario.setCurrentText(ReleaseAssumption.UNPLANNED.label)
    page.window_.setCurrentText(RestartWindow.MONTHLY.label)
    page.simulate()
    stage.until(lambda: not page.planner.is_running)
    stage.settle()
    return stage.window


def _schedules_page(stage: Stage) -> SchedulesPage:
    stage.start()
    stage.window.show_page("schedules")
    stage.settle()
    page = stage.window.page("schedules")
    assert isinstance(page, SchedulesPage)
    return page


@scene
def schedule_form(stage: Stage) -> QWidget:
    """A new schedule for baseline months, with what Azure can't express."""
    _schedules_page(stage).new.click()
    form = dialog_of(stage, ScheduleDialog)
    form.name.setText("baselines")
    form.preset.setCurrentText("Baseline months only, 3 days after Patch Tuesday")
    stage.settle()
    return form


@scene
def schedule_machines(stage: Stage) -> QWidget:
    """Machines to assign, two of which need other settings first."""
    page = _schedules_page(stage)
    page.tabs.setCurrentWidget(page.machines_panel)
    page.assign.click()
    form = dialog_of(stage, AssignMachinesDialog)
    stage.until(lambda: form.model.rows)
    for number, row in enumerate(form.model.rows):
        if row.cells[0] in ("vm-web-02", "vm-legacy-01"):
            form.model.setData(
                form.model.index(number, 0), Qt.CheckState.Checked, ROLE.CheckStateRole
            )
    form.prepare.setChecked(True)
    stage.settle()
    return form


@scene
def schedule_scope(stage: Stage) -> QWidget:
    """A dynamic scope with the machines that match now."""
    page = _schedules_page(stage)
    page.tabs.setCurrentWidget(page.scopes_panel)
    page.add_scope.click()
    form = dialog_of(stage, DynamicScopeDialog)
    form.name.setText("west")
    form.regions.setText("westus2")
    stage.until(lambda: "match now" in form.matching.text() and "web-01" in form.matching.text())
    stage.settle()
    return form


@scene
@in_scenario("before-upgrade")
def coverage(stage: Stage) -> QWidget:
    """Paths to hotpatch, and a machine that has to be replaced."""
    stage.start()
    stage.window.show_page("coverage")
    stage.settle()
    page = stage.window.page("coverage")
    assert isinstance(page, CoveragePage)
    row = next(r for r in page.machines.all_rows if r.name == "vm-legacy-01")
    page.machines_panel.table.select_id(row.id)
    stage.settle()
    return stage.window


@scene
def schedule_calendar(stage: Stage) -> QWidget:
    """The windows of all schedules next month, two of which overlap on the same machine."""
    page = _schedules_page(stage)
    page.duplicate.click()
    form = dialog_of(stage, ScheduleDialog)
    form.name.setText("files-nightly")
    form.recurs.setText("Day")
    form.preset.setCurrentIndex(0)
    form.save.click()
    stage.until(lambda: any(e.name == "files-nightly" for e in page.model.all_rows))
    stage.settle()
    made = next(e for e in page.model.all_rows if e.name == "files-nightly")
    machine = [machine_ids(stage)["vm-file-01"]]
    known = made.row.schedule.azure_id or made.row.resource_id
    stage.request.assign_machines(made.row.connection_id, known, made.name, machine)
    stage.until(lambda: any(e.machines and e.name == "files-nightly" for e in page.model.all_rows))
    page.calendar.click()
    shown = dialog_of(stage, ScheduleCalendarDialog)
    shown.month.setCurrentIndex(1)
    stage.settle()
    return shown


@scene
def support(stage: Stage) -> QWidget:
    """A support request about a machine whose installation failed."""
    stage.start()
    stage.choose("vm-print-01")
    stage.window.machines.open_support()
    stage.settle()
    return dialog_of(stage, SupportDialog)


@scene
@in_scenario("before-upgrade")
def new_machine(stage: Stage) -> QWidget:
    """The replacement of a machine whose image has no hotpatch, as Bicep."""
    coverage(stage)
    page = stage.window.page("coverage")
    assert isinstance(page, CoveragePage)
    page.new.click()
    form = dialog_of(stage, NewMachineDialog)
    form.admin.setText("operator")
    stage.settle()
    return form


@scene
@in_scenario("before-upgrade")
def deploy_machine(stage: Stage) -> QWidget:
    """A new machine about to be created: what Azure will do."""
    form = new_machine(stage)
    assert isinstance(form, NewMachineDialog)
    form.deploy.click()
    dialog = dialog_of(stage, DeployDialog)
    dialog.password.edit.setText("Correct-horse-1")
    dialog.again.edit.setText("Correct-horse-1")
    dialog.check.click()
    stage.until(dialog.create_.isEnabled)
    stage.settle()
    return dialog


@scene
def schedules(stage: Stage) -> QWidget:
    """The schedules of the fleet, and one in detail."""
    stage.start()
    advance_and_sync(stage, days=12)
    stage.window.show_page("schedules")
    stage.settle()
    return stage.window
