"""Steps that scenes share."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QCheckBox, QDialog, QWidget
from requests.exceptions import ConnectionError as NoConnection

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.views.dialogs.install import InstallDialog


def no_network(_: str, __: str) -> Response | Exception | None:
    return NoConnection("the demo's network is off")


D = TypeVar("D", bound=QDialog)


def dialog_of(stage: Stage, kind: type[D]) -> D:
    stage.settle()
    found = stage.window.findChild(kind)
    assert found is not None
    return found


def show_tab(stage: Stage, number: int) -> QWidget:
    stage.window.machines.blade.tabs.setCurrentIndex(number)
    stage.settle()
    return stage.window


def open_install(stage: Stage, step: int, *names: str) -> InstallDialog:
    stage.start()
    stage.choose(*names or ("vm-web-02", "vm-app-01", "vm-dev-01"))
    stage.window.machines.blade.command_bar.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    box = dialog.findChild(QCheckBox, "class-Definition")
    assert box is not None
    box.setChecked(True)
    for number in range(1, step + 1):
        dialog.go_to(number)
    stage.settle()
    return dialog


def machine_ids(stage: Stage) -> dict[str, int]:
    db = stage.app.source.db
    assert db is not None
    return {row["name"]: row["id"] for row in db.execute("SELECT id, name FROM machines")}


def until_state(stage: Stage, *requested: OperationState) -> None:
    stage.until(lambda: set(requested).issubset(stage.operation_states()))


def install_half(stage: Stage) -> None:
    stage.choose("vm-print-01")
    stage.window.machines.blade.command_bar.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    dialog.go_to(3)
    dialog.do_it()
    until_state(stage, OperationState.RUNNING)
    stage.clock.advance(minutes=6)
    stage.until(lambda: "1 of 2 updates" in stage.window.status_bar.work.text())
    stage.settle()


def advance_and_sync(stage: Stage, **step: float) -> None:
    """Advance the cloud's time and read everything again."""
    stage.clock.advance(**step)
    stage.sync()
