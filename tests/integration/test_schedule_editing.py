"""Schedules are created, changed, assigned and deleted in the real window, and Azure runs them at their hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPushButton
from requests.exceptions import ConnectionError as Broken

from hotpatch_gui.captures.scenes.steps import advance_and_sync
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.permissions import READ
from hotpatch_gui.domain.schedule_windows import windows
from hotpatch_gui.domain.schedules import AssignmentKind
from hotpatch_gui.models import schedule_calendar
from hotpatch_gui.models.checked import ROLE
from hotpatch_gui.models.resource_groups import read_resource_groups
from hotpatch_gui.models.schedules import ScheduleEntry
from hotpatch_gui.simulator.maintenance import schedule_of
from hotpatch_gui.system import resources
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.views.dialogs.assign_machines import AssignMachinesDialog
from hotpatch_gui.views.dialogs.confirm import ConfirmDialog
from hotpatch_gui.views.dialogs.dynamic_scope import DynamicScopeDialog
from hotpatch_gui.views.dialogs.filter_values import FilterValuesDialog
from hotpatch_gui.views.dialogs.schedule import ScheduleDialog
from hotpatch_gui.views.dialogs.schedule_calendar import ScheduleCalendarDialog
from hotpatch_gui.views.pages.schedules import SchedulesPage

pytestmark = pytest.mark.expects_log
D = TypeVar("D", bound=QDialog)


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        made.start()
        made.window.show_page("schedules")
        made.settle()
        yield made


def page(stage: Stage) -> SchedulesPage:
    shown = stage.window.page("schedules")
    assert isinstance(shown, SchedulesPage)
    return shown


def click(button: QPushButton) -> None:
    assert button.isVisible()
    assert button.isEnabled(), button.toolTip()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def dialog(stage: Stage, kind: type[D]) -> D:
    stage.settle()
    (found,) = [d for d in stage.window.findChildren(kind) if d.isVisible()]
    return found


def entry(stage: Stage, name: str) -> ScheduleEntry:
    shown = page(stage)
    stage.until(lambda: name in [e.name for e in shown.model.all_rows])
    (found,) = [e for e in shown.model.all_rows if e.name == name]
    shown.panel.table.select_id(found.id)
    stage.settle()
    return found


def create(stage: Stage, name: str) -> ScheduleEntry:
    click(page(stage).new)
    form = dialog(stage, ScheduleDialog)
    assert not form.save.isEnabled(), "it has no name"
    QTest.keyClicks(form.name, name)
    form.group.setCurrentIndex(next(n for n, p in enumerate(form._groups) if p.name == "rg-web"))
    form.region.setCurrentText("westus2")
    form.minutes.setValue(120)
    click(form.save)
    return entry(stage, name)


def test_a_name_in_use_is_rejected_in_the_form(stage: Stage) -> None:
    click(page(stage).new)
    form = dialog(stage, ScheduleDialog)
    form.group.setCurrentIndex(next(n for n, p in enumerate(form._groups) if p.name == "rg-files"))
    QTest.keyClicks(form.name, "FILES-saturdays")
    assert not form.save.isEnabled()
    assert "already exists" in form.problem.text()
    QTest.keyClicks(form.name, "-2")
    assert form.save.isEnabled()


def tick(form: AssignMachinesDialog, *names: str) -> None:
    for number, row in enumerate(form.model.rows):
        if row.cells[0] in names:
            form.model.setData(
                form.model.index(number, 0), Qt.CheckState.Checked, ROLE.CheckStateRole
            )


def scheduled(stage: Stage, name: str) -> list[str]:
    """The machines that follow a schedule, as stored."""
    db = stage.app.source.db
    assert db is not None
    rows = db.execute(
        "SELECT m.name FROM machine_schedules f JOIN machines m ON m.id=f.machine_id"
        " JOIN schedules s ON s.id=f.schedule_id WHERE s.name=? ORDER BY 1",
        (name,),
    )
    return [row[0] for row in rows]


def test_a_schedule_is_created_runs_and_appears_in_the_report(stage: Stage) -> None:
    cloud = stage.simulator.cloud
    made = create(stage, "nightly")
    assert (made.row.schedule.minutes, made.row.schedule.recurs) == (120, "Day")
    assert made.machines == 0
    shown = page(stage)
    shown.tabs.setCurrentWidget(shown.machines_panel)
    stage.settle()
    click(shown.assign)
    form = dialog(stage, AssignMachinesDialog)
    stage.until(lambda: len(form.model.rows) == len(cloud.guests))
    tick(form, "vm-web-02", "vm-legacy-01")
    assert "2 machines aren't: " in form.counted.text()
    assert "Hotpatch is turned off on 1 machine" in form.consequence.text()
    form.prepare.setChecked(True)
    click(form.assign)
    stage.until(lambda: scheduled(stage, "nightly") == ["vm-legacy-01", "vm-web-02"])
    shown.tabs.setCurrentWidget(shown.scopes_panel)
    stage.settle()
    click(shown.add_scope)
    scope = dialog(stage, DynamicScopeDialog)
    QTest.keyClicks(scope.name, "erp")
    scope.tags.setText("app:erp")  # as the program shows it
    assert scope.scope.tags == (("app", ("erp",)),)
    scope.tags.setText("app=erp")
    stage.until(lambda: scope.matching.text().startswith("1 machine matches now: vm-erp-01. Azure"))
    assert "on 1 of them until its settings change" in scope.matching.text()
    assert "That turns hotpatch off on 1 of them." in scope.matching.text()
    scope.tags.setText("")
    scope.groups.setText("rg-legacy")  # hotpatch isn't available there
    stage.until(lambda: "vm-legacy-01" in scope.matching.text())
    assert "That turns hotpatch off" not in scope.matching.text()
    scope.groups.setText("")
    scope.tags.setText("app=erp")
    stage.until(lambda: "vm-erp-01" in scope.matching.text())
    click(scope.save)
    stage.until(lambda: "vm-erp-01" in scheduled(stage, "nightly"))
    advance_and_sync(stage, minutes=10)
    assert not cloud.guests["vm-web-02"].hotpatching
    assert cloud.guests["vm-web-02"].bypass_safety_checks
    advance_and_sync(stage, days=3)
    runs = entry(stage, "nightly").runs
    assert runs, "Azure ran it, whatever this program did"
    db = stage.app.source.db
    assert db is not None
    stored = db.execute(
        "SELECT DISTINCT m.name FROM installations i JOIN machines m ON m.id=i.machine_id"
        " WHERE i.maintenance_run_id LIKE 'nightly-%' ORDER BY 1"
    )
    assert [row[0] for row in stored] == ["vm-legacy-01", "vm-web-02"], "vm-erp-01 isn't prepared"
    assert {r.machines for r in runs} == {2}
    shown.tabs.setCurrentWidget(shown.machines_panel)
    stage.settle()
    (one,) = [r for r in shown.machines.all_rows if r.name == "vm-web-02"]
    assert one.assignment == AssignmentKind.DIRECT
    shown.machines_panel.table.select_id(one.id)
    stage.settle()
    click(shown.remove)
    click(dialog(stage, ConfirmDialog).yes)
    stage.until(lambda: scheduled(stage, "nightly") == ["vm-erp-01", "vm-legacy-01"])
    shown.tabs.setCurrentIndex(0)
    stage.settle()
    click(shown.delete)
    click(dialog(stage, ConfirmDialog).yes)
    stage.until(lambda: scheduled(stage, "nightly") == [])
    stage.until(lambda: "nightly" not in [e.name for e in shown.model.all_rows])
    assert not [i for i in cloud.maintenance.configurations if i.endswith("/nightly")]
    assert not [i for i in cloud.maintenance.assignments if "/nightly" in i or i.endswith("/erp")]
    titles = [o.title for o in stage.app.outcomes.items]
    assert "nightly: Create schedule, succeeded" in titles
    assert "Assign to schedule, 2 of 2 changes succeeded" in titles
    assert "vm-web-02: Remove from schedule, succeeded" in titles
    assert "nightly: Delete schedule, 3 of 3 changes succeeded" in titles


def test_a_schedule_is_changed_and_duplicated(stage: Stage) -> None:
    entry(stage, "files-saturdays")
    click(page(stage).edit)
    form = dialog(stage, ScheduleDialog)
    assert not form.name.isEnabled()
    assert form.save.isEnabled(), "its start is past, but it isn't new"
    form.minutes.setValue(200)
    form.preset.setCurrentIndex(0)
    click(form.save)
    stage.until(lambda: entry(stage, "files-saturdays").row.schedule.minutes == 200)
    (body,) = stage.simulator.cloud.maintenance.configurations.values()
    assert (schedule_of(body).minutes, schedule_of(body).recurs) == (200, "Day")
    click(page(stage).duplicate)
    form = dialog(stage, ScheduleDialog)
    assert form.name.text() == "files-saturdays-copy"
    click(form.save)
    copy = entry(stage, "files-saturdays-copy")
    assert copy.row.schedule.minutes == 200
    assert copy.machines == 0


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        ("name", "<b>=cmd()", "letters, digits"),
        ("recurs", "Year", "recurrence"),
        ("recurs", "2Hours", "recurrence"),
        ("zone", "Middle-earth", "time zone"),
    ],
)
def test_rules_of_azure_are_checked_before_saving(
    stage: Stage, field: str, text: str, why: str
) -> None:
    click(page(stage).new)
    form = dialog(stage, ScheduleDialog)
    QTest.keyClicks(form.name, "fine")
    assert form.save.isEnabled()
    box = getattr(form, field)
    if field == "zone":
        box.setCurrentText(text)
    else:
        box.setText(text)
    assert not form.save.isEnabled()
    assert why in form.problem.text()


def test_the_preset_baseline_months_only_explains_azures_limits(stage: Stage) -> None:
    click(page(stage).new)
    form = dialog(stage, ScheduleDialog)
    form.preset.setCurrentText("Baseline months only, 3 days after Patch Tuesday")
    assert form.recurs.text() == "3Months Second Tuesday Offset3"
    assert "unplanned baseline waits for the next window" in form.meaning.text()
    stage.settle()
    titles = [title.text() for _, title, _ in form.preview._rows]
    assert "Problem" in titles, "a release waits long for a window"


def test_while_changes_are_off_the_buttons_name_the_reason(stage: Stage) -> None:
    entry(stage, "files-saturdays")
    shown = page(stage)
    assert shown.edit.isEnabled()
    stage.app.actions.allow_changes(1, changes_allowed=False)
    stage.until(lambda: not shown.edit.isEnabled())
    assert "Changes are off" in shown.edit.toolTip()


def test_a_schedule_is_exported_and_imported(stage: Stage, tmp_path: Path) -> None:
    entry(stage, "files-saturdays")
    shown = page(stage)
    shown.save_file(tmp_path / "one.json")
    shown.save_file(tmp_path / "one.bicep")
    shown.save_file(tmp_path / "no" / "where.json")
    shown.open_file(tmp_path / "one.bicep")
    titles = [o.title for o in stage.app.outcomes.items]
    assert titles == [
        "Saved as one.json.",
        "Saved as one.bicep.",
        "The schedule wasn't saved",
        "The file can't be used",
    ]
    shown.open_file(tmp_path / "one.json")
    form = dialog(stage, ScheduleDialog)
    assert form.name.text() == "files-saturdays"
    assert form.problem.text().startswith("The start must be today or later, but is 2026-01-03")


def test_a_missing_permission_is_named_before_anything_is_sent(qapp: QApplication) -> None:
    with Stage("light") as made:
        cloud = made.simulator.cloud
        cloud.grants["rg-files"] = (*READ, "Microsoft.Maintenance/maintenanceConfigurations/write")
        made.start()
        made.window.show_page("schedules")
        made.settle()
        entry(made, "files-saturdays")
        shown = page(made)
        made.until(lambda: not shown.delete.isEnabled())
        assert "maintenanceConfigurations/delete is missing" in shown.delete.toolTip()
        assert shown.edit.isEnabled()
        assert "maintenance" not in cloud.received


def test_runs_stay_with_a_schedule_whose_windows_change(stage: Stage) -> None:
    advance_and_sync(stage, days=12)
    before = entry(stage, "files-saturdays").runs
    assert len(before) >= 2
    click(page(stage).edit)
    form = dialog(stage, ScheduleDialog)
    form.preset.setCurrentText("Every month on the last Sunday")
    click(form.save)
    stage.until(lambda: entry(stage, "files-saturdays").recurrence.startswith("Monthly"))
    assert entry(stage, "files-saturdays").runs == before
    shown = page(stage)
    stage.settle()
    (machine,) = shown.machines.all_rows
    assert machine.run_at == before[0].started_at


def test_a_machine_without_a_run_of_the_schedule_shows_none(stage: Stage) -> None:
    create(stage, "later")
    stage.app.actions.assign_machines(
        1, entry(stage, "later").row.schedule.azure_id, "later", [machine_of(stage, "vm-web-01")]
    )
    stage.until(lambda: scheduled(stage, "later") == ["vm-web-01"])
    entry(stage, "later")
    shown = page(stage)
    stage.until(lambda: shown.machines.all_rows)
    (one,) = shown.machines.all_rows
    assert (one.run_at, one.status) == (None, None), "automatic guest patching's runs aren't its"


def machine_of(stage: Stage, name: str) -> int:
    db = stage.app.source.db
    assert db is not None
    found: int = db.execute("SELECT id FROM machines WHERE name=?", (name,)).fetchone()[0]
    return found


def test_a_new_schedule_is_selected_and_a_region_stays(stage: Stage) -> None:
    click(page(stage).new)
    form = dialog(stage, ScheduleDialog)
    QTest.keyClicks(form.name, "first-of-all")
    form.region.setCurrentText("westus2")
    form.region.textActivated.emit("westus2")
    form.group.setCurrentIndex(form.group.count() - 1)
    assert form.region.currentText() == "westus2"
    click(form.save)
    shown = page(stage)
    stage.until(lambda: shown._shown is not None and shown._shown.name == "first-of-all")
    click(shown.duplicate)
    copy = dialog(stage, ScheduleDialog)
    assert copy.group.currentText() == form_group(stage, "first-of-all")
    copy.preset.setCurrentText("Baseline months only, 3 days after Patch Tuesday")
    assert copy.starts.date().month() == 10


def form_group(stage: Stage, name: str) -> str:
    group = entry(stage, name).group
    (found,) = [p for p in read_resource_groups(stage.app.source.db) if p.name == group]
    return found.label


def test_a_result_that_stays_unknown_can_be_dismissed(stage: Stage) -> None:
    stage.simulator.faults.append(
        lambda method, path: (
            Broken("reset") if method == "PUT" and "maint" in path.casefold() else None
        )
    )
    click(page(stage).new)
    form = dialog(stage, ScheduleDialog)
    QTest.keyClicks(form.name, "lost")
    click(form.save)
    shown = page(stage)
    unknown = "The result of 1 change isn't known"
    stage.until(lambda: shown.banner.isVisible() and shown.banner.headline.text() == unknown)
    click(shown.banner.button)
    stage.until(lambda: not shown.banner.isVisible())


def test_the_month_lists_every_window_between_the_releases_and_marks_overlaps(stage: Stage) -> None:
    db = stage.app.source.db
    assert db is not None
    nightly = create(stage, "nightly")
    known = nightly.row.schedule.azure_id or nightly.row.resource_id
    (machine,) = db.execute("SELECT id FROM machines WHERE name='vm-file-01'").fetchone()
    stage.request.assign_machines(nightly.row.connection_id, known, "nightly", [machine])
    stage.until(lambda: "vm-file-01" in scheduled(stage, "nightly"))
    click(page(stage).calendar)
    shown = dialog(stage, ScheduleCalendarDialog)
    shown.month.setCurrentIndex(1)
    stage.settle()
    rows = list(shown.model.all_rows)
    assert [r.when for r in rows] == sorted(r.when for r in rows)
    by_schedule = {"nightly": nightly.row.schedule}
    by_schedule["files-saturdays"] = entry(stage, "files-saturdays").row.schedule
    first, last = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    for name, schedule in by_schedule.items():
        found = [r.when for r in rows if r.what == name]
        assert found == [w.opens for w in windows(schedule, first, last)], name
    (release,) = [r for r in rows if r.machines is None]
    assert (release.what, release.glyph) == ("Hotpatch: Server 2022, 2025", Glyph.INFO)
    assert release.when == datetime(2026, 9, 8, 17, tzinfo=UTC)
    ahead = {n: list(windows(s, first, last)) for n, s in by_schedule.items()}
    overlapping = {
        (n, a.opens)
        for n, mine in ahead.items()
        for a in mine
        for other, theirs in ahead.items()
        for b in theirs
        if other != n and a.opens < b.closes and b.opens < a.closes
    }
    assert overlapping == {(r.what, r.when) for r in rows if "Overlaps with" in r.note}
    assert all((r.glyph is Glyph.WARNING) is ("Overlaps" in r.note) for r in rows)
    shown.month.setCurrentIndex(2)
    stage.settle()
    (release,) = [r for r in shown.model.all_rows if r.machines is None]
    assert (release.what, release.glyph) == ("Planned baseline: Server 2022, 2025", Glyph.RESTART)
    shown.reject()
    stage.clock.advance(days=22)
    stage.sync()
    click(page(stage).calendar)
    shown = dialog(stage, ScheduleCalendarDialog)
    stage.until(lambda: shown.model.rowCount() > 20)
    stage.settle()
    table = shown.panel.table
    first_seen = shown.model.all_rows[table.rowAt(1)]
    assert first_seen.when >= stage.app.clock(), "the list begins with what comes next"


def test_all_machines_that_the_search_shows_are_ticked_at_once(stage: Stage) -> None:
    shown = page(stage)
    entry(stage, "files-saturdays")
    shown.assign.click()
    stage.settle()
    dialog = stage.window.findChild(AssignMachinesDialog)
    assert isinstance(dialog, AssignMachinesDialog)
    assert not dialog.assign.isEnabled()
    dialog.search.setText("vm-web")
    dialog.all.click()
    assert dialog.assign.text() == "Assign 2 machines"
    dialog.search.clear()
    assert dialog.model.count == 2
    dialog.search.setText("vm-web")
    dialog.all.click()
    assert dialog.model.count == 0
    dialog.reject()


def test_a_past_release_is_what_was_released_and_not_what_was_planned(stage: Stage) -> None:
    """8 Sep 2026 was planned as a hotpatch and became a baseline."""
    advance_and_sync(stage, days=21)
    db = stage.app.source.db
    assert db is not None
    month = schedule_calendar.read_month(
        db, resources.calendar(), stage.clock.now, date(2026, 9, 1)
    )
    (release,) = [row for row in month if row.machines is None]
    assert (release.glyph, release.note) == (Glyph.RESTART, "Released")
    assert "baseline" in release.what
    assert "otpatch" not in release.what


def test_a_scope_is_selected_from_values_of_the_fleet(stage: Stage) -> None:
    shown = page(stage)
    entry(stage, "files-saturdays")
    shown.tabs.setCurrentWidget(shown.scopes_panel)
    stage.settle()
    click(shown.add_scope)
    form = dialog(stage, DynamicScopeDialog)

    def choose(button: str, *labels: str) -> None:
        click(form.findChild(QPushButton, button))
        take(*labels)

    def take(*labels: str) -> None:
        (values,) = [d for d in form.findChildren(FilterValuesDialog) if d.isVisible()]
        stage.until(lambda: values.list.count() > 0)
        for item in values._items:
            if values._value(item).label in labels:
                item.setCheckState(Qt.CheckState.Checked)
        click(values.yes)
        stage.until(lambda: not values.isVisible())

    choose("scopeGroupsChoose", "rg-web", "rg-app")
    assert form.groups.text() == "rg-app, rg-web"
    choose("scopeRegionsChoose", "westus2")
    assert form.scope.locations == ("westus2",)
    menu = form.findChild(QPushButton, "scopeChooseTags").menu()
    assert menu is not None
    (app,) = [action for action in menu.actions() if action.text() == "app"]
    form.tags.setText("stage=test")
    app.trigger()
    take("shop", "(none)")
    assert dict(form.scope.tags) == {"stage": ("test",), "app": ("shop",)}
    form.reject()
