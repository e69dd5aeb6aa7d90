"""The Schedules page in the window: windows, machines, runs, and what is wrong with a schedule."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from hotpatch_gui.captures.scenes.steps import advance_and_sync
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.settings import Orchestration
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.models.schedules import ScheduleEntry
from hotpatch_gui.simulator.cloud import SimulatedCloud
from hotpatch_gui.simulator.maintenance import LONG_AGO, seeds
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.views.dialogs.update_settings import UpdateSettingsDialog
from hotpatch_gui.views.pages.history import HistoryPage
from hotpatch_gui.views.pages.schedules import SchedulesPage

pytestmark = pytest.mark.expects_log
NAME = "<b>night=cmd()|'x'!A0 \u202e\U0001f680"


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        yield made


def follow(
    cloud: SimulatedCloud, machine: str, *, prepared: bool = True, **changed: object
) -> None:
    """Assign a schedule to a machine of the simulated Azure."""
    guest = cloud.guests[machine]
    guest.bypass_safety_checks = prepared
    guest.schedule = {
        "name": "nights",
        "starts": "2026-01-03 22:00",
        "minutes": 180,
        "time_zone": "UTC",
        "recurs": "Day",
        "classifications": ["Critical", "Security"],
    } | changed
    for kind, body in zip(("configuration", "assignment"), seeds(guest), strict=True):
        cloud.maintenance.put(kind, body, LONG_AGO)
        if kind == "configuration":
            cloud.patching.queue_schedule(body["id"].casefold(), cloud.clock.now())


def page(stage: Stage) -> SchedulesPage:
    stage.window.show_page("schedules")
    stage.settle()
    shown = stage.window.page("schedules")
    assert isinstance(shown, SchedulesPage)
    return shown


def entry(shown: SchedulesPage, name: str) -> ScheduleEntry:
    (found,) = [e for e in shown.model.all_rows if e.name == name]
    shown.panel.table.select_id(found.id)
    return found


def test_a_schedule_shows_its_windows_and_machines(stage: Stage) -> None:
    for name in ("vm-web-01", "vm-web-02"):
        follow(stage.simulator.cloud, name)
    stage.start()
    shown = page(stage)
    assert [e.name for e in shown.model.all_rows] == ["nights", "files-saturdays"], "soonest first"
    nights = entry(shown, "nights")
    stage.settle()
    assert nights.machines == 2
    assert nights.concerns == ()
    assert [w.opens.isoformat()[:16] for w in nights.next] == [
        "2026-08-20T22:00",
        "2026-08-21T22:00",
        "2026-08-22T22:00",
    ]
    assert nights.runs == (), "earlier runs were automatic guest patching's, with other machines"
    assert [r.name for r in shown.machines.all_rows] == ["vm-web-01", "vm-web-02"]
    opened = shown.machines.all_rows[1].id
    shown.machines_panel.table.opened.emit(opened)
    stage.settle()
    assert stage.window.machines.list.selected_ids == [opened]


def test_runs_of_a_schedule_are_those_in_its_windows_with_what_they_installed(stage: Stage) -> None:
    stage.start()
    advance_and_sync(stage, days=12)
    shown = page(stage)
    found = entry(shown, "files-saturdays")
    stage.settle()
    db = stage.app.source.db
    assert db is not None
    rows = db.execute(
        "SELECT i.maintenance_run_id, i.started_at, i.installed, i.pending FROM installations i"
        " JOIN machines m ON m.id=i.machine_id WHERE m.name='vm-file-01'"
        " AND i.maintenance_run_id LIKE 'files-saturdays-%' ORDER BY i.started_at DESC"
    ).fetchall()
    assert len(rows) >= 2
    assert [(r.run, r.started_at, r.installed, r.pending) for r in found.runs] == [
        tuple(row) for row in rows
    ]
    assert {r.machines for r in found.runs} == {1}
    assert [r.run for r in shown.runs.all_rows] == list(found.runs)
    number = shown.model.number_of(found.id)
    last = [c.key for c in shown.model.columns].index("last")
    assert number is not None
    assert shown.model.index(number, last).data() == "Succeeded on 1 machine"
    shown.runs_panel.table.opened.emit(shown.runs.all_rows[0].id)
    stage.settle()
    history = stage.window.page("history")
    assert isinstance(history, HistoryPage)
    stage.until(lambda: history.tab.model.rowCount() == 1)
    assert history.tab.search.text() == rows[0][0]


def test_problems_are_named_and_the_machines_come_first(stage: Stage) -> None:
    cloud = stage.simulator.cloud
    follow(cloud, "vm-web-01", name=NAME, minutes=60, classifications=["Critical"])
    follow(cloud, "vm-web-02", name=NAME, minutes=60, classifications=["Critical"], prepared=False)
    stage.start()
    shown = page(stage)
    found = entry(shown, NAME)
    stage.settle()
    assert found.level is Level.ERROR
    texts = [c.text for c in found.concerns]
    assert texts[0].startswith("1 machine isn't set to Customer Managed Schedules")
    assert ": vm-web-02. That mode excludes hotpatch" in texts[0]
    assert "lasts 60 min" in texts[1]
    assert "doesn't install security updates" in texts[2]
    number = [e.name for e in shown.model.all_rows].index(NAME)
    assert shown.model.index(number, 1).data() == "3 problems"
    assert shown.name.text() == f"{NAME} · rg-web"
    assert [r.name for r in shown.machines.all_rows] == ["vm-web-02", "vm-web-01"]
    assert shown.machines.glyph(shown.machines.all_rows[0], 1) is Glyph.ERROR
    assert shown.prepare.text() == "Prepare 1 machine…"
    shown.prepare.click()
    dialog = stage.window.findChild(UpdateSettingsDialog)
    assert isinstance(dialog, UpdateSettingsDialog)
    assert [m.name for m in dialog.plan.machines] == ["vm-web-02"]
    assert dialog.orchestrations[Orchestration.CUSTOMER_SCHEDULES].isChecked()
    assert not dialog.hotpatch.isChecked(), "hotpatch needs the safety checks"
    assert dialog.save.isEnabled()
    dialog.save.click()
    stage.until(lambda: stage.simulator.cloud.received.get("settings"))
    advance_and_sync(stage, minutes=5)
    stage.until(lambda: not entry(shown, NAME).row.unprepared)
    stage.settle()
    assert not shown.prepare.isVisible()


def test_a_stopped_machine_is_named_and_not_green(stage: Stage) -> None:
    follow(stage.simulator.cloud, "vm-dev-01")
    stage.start()
    shown = page(stage)
    found = entry(shown, "nights")
    stage.settle()
    assert [c.text for c in found.concerns] == [
        "1 machine isn't running. Nothing is installed on it unless it runs when the maintenance window starts."
    ]
    assert shown.machines.glyph(shown.machines.all_rows[0], 1) is Glyph.OFF


def test_an_ended_schedule_is_last_and_never_green(stage: Stage) -> None:
    follow(stage.simulator.cloud, "vm-web-01", expires="2026-08-01 00:00")
    stage.start()
    shown = page(stage)
    ended = shown.model.all_rows[-1]
    assert (ended.name, ended.is_ended, ended.next) == ("nights", True, ())
    number = shown.model.count() - 1
    assert shown.model.index(number, 1).data() == "Ended"
    assert shown.model.glyph(ended, 1) is Glyph.OFF


def test_the_selection_survives_a_sync_although_rows_are_stored_again(stage: Stage) -> None:
    for name in ("vm-web-01", "vm-app-01"):
        follow(stage.simulator.cloud, name, name=f"of {name}")
    stage.start()
    shown = page(stage)
    kept = entry(shown, "of vm-web-01").id
    stage.settle()
    stage.sync()
    stage.settle()
    assert shown.panel.table.selected_ids == [kept]
    assert shown.name.text() == "of vm-web-01 · rg-web"


def test_an_empty_page_says_that_there_are_no_schedules(stage: Stage) -> None:
    stage.simulator.cloud.maintenance.configurations.clear()
    stage.simulator.cloud.maintenance.assignments.clear()
    stage.start()
    shown = page(stage)
    assert shown.panel.empty.headline.text() == "No schedules"
    assert not shown.pane.isVisible()


def test_schedules_that_could_not_be_read_are_not_shown_as_none(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, refused = (
        stage.simulator.handle,
        Response(403, {"error": {"code": "AuthorizationFailed"}}),
    )

    def answered(method: str, url: str, headers: object, body: bytes | None) -> Response:
        asks = body is not None and b"maintenanceconfigurations" in body
        return refused if asks else handle(method, url, headers, body)

    monkeypatch.setattr(stage.simulator, "handle", answered)
    stage.start()
    shown = page(stage)
    assert shown.panel.empty.headline.text() == "No schedules are known"
    assert shown.banner.isVisible()
    assert shown.banner.headline.text() == "Some schedules aren't known"


def test_machines_that_installed_nothing_in_a_window_are_named_when_certain(stage: Stage) -> None:
    cloud = stage.simulator.cloud
    for name in ("vm-web-01", "vm-web-02"):
        follow(cloud, name, prepared=False)

    def passed() -> list[str]:
        stage.settle()
        found = entry(shown, "nights").concerns
        return [c.text for c in found if c.text.startswith("In the last window")]

    stage.start()
    shown = page(stage)
    assert passed() == [], "they may have been assigned after yesterday's window"
    advance_and_sync(stage, hours=20)
    (text,) = passed()
    assert text.startswith(
        "In the last window, on 20 Aug 2026, 1 machine installed nothing although an update is missing: "
        "vm-web-02. Check"
    )


def test_schedules_are_found_by_name_and_resource_group(stage: Stage) -> None:
    follow(stage.simulator.cloud, "vm-web-01")
    stage.start()
    shown = page(stage)
    every = shown.model.count()
    assert every > 1
    for text in ("FILES satur", "rg-files"):
        shown.search.setText(text)
        rows = list(shown.model.all_rows)
        assert [row.name for row in rows] == ["files-saturdays"], text
        assert shown.name.text().startswith("files-saturdays")
    shown.search.setText("nowhere")
    assert shown.panel.empty.headline.text() == "No schedule matches"
    assert shown.pane.isHidden()
    shown.search.clear()
    assert shown.model.count() == every
