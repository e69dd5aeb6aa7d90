"""The whole journey in the real window, against a simulated Azure in another process."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QPushButton
from pytestqt.qtbot import QtBot

from helpers.simulator import simulate
from hotpatch_gui.application.targets import simulated_target
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.clouds import simulated
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.views.dialogs.install import InstallDialog


def compliance(stage: Stage) -> list[str]:
    stage.window.machines.blade.tabs.setCurrentIndex(1)
    stage.settle()
    model = stage.window.machines.blade.compliance.model
    rows = (model.row(n) for n in range(model.rowCount()))
    return sorted(row.kb for row in rows if row is not None)


def install(stage: Stage, qtbot: QtBot, only: str) -> str:
    """Install one KB through the dialog as a user would.

    Returns:
        The review's sentence.
    """
    qtbot.mouseClick(stage.window.findChild(object, "button-install"), Qt.MouseButton.LeftButton)
    dialog = stage.window.findChild(InstallDialog)

    def click(name):
        return qtbot.mouseClick(dialog.findChild(QPushButton, name), Qt.MouseButton.LeftButton)

    click("stepNext")
    for box in dialog.findChildren(QCheckBox):
        if box.objectName().startswith("class-"):
            box.setChecked(False)
    assert not dialog.next.isEnabled(), "neither a classification nor a KB"
    qtbot.keyClicks(dialog.updates.include, only)
    click("stepNext")
    click("stepNext")
    promise = dialog.sentence.headline.text()
    done = len(stage.operation_states())
    click("stepAct")
    stage.until(
        lambda: len(stage.operation_states()) == done + 1 and stage.operation_states()[-1].is_final
    )
    assert stage.operation_states()[-1] is OperationState.SUCCEEDED
    stage.idle()
    stage.settle()
    return promise


def test_a_user_assesses_installs_and_sees_the_result(qapp, qtbot: QtBot, tmp_path: Path) -> None:
    with simulate("--speed", "600", "--quota", "500") as azure:
        target = simulated_target(simulated(azure.endpoint))
        with Stage("light", folder=tmp_path, target=target) as stage:
            stage.start()
            assert stage.window.machines.model.rowCount() == 16
            assert "Demo" in stage.window.header.demo.text()
            blade = stage.window.machines.blade

            stage.choose("vm-new-01")
            assert "No assessment of this machine is known" in blade.banner.headline.text()
            assert compliance(stage) == []
            qtbot.mouseClick(
                stage.window.findChild(object, "button-assess"), Qt.MouseButton.LeftButton
            )
            stage.until(lambda: stage.operation_states() == [OperationState.SUCCEEDED])
            stage.settle()
            assert compliance(stage) == ["KB2267602", "KB5120708", "KB890830"]
            assert "Not assessed" not in blade.banner.headline.text()

            stage.choose("vm-app-01")
            assert "Behind by 2 releases" in blade.banner.headline.text()
            assert "KB5099536" in compliance(stage)
            promise = install(stage, qtbot, "KB5099536")
            assert promise == "1 update on 1 machine. The machine restarts for KB5099536."
            assert "Behind by one release" in blade.banner.headline.text()
            assert "July 2026 baseline KB5099536" in blade.banner.detail.text()
            assert "KB5120228" in compliance(stage)

            promise = install(stage, qtbot, "5120228")
            assert (
                promise
                == "1 update on 1 machine. No restart: none of the selected updates needs one."
            )
            assert "KB5120228" not in compliance(stage)
            assert (
                "It runs the hotpatch KB5120228 on the July 2026 baseline KB5099536."
                in blade.banner.detail.text()
            )

            blade.tabs.setCurrentIndex(2)
            stage.settle()
            history = blade.history.model
            newest = [history.row(n) for n in (0, 1)]
            assert [row.restart_status for row in newest] == ["NotNeeded", "Completed"]
            assert [history.index(n, 2).data() for n in (0, 1)] == ["Succeeded", "Succeeded"]

    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        kinds = db.execute("SELECT kind, state FROM operations ORDER BY id").fetchall()
        assert kinds == [
            ("assess", "succeeded"),
            ("install", "succeeded"),
            ("install", "succeeded"),
        ]
        installed = db.execute(
            "SELECT u.kb FROM operations o JOIN installations i ON i.run_id=o.run_id AND i.machine_id=o.machine_id"
            " JOIN installation_updates u ON u.installation_id=i.id AND u.state='Installed' ORDER BY o.id"
        ).fetchall()
        assert installed == [("KB5099536",), ("KB5120228",)]
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
