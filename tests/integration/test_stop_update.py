"""An update is stopped in the real window: schedules exclude it, and queued installations are canceled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from requests.exceptions import ConnectionError as Broken

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.installs import InstallRequest, may_install
from hotpatch_gui.domain.waves import WaveMode, Waves
from hotpatch_gui.models.stop_update import read_still_installing
from hotpatch_gui.simulator.install_parameters import parse_install_parameters
from hotpatch_gui.simulator.maintenance import schedule_of
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store.database import open_writer, transaction
from hotpatch_gui.views.dialogs.stop_update import StopUpdateDialog
from hotpatch_gui.views.dialogs.update_settings import UpdateSettingsDialog
from hotpatch_gui.views.pages.updates import UpdatesPage

KB = "KB5120708"
ONE_BY_ONE = Waves(WaveMode.SOME, 1)


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        made.start()
        yield made


def stop_dialog(stage: Stage, kb: str = KB) -> StopUpdateDialog:
    stage.window.show_page("updates")
    stage.settle()
    page = stage.window.page("updates")
    assert isinstance(page, UpdatesPage)
    kbs = [page.model.row(n).kb for n in range(page.model.rowCount())]
    page.panel.table.selectRow(kbs.index(kb))
    stage.settle()
    page.machines.stop.click()
    stage.settle()
    (found,) = [d for d in stage.window.findChildren(StopUpdateDialog) if d.isVisible()]
    return found


def queued(stage: Stage) -> list[str]:
    db = stage.app.source.db
    assert db is not None
    return [r[0] for r in db.execute("SELECT request FROM operations WHERE state='queued'")]


def points(dialog: StopUpdateDialog) -> dict[str, str]:
    return {title: detail for _, _, title, detail in dialog._found.points}


def test_schedules_exclude_it_and_only_installations_of_it_are_canceled(stage: Stage) -> None:
    db = stage.app.source.db
    assert db is not None
    ids = dict(db.execute("SELECT name, id FROM machines").fetchall())
    for kb, names in ((KB, ("vm-app-01", "vm-print-01")), ("KB890830", ("vm-sql-01", "vm-web-02"))):
        request = InstallRequest(include=(kb,))
        stage.app.actions.install([ids[name] for name in names], request, ONE_BY_ONE)

    stage.until(lambda: len(queued(stage)) == 2)
    dialog = stop_dialog(stage)
    assert dialog.stop.text() == "Exclude it in 1 schedule and cancel 1 installation"
    running = points(dialog)["An installation is in progress on 1 machine"]
    assert (
        running
        == "The installation may include this update. Azure can't stop it. Machines: vm-app-01."
    ), "the other is queued"
    dialog.stop.click()
    stage.until(lambda: len(queued(stage)) == 1)
    assert "890830" in queued(stage)[0]
    stored = stage.simulator.cloud.maintenance.configurations
    excluded = {KB.removeprefix("KB")}
    stage.until(lambda: excluded in [set(schedule_of(one).exclude) for one in stored.values()])


def test_causes_that_cannot_be_stopped_are_named(stage: Stage) -> None:
    dialog = stop_dialog(stage)
    found = points(dialog)
    assert dialog.settings.text() == "Update settings of 4 machines…"
    dialog.settings.click()
    (settings,) = dialog.findChildren(UpdateSettingsDialog)
    settings.reject()
    assert "vm-app-01" in found["Azure may install it on 4 machines"]
    assert "It is installed on 1 machine" in found
    assert all("vm-legacy-01" not in detail for detail in found.values())


def test_excluded_updates_are_not_excluded_again(stage: Stage) -> None:
    stop_dialog(stage).stop.click()
    stage.settle()
    stage.sync()
    dialog = stop_dialog(stage)
    assert dialog.summary.text() == (
        "No schedule or queued installation installs it. 1 schedule excludes it already."
    )
    assert not dialog.stop.isEnabled()


def test_while_changes_are_off_the_schedule_stays_with_the_reason(stage: Stage) -> None:
    stage.app.actions.allow_changes(1, changes_allowed=False)
    stage.idle()
    dialog = stop_dialog(stage)
    assert not dialog.stop.isEnabled()
    assert "Changes are off" in dialog.model.rows[0].cells[-1]


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ({"kbNumbersToInclude": ["5120708"]}, True),
        ({"kbNumbersToInclude": ["KB5120708"], "kbNumbersToExclude": ["kb5120708"]}, False),
        ({"classificationsToInclude": ["security"]}, True),
        ({"classificationsToInclude": ["Critical"]}, False),
        ({"classificationsToInclude": None, "kbNumbersToInclude": ["890830"]}, False),
    ],
)
def test_a_request_selects_by_azures_rules(windows: dict[str, object], expected: bool) -> None:
    assert may_install(json.dumps({"windowsParameters": windows}), KB, {"Security"}) is expected


@pytest.mark.parametrize("body", ["", "[]", "{", '{"windowsParameters": 1}', None])
def test_a_request_that_cannot_be_read_may_install_everything(body: str | None) -> None:
    assert may_install(body, KB, {"Security"})


def test_a_run_of_the_history_offers_to_stop_the_update_that_failed(stage: Stage) -> None:
    stage.choose("vm-print-01")
    blade = stage.window.machines.blade
    blade.tabs.setCurrentIndex(2)
    stage.settle()
    history = blade.history
    history.panel.table.selectRow(0)
    stage.settle()
    assert history.details.stop.text() == "Stop KB5120228…"
    history.details.stop.click()
    stage.settle()
    (dialog,) = stage.window.findChildren(StopUpdateDialog)
    assert dialog.windowTitle() == "Stop KB5120228"
    dialog.reject()


@pytest.mark.expects_log
def test_unread_schedules_hide_no_known_answer(stage: Stage) -> None:
    handle = stage.simulator.handle
    no = Response(403, {"error": {"code": "AuthorizationFailed", "message": "No."}})

    def unread(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        is_list = b"maintenanceconfigurations" in (body or b"").lower()
        return no if is_list else handle(method, url, headers, body)

    stage.simulator.handle = unread
    stage.sync()
    found = points(stop_dialog(stage, "KB5120242"))
    assert "vm-legacy-01" in found["Windows Update may install it on 1 machine"]
    unknown = [detail for title, detail in found.items() if title.startswith("It isn't known what")]
    assert unknown
    assert "vm-legacy-01" not in unknown[0]


def excluded(stage: Stage) -> list[set[str]]:
    stored = stage.simulator.cloud.maintenance.configurations
    return [set(schedule_of(one).exclude) for one in stored.values()]


def edit(stage: Stage, sql: str, *values: object) -> None:
    """Change what the file knows, as an unusual assessment would."""
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        db.execute(sql, values)


def test_changes_by_others_in_the_meantime_are_kept(stage: Stage) -> None:
    dialog = stop_dialog(stage)
    (row,) = [one.row for one in dialog._found.schedules]
    configurations = stage.simulator.cloud.maintenance.configurations
    known = configurations[row.resource_id]
    windows = known["properties"]["installPatches"]["windowsParameters"]
    windows["kbNumbersToExclude"] = ["890830"]
    known["properties"]["maintenanceWindow"]["recurEvery"] = "Week Sunday"
    dialog.stop.click()
    stage.until(lambda: {"890830", "5120708"} in excluded(stage))
    stage.idle()
    window = configurations[row.resource_id]["properties"]["maintenanceWindow"]
    assert window["recurEvery"] == "Week Sunday"
    db = stage.app.source.db
    assert db is not None
    (state,) = db.execute(
        "SELECT state FROM schedule_changes WHERE kind='exclude update'"
    ).fetchone()
    assert state == "succeeded"


@pytest.mark.expects_log
def test_schedules_that_were_never_read_are_not_shown_as_none(qapp: QApplication) -> None:
    with Stage("light") as stage:
        handle = stage.simulator.handle
        no = Response(403, {"error": {"code": "AuthorizationFailed", "message": "No."}})

        def unread(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
            is_list = b"maintenanceconfigurations" in (body or b"").lower()
            return no if is_list else handle(method, url, headers, body)

        stage.simulator.handle = unread
        stage.start()
        dialog = stop_dialog(stage)
        assert dialog.summary.text() == "No known schedule or queued installation installs it."
        assert "Schedules of Contoso aren't known" in points(dialog)


@pytest.mark.expects_log
def test_an_installation_with_a_lost_response_is_not_shown_as_in_progress(stage: Stage) -> None:
    def lose(method: str, path: str) -> Exception | None:
        return Broken("reset") if path.endswith("/installPatches") else None

    stage.simulator.faults.append(lose)
    db = stage.app.source.db
    assert db is not None
    (number,) = db.execute("SELECT id FROM machines WHERE name='vm-app-01'").fetchone()
    stage.app.actions.install([number], InstallRequest(include=(KB,)))
    stage.until(
        lambda: db.execute("SELECT count(*) FROM operations WHERE state='unknown'").fetchone()[0]
    )
    found = points(stop_dialog(stage))
    assert "An installation is in progress on 1 machine" not in found
    assert "vm-app-01" in found["An installation may be in progress on 1 machine"]


def test_an_installation_that_another_user_started_is_named(stage: Stage) -> None:
    cloud = stage.simulator.cloud
    raw = {
        "maximumDuration": "PT2H",
        "rebootSetting": "IfRequired",
        "windowsParameters": {"classificationsToInclude": ["Security"]},
    }
    cloud.begin_installation(cloud.guests["vm-app-01"], parse_install_parameters(raw), raw)
    stage.sync()
    found = points(stop_dialog(stage))
    assert "vm-app-01" in found["An installation is in progress on 1 machine"]


def test_an_update_of_an_unknown_kind_may_be_installed_by_all(stage: Stage) -> None:
    before = stop_dialog(stage)
    names = {one.row.schedule.name for one in before._found.schedules}
    before.reject()
    edit(stage, "UPDATE updates SET classification='Unclassified' WHERE kb=?", KB)
    dialog = stop_dialog(stage)
    assert {one.row.schedule.name for one in dialog._found.schedules} >= names
    found = points(dialog)
    assert not any(title.startswith("Azure may install it") for title in found), "it isn't certain"
    assert "vm-app-01" in found["It isn't known what installs it on 4 machines"]


def test_an_update_of_unknown_restart_behavior_may_be_one_that_never_restarts(stage: Stage) -> None:
    edit(stage, "UPDATE schedules SET exclude_restarting=1")
    found = stop_dialog(stage)
    assert found._found.schedules == (), "it restarts"
    found.reject()
    edit(stage, "UPDATE updates SET restart='Unknown' WHERE kb=?", KB)
    assert stop_dialog(stage)._found.schedules != ()


def test_the_dialog_follows_what_happens_while_it_is_open(stage: Stage) -> None:
    db = stage.app.source.db
    assert db is not None
    ids = dict(db.execute("SELECT name, id FROM machines").fetchall())
    dialog = stop_dialog(stage)
    assert dialog.stop.text() == "Exclude it in 1 schedule"
    dialog.view.model().setData(
        dialog.model.index(0, 0), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole
    )
    names = ("vm-app-01", "vm-print-01")
    request = InstallRequest(include=(KB,))
    stage.app.actions.install([ids[name] for name in names], request, ONE_BY_ONE)
    stage.until(lambda: dialog.stop.text() == "Cancel 1 installation")
    assert "An installation is in progress on 1 machine" in points(dialog)
    assert dialog.model.ids == [], "what wasn't selected stays so"


def test_windows_installs_it_on_servers_outside_azure_too(stage: Stage) -> None:
    db = stage.app.source.db
    assert db is not None
    arc = {
        name
        for name, mode in db.execute(
            "SELECT m.name, m.patch_mode FROM machines m JOIN updates u ON u.machine_id=m.id"
            " WHERE u.kb=? AND m.kind='arc'",
            (KB,),
        )
        if mode == "AutomaticByOS"
    }
    assert arc
    found = read_still_installing(db, KB, stage.app.clock)
    (title,) = [t for _, _, t, _ in found.points if t.startswith("Windows Update may install it")]
    assert title == f"Windows Update may install it on {len(arc)} machines"


def test_machines_without_a_current_assessment_are_not_known(stage: Stage) -> None:
    found = points(stop_dialog(stage))
    detail = found["The update may be missing on 2 machines"]
    assert "vm-new-01" in detail
    assert "vm-batch-01" in detail


def test_a_kb_that_no_machine_has_may_be_mistyped(stage: Stage) -> None:
    db = stage.app.source.db
    assert db is not None
    found = read_still_installing(db, "KB9999999", stage.app.clock)
    titles = [title for _, _, title, _ in found.points]
    assert "No machine is known to need or to have this update" in titles
