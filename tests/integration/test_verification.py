"""Verification: finished runs are compared with the next assessment, as History shows it."""

from __future__ import annotations

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.installs import InstallRequest, RestartSetting
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.views.pages.history import HistoryPage

IMPORTANT = frozenset({Classification.CRITICAL, Classification.SECURITY})


def afterwards(stage: Stage, name: str, request: InstallRequest) -> tuple[str, str]:
    """The verification of an installation in History once it ended: its text and tooltip."""
    stage.start()
    db = stage.app.source.db
    assert db is not None
    (number,) = db.execute("SELECT id FROM machines WHERE name=?", (name,)).fetchone()
    stage.request.install([number], request)
    stage.until(lambda: stage.operation_states() == [OperationState.RUNNING])
    stage.clock.advance(hours=3)
    stage.until(lambda: stage.operation_states()[0].is_final)
    stage.window.show_page("history")
    stage.settle()
    page = stage.window.page("history")
    assert isinstance(page, HistoryPage)
    model = stage.table("fleetHistoryTable").model()
    row = model.row(0)
    assert row.machine_name == name
    slot = [column.key for column in model.columns].index("discrepancies")
    return model.text(row, slot), model.columns[slot].tip(row, stage.clock.now())


def test_a_confirmed_installation_has_no_discrepancies(stage: Stage) -> None:
    reported, _ = afterwards(stage, "vm-web-02", InstallRequest(IMPORTANT))
    assert reported == "Confirmed"


def test_a_deferred_restart_is_still_pending(stage: Stage) -> None:
    reported, means = afterwards(
        stage, "vm-app-01", InstallRequest(IMPORTANT, restart=RestartSetting.NEVER)
    )
    assert reported == "Restart still pending"
    assert "a restart is still pending" in means


def test_a_completed_run_without_installations_is_reported(stage: Stage) -> None:
    reported, means = afterwards(stage, "vm-web-02", InstallRequest(include=("KB5031364",)))
    assert reported == "Nothing installed"
    assert "none of the selected updates was installed" in means


def test_an_exceeded_window_with_time_left_is_reported(stage: Stage) -> None:
    request = InstallRequest(frozenset(Classification), maximum_minutes=26)
    reported, means = afterwards(stage, "vm-app-01", request)
    assert "Stopped before the window's end" in reported
    assert "minutes left, because it starts no update in the last 25" in means
