"""An action happens once, however often it is requested: double clicks, held keys, a second window."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from hotpatch_gui.application.folder_lock import lock
from hotpatch_gui.application.user_actions import EngineUserActions
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.settings import Orchestration
from hotpatch_gui.views.dialogs.install import InstallDialog
from hotpatch_gui.views.dialogs.update_settings import UpdateSettingsDialog

HELD = 20
CONTROL = Qt.KeyboardModifier.ControlModifier


def double_click(stage: Stage, qtbot: QtBot, widget: QWidget) -> None:
    """Click, double-click and click again at one place on the screen, whatever is under it by then."""
    window = widget.window()
    slot = widget.mapTo(window, widget.rect().center())
    for click in (qtbot.mouseClick, qtbot.mouseDClick, qtbot.mouseClick):
        under = window.childAt(slot) if window.isVisible() else stage.window.childAt(slot)
        if under is not None:
            click(under, Qt.MouseButton.LeftButton)


def kinds(stage: Stage) -> Counter[str]:
    db = stage.app.source.db
    assert db is not None
    return Counter(r[0] for r in db.execute("SELECT kind FROM operations"))


def end_all(stage: Stage) -> None:
    stage.until(lambda: stage.app.engine.unhandled == 0)

    def has_ended() -> bool:
        stage.clock.advance(minutes=1)
        return all(s.is_final for s in stage.operation_states())

    stage.until(has_ended)
    stage.idle()
    assert has_ended()


@pytest.mark.expects_log
def test_an_assessment_requested_twice_is_sent_once(stage: Stage, qtbot: QtBot) -> None:
    stage.start()
    stage.choose("vm-web-02")
    button = stage.window.findChild(QAbstractButton, "button-assess")
    assert button is not None
    double_click(stage, qtbot, button)
    stage.window.activateWindow()
    stage.until(stage.window.isActiveWindow)
    for _ in range(HELD):
        qtbot.keyClick(stage.window, Qt.Key.Key_A, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    end_all(stage)
    assert kinds(stage) == {"assess": 1}
    assert stage.simulator.cloud.received == {"assess": 1}


def test_an_installation_requested_twice_is_sent_once(stage: Stage, qtbot: QtBot) -> None:
    stage.start()
    stage.choose("vm-app-01")
    stage.window.activateWindow()
    stage.until(stage.window.isActiveWindow)
    for _ in range(HELD):
        qtbot.keyClick(stage.window, Qt.Key.Key_I, CONTROL)
    dialogs = stage.window.findChildren(InstallDialog)
    assert len(dialogs) == 1, "one dialog, however long the key is held"
    dialogs[0].go_to(1)
    dialogs[0].go_to(3)
    assert dialogs[0].act.isEnabled()
    double_click(stage, qtbot, dialogs[0].act)
    end_all(stage)
    assert kinds(stage)["install"] == 1
    assert stage.simulator.cloud.received["install"] == 1


@pytest.mark.expects_log
def test_a_restart_requested_twice_is_sent_once(stage: Stage, qtbot: QtBot) -> None:
    stage.start()
    stage.choose("vm-dc-01")
    for _ in range(HELD):
        stage.window.machines.blade.commands["restart"].trigger()
    buttons = stage.window.findChildren(QAbstractButton, "confirmYes")
    for button in buttons:
        double_click(stage, qtbot, button)
    end_all(stage)
    assert kinds(stage)["restart"] == 1
    assert stage.simulator.cloud.received["restart"] == 1


def test_a_settings_change_requested_twice_is_sent_once(stage: Stage, qtbot: QtBot) -> None:
    stage.start()
    stage.choose("vm-web-01")
    for _ in range(HELD):
        stage.window.machines.blade.command_bar.open_settings()
    dialogs = stage.window.findChildren(UpdateSettingsDialog)
    assert len(dialogs) == 1
    dialogs[0].orchestrations[Orchestration.CUSTOMER_SCHEDULES].setChecked(True)
    dialogs[0].hotpatch.setChecked(False)
    assert dialogs[0].save.isEnabled()
    double_click(stage, qtbot, dialogs[0].save)
    end_all(stage)
    assert kinds(stage)["settings"] == 1
    assert stage.simulator.cloud.received["settings"] == 1


def test_a_refresh_requested_twice_runs_once(stage: Stage, qtbot: QtBot) -> None:
    stage.start()
    requested = []
    stage.simulator.faults.append(lambda method, path: requested.append(path))
    stage.window.activateWindow()
    stage.until(stage.window.isActiveWindow)
    stage.window.header.search.clearFocus()
    for _ in range(HELD):
        qtbot.keyClick(stage.window, Qt.Key.Key_F5)
    stage.idle()
    stage.settle()
    assert 0 < len(requested) < 2 * HELD, "a key held down causes no storm of requests"


@pytest.mark.expects_log
def test_two_windows_on_one_file_queue_an_operation_once(stage: Stage) -> None:
    stage.start()
    source = stage.app.source
    second = EngineUserActions(
        stage.app.engine.send,
        source.path,
        lambda: source.db,
        stage.window.show_problem,
        clock=stage.clock.now,
    )
    machine = stage.window.machines.model.id_at(0)
    assert machine is not None
    for window in (stage.app.actions, second):
        window.assess([machine])
    stage.until(
        lambda: (
            "is already queued, is in progress or has an unknown result on the machine"
            in stage.window.notice.headline.text()
        )
    )
    end_all(stage)
    assert stage.simulator.cloud.received == {"assess": 1}


def test_a_second_window_reports_the_first_and_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    held = lock(folder)
    before = sorted(folder.iterdir())
    command = [sys.executable, "-m", "hotpatch_gui", "--data-dir", str(tmp_path)]
    with subprocess.Popen(
        command,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        message = process.stderr.readline() + process.stderr.readline()
        process.kill()
    assert f"is already open with this data folder: {folder}" in message
    assert "--data-dir and another folder" in message
    assert sorted(folder.iterdir()) == before
    assert held is not None
    held.unlock()


def test_a_second_start_raises_the_window_of_the_first(qapp, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    held = lock(folder)
    assert held is not None
    with Stage("light", folder=folder) as stage:
        stage.start()
        stage.window.showMinimized()
        command = [sys.executable, "-m", "hotpatch_gui", "--data-dir", str(tmp_path), "--demo"]
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        with subprocess.Popen(
            command, env=environment, stderr=subprocess.PIPE, text=True
        ) as second:
            stage.until(lambda: second.poll() is not None)
            assert second.stderr is not None
            assert f"its window was brought to the front: {folder}" in second.stderr.read()
        assert second.returncode == 0
        assert not stage.window.isMinimized()
    held.unlock()
