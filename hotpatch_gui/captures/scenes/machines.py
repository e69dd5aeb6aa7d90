"""Scenes of the Machines page."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from hotpatch_gui.captures.stage import Stage

from .registry import scene, without_demo
from .steps import (
    install_half,
    no_network,
    show_tab,
)


@scene
def fleet(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-sql-01")
    return stage.window


@scene
def first_start(stage: Stage) -> QWidget:
    stage.simulator.faults.append(no_network)
    stage.start()
    return stage.window


@scene
def status_healthy(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-01")
    return stage.window


@scene
def status_off_train(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-sql-01")
    bar = stage.window.machines.blade.status.verticalScrollBar()
    bar.setValue(bar.maximum())
    stage.settle()
    return stage.window


@scene
def status_restart_pending(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-dc-01")
    return stage.window


@scene
def several_machines(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-01", "vm-web-02", "vm-app-01")
    return stage.window


@scene
def compliance(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-print-01")
    return show_tab(stage, 1)


@scene
def compliance_empty(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-01")
    return show_tab(stage, 1)


@scene
def compliance_too_old(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-batch-01")
    return show_tab(stage, 1)


@scene
def history_failure(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-print-01")
    show_tab(stage, 2)
    table = stage.table("historyTable")
    failed = next(
        n
        for n in range(table.rows.rowCount())
        if (row := table.rows.row(n)) is not None and row.status == "Failed"
    )
    table.selectRow(failed)
    stage.settle()
    return stage.window


@scene
def schedule(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-02")
    return show_tab(stage, 3)


@scene
def installing(stage: Stage) -> QWidget:
    """A machine during an installation."""
    stage.start()
    install_half(stage)
    return stage.window


@scene
def offline(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-02")
    stage.simulator.faults.append(no_network)
    stage.clock.advance(hours=5)
    stage.app.actions.sync()
    stage.until(stage.window.notice.isVisible)
    stage.settle()
    return stage.window


@scene
def arc_server(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("srv-branch-01")
    return stage.window


@scene
@without_demo
def no_connection(stage: Stage) -> QWidget:
    stage.app.start()
    blade = stage.window.machines.blade
    stage.until(lambda: blade.empty.headline.text() == "No connection yet")
    stage.settle()
    return stage.window
