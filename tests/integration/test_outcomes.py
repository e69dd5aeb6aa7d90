"""Toasts, the bell and system notifications: what ended, with its next step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from hotpatch_gui.application.tray import Tray
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationState as S
from hotpatch_gui.domain.schedule_changes import ChangeKind
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.domain.waves import WaveMode, Waves
from hotpatch_gui.models import actions
from hotpatch_gui.models.outcomes import Outcome, Outcomes, change_title, detail_of, glyph_of
from hotpatch_gui.models.source import DataSource
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store.database import SCHEMA_VERSION
from hotpatch_gui.store.ended_operations import EndedAction
from hotpatch_gui.store.schedule_changes import EndedChanges
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.views.main_window import PAGES
from hotpatch_gui.views.widgets.toasts import MAX_TOASTS, SHOWN_MS, Toast

SECURITY = InstallRequest(frozenset({Classification.SECURITY}))


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        made.start()
        yield made


def ids(stage: Stage, *names: str) -> list[int]:
    db = stage.app.source.db
    assert db is not None
    return [
        db.execute("SELECT id FROM machines WHERE name=?", (name,)).fetchone()[0] for name in names
    ]


def toasts(stage: Stage) -> list[Toast]:
    stage.settle()
    return stage.window.toasts.shown


def end(stage: Stage) -> None:
    """Let Azure finish, and wait until nothing is open."""
    db = stage.app.source.db
    assert db is not None
    waiting = "SELECT 1 FROM operations WHERE state IN ('queued', 'sent')"
    stage.until(lambda: not db.execute(waiting).fetchone())
    stage.clock.advance(minutes=20)
    stage.until(
        lambda: not db.execute("SELECT 1 FROM operations WHERE ended_at IS NULL").fetchone()
    )
    stage.settle()
    stage.settle()


@pytest.mark.expects_log
def test_a_bulk_action_is_one_toast_with_its_counts(stage: Stage) -> None:
    stage.request.assess(ids(stage, "vm-web-01", "vm-web-02", "vm-app-01"))
    end(stage)
    (toast,) = toasts(stage)
    assert toast.outcome.title == "Assess now: 3 of 3 machines succeeded"
    assert toast.outcome.glyph is Glyph.OK
    toast.buttons[0].click()
    assert PAGES[stage.window.pages.currentIndex()] == "activity"
    assert toasts(stage) == [], "its button was used"
    stage.settle()
    page = stage.window.page("activity")
    by_action = page.by_action
    assert by_action.model.rowCount() == 1, "a bulk action is one row"
    row = by_action.model.row(0)
    assert (actions.machines_text(row), actions.text(row)) == ("3 machines", "3 succeeded")
    assert by_action.panel.table.selected_ids == [row.id]
    stage.settle()
    assert by_action.lower_panel.isVisible()
    shown = {by_action.operations.row(n).machine_name for n in range(3)}
    assert shown == {"vm-web-01", "vm-web-02", "vm-app-01"}
    by_action.lower_panel.table.opened.emit(by_action.operations.id_at(0))
    stage.settle()
    assert PAGES[stage.window.pages.currentIndex()] == "machines"


@pytest.mark.expects_log
def test_queued_operations_of_an_action_are_canceled_together_and_counted(stage: Stage) -> None:
    """The summary once counted no canceled operation, because Azure's spelling was expected."""
    first, *rest = ids(stage, "vm-web-01", "vm-web-02", "vm-app-01")
    stage.request.install([first, *rest], SECURITY, Waves(WaveMode.SOME, size=1))
    stage.until(lambda: S.RUNNING in stage.operation_states())
    stage.window.show_page("activity")
    page = stage.window.page("activity")
    stage.until(lambda: page.by_action.model.rowCount() == 1)
    page.by_action.panel.table.selectRow(0)
    stage.settle()
    assert page.cancel.text() == "Cancel 2 queued operations"
    page.cancel.click()
    stage.until(lambda: stage.operation_states().count(S.CANCELED) == 2)
    stage.settle()
    assert actions.text(page.by_action.model.row(0)) == "2 of 3 finished, 2 canceled"
    end(stage)
    assert actions.text(page.by_action.model.row(0)) == "1 succeeded, 2 canceled"
    assert toasts(stage)[0].outcome.title == "Install updates now: 1 of 3 machines succeeded"
    assert "2 canceled" in toasts(stage)[0].outcome.detail


@pytest.mark.expects_log
def test_a_failure_toast_explains_the_remedy_and_stays(stage: Stage) -> None:
    code = {"code": "ScopeLocked", "message": "Locked (0x80070005)."}

    def locked(method: str, _: str) -> Response | None:
        return Response(409, {"error": code}) if method == "POST" else None

    stage.simulator.faults.append(locked)
    stage.request.restart(ids(stage, "vm-web-01"))
    end(stage)
    (toast,) = toasts(stage)
    assert toast.outcome.title == "Restart on vm-web-01: failed"
    assert "Check the permissions of" in toast.outcome.detail
    assert not toast.outcome.is_good
    toast.close_button.click()
    assert toasts(stage) == []


def test_the_bell_counts_and_lists_what_the_user_has_not_seen(stage: Stage) -> None:
    outcomes, bell = stage.app.outcomes, stage.window.header.bell
    done: list[str] = []
    outcomes.add(Glyph.OK, "Exported & <b>", "C:\\x", (("Open", lambda: done.append("open")),))
    outcomes.add(Glyph.ERROR, "Export failed", "The disk is full.")
    assert bell.text() == "2"
    assert bell.accessibleName() == "2 new notifications"
    bell.list.aboutToShow.emit()
    assert bell.text() == ""
    texts = [a.text() for a in bell.list.actions()]
    assert texts[0].startswith("Export failed")
    assert texts[1].startswith("Exported && <b>")
    bell.list.actions()[1].trigger()
    assert done == ["open"]
    bell.list.aboutToShow.emit()
    next(a for a in bell.list.actions() if a.text() == "Clear").trigger()
    assert not outcomes.items


def test_successes_disappear_and_only_the_newest_stay(stage: Stage) -> None:
    outcomes = stage.app.outcomes
    for number in range(MAX_TOASTS + 2):
        outcomes.add(Glyph.ERROR, f"Failure {number}")
    assert [t.outcome.title for t in toasts(stage)] == [f"Failure {n}" for n in (2, 3, 4)]
    outcomes.add(Glyph.OK, "Success")
    timers = [c for c in toasts(stage)[-1].children() if c.metaObject().className() == "QTimer"]
    assert [t.interval() for t in timers] == [SHOWN_MS]
    timers[0].timeout.emit()
    assert [t.outcome.title for t in toasts(stage)] == ["Failure 3", "Failure 4"]


def test_toasts_stay_in_the_window_and_above_each_other(stage: Stage) -> None:
    for number in range(MAX_TOASTS):
        stage.app.outcomes.add(Glyph.ERROR, f"Failure {number}", "Long words. " * 12)
    stage.window.resize(1024, 640)
    shown = toasts(stage)
    area = stage.window.centralWidget().rect()
    rects = [t.geometry() for t in shown]
    assert all(area.contains(r) for r in rects)
    assert not any(a.intersects(b) for n, a in enumerate(rects) for b in rects[n + 1 :])


@pytest.mark.qt_log_ignore("No such signal QPlatformNativeInterface", "propagateSizeHints")
def test_system_notifications_respect_the_settings_and_the_focus(stage: Stage) -> None:
    tray = Tray(stage.window, stage.app.outcomes, stage.app.preferences)
    now = stage.app.clock()
    good, bad = Outcome(now, Glyph.OK, "good"), Outcome(now, Glyph.UNKNOWN, "unknown")
    stage.window.activateWindow()
    stage.until(stage.window.isActiveWindow)
    assert not tray.should_notify(good)
    assert not tray.should_notify(bad)
    stage.window.hide()
    stage.settle()
    assert tray.should_notify(good)
    stage.app.preferences.notifies_success = False
    assert not tray.should_notify(good)
    assert tray.should_notify(bad)
    stage.app.preferences.notifies_failure = False
    assert not tray.should_notify(bad._replace(at=now + timedelta(hours=1)))
    stage.window.show()


@pytest.mark.expects_log
def test_each_action_has_its_own_toast_and_unknown_results_are_announced_once(stage: Stage) -> None:
    """Actions of one minute were added up; an unknown result was only announced when it was dismissed."""
    one, two = ids(stage, "vm-web-01", "vm-app-01")
    stage.request.assess([one])
    stage.request.assess([two])
    end(stage)
    titles = [t.outcome.title for t in toasts(stage)]
    assert titles == ["Assess now on vm-web-01: succeeded", "Assess now on vm-app-01: succeeded"]
    stage.simulator.faults.append(
        lambda method, path: (
            Response(404, {"error": {"code": "NotFound", "message": "gone"}})
            if "/operations/" in path
            else None
        )
    )
    stage.request.restart([one])
    db = stage.app.source.db
    assert db is not None
    stage.until(
        lambda: db.execute("SELECT 1 FROM operations WHERE state='unknown'").fetchone() is not None
    )
    stage.settle()
    stage.settle()
    assert toasts(stage)[-1].outcome.title == "Restart on vm-web-01: result unknown"
    number = len(stage.app.outcomes.items)
    (operation_id,) = db.execute("SELECT id FROM operations WHERE state='unknown'").fetchone()
    stage.app.actions.dismiss([operation_id])
    stage.until(
        lambda: (
            db.execute("SELECT 1 FROM operations WHERE state='dismissed'").fetchone() is not None
        )
    )
    stage.settle()
    stage.settle()
    assert len(stage.app.outcomes.items) == number, "what the user has just dismissed is no news"


@pytest.mark.expects_log
def test_a_clock_set_back_hides_no_outcome(stage: Stage) -> None:
    stage.clock.advance(days=-3)
    stage.request.sync(full=True)
    stage.request.assess(ids(stage, "vm-web-01"))
    end(stage)
    assert [t.outcome.title for t in toasts(stage)] == ["Assess now on vm-web-01: succeeded"]


@pytest.mark.expects_log
def test_results_from_before_a_program_update_are_not_announced(
    stage: Stage, tmp_path: Path, qtbot: QtBot
) -> None:
    """The file of an earlier version opens only after its migration, when the window is already open."""
    stage.request.assess(ids(stage, "vm-web-01", "vm-web-02"))
    end(stage)
    path = tmp_path / "hotpatch.sqlite3"
    assert stage.app.source.db is not None
    with closing(sqlite3.connect(path)) as copy:
        stage.app.source.db.backup(copy)
        copy.execute(f"PRAGMA user_version={SCHEMA_VERSION - 1}")
    source = DataSource(path)
    outcomes = Outcomes(source, lambda: EPOCH, source)
    assert source.db is None
    with closing(sqlite3.connect(path)) as migrated:
        migrated.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    source.open()
    source.notify(ChangedTables(frozenset({"operations", "schedule_changes"})))
    qtbot.waitUntil(lambda: source.reader.is_idle)
    qtbot.wait(20)
    assert list(outcomes.items) == []
    source.close()


@pytest.mark.expects_log
def test_results_in_a_replaced_file_are_announced(
    stage: Stage, tmp_path: Path, qtbot: QtBot
) -> None:
    stage.request.assess(ids(stage, "vm-web-01"))
    stage.request.assess(ids(stage, "vm-web-02"))
    end(stage)
    path = tmp_path / "hotpatch.sqlite3"
    assert stage.app.source.db is not None
    with closing(sqlite3.connect(path)) as copy:
        stage.app.source.db.backup(copy)
    source = DataSource(path)
    outcomes = Outcomes(source, lambda: EPOCH, source)
    with closing(sqlite3.connect(path)) as new:
        new.execute("DELETE FROM operations")
        new.commit()
    source.open(again=True)
    with closing(sqlite3.connect(path)) as new:
        new.execute("ATTACH ? AS old", (str(stage.app.source.path),))
        new.execute("INSERT INTO operations SELECT * FROM old.operations LIMIT 1")
        new.commit()
    source.notify(ChangedTables(frozenset({"operations"})))
    qtbot.waitUntil(lambda: len(outcomes.items) == 1)
    assert outcomes.items[0].title == "Assess now on vm-web-01: succeeded"
    source.close()


@pytest.mark.parametrize("code", ["0x80070005", "HRESULT: 80070005", "-2147024891"])
def test_a_code_of_windows_is_explained_in_each_notation(code: str) -> None:
    ended = EndedAction(1, "install", 1, 0, 1, 0, 0, "vm-web-01", f"Failed with {code}.", "")
    assert "Check the permissions of" in detail_of(ended)
    plain = ended._replace(note="Another operation is running (Conflict).")
    assert detail_of(plain) == plain.note


@pytest.mark.expects_log
def test_an_unknown_result_of_an_earlier_session_is_announced_when_it_changes(
    stage: Stage, tmp_path: Path, qtbot: QtBot
) -> None:
    stage.request.assess(ids(stage, "vm-web-01"))
    end(stage)
    path = tmp_path / "hotpatch.sqlite3"
    assert stage.app.source.db is not None
    with closing(sqlite3.connect(path)) as copy:
        stage.app.source.db.backup(copy)
        copy.execute("UPDATE operations SET state='unknown', ended_at=NULL")
        copy.commit()
    source = DataSource(path)
    outcomes = Outcomes(source, lambda: EPOCH, source)
    source.notify(ChangedTables(frozenset({"operations"})))
    qtbot.waitUntil(lambda: source.reader.is_idle)
    qtbot.wait(20)
    assert list(outcomes.items) == []
    with closing(sqlite3.connect(path)) as copy:
        copy.execute("UPDATE operations SET state='succeeded', ended_at=created_at")
        copy.commit()
    qtbot.wait(250)  # notifications rest
    source.notify(ChangedTables(frozenset({"operations"})))
    qtbot.waitUntil(lambda: len(outcomes.items) == 1)
    assert outcomes.items[0].title == "Assess now on vm-web-01: succeeded"
    source.close()


def test_excluding_an_update_in_many_schedules_is_one_outcome() -> None:
    of_all = EndedChanges(
        7, 26, 1, ChangeKind.EXCLUDE, "files · rg-1 (KB5120229)", 26, 25, 1, 0, 0, "Locked."
    )
    assert change_title(of_all) == "Exclude KB5120229: 25 of 26 schedules succeeded"
    assert glyph_of(of_all) is Glyph.ERROR


def test_a_canceled_part_of_an_action_is_not_green() -> None:
    stopped = EndedAction(1, "install", 103, 21, 0, 0, 82, "vm-1", "", "")
    assert glyph_of(stopped) is Glyph.INFO
