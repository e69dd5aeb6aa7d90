"""The registry of scenes: a name, and how to bring the program to it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QCheckBox, QPlainTextEdit, QWidget
from requests.exceptions import ConnectionError as NoConnection

from hotpatch_gui.domain.forecast import RestartWindow, Scenario
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.settings import Orchestration
from hotpatch_gui.simulator.arm import Answer
from hotpatch_gui.views.dialogs.install import InstallDialog
from hotpatch_gui.views.dialogs.preferences import AboutDialog, PreferencesDialog
from hotpatch_gui.views.dialogs.update_settings import UpdateSettingsDialog
from hotpatch_gui.views.pages.calendar import CalendarPage
from hotpatch_gui.views.pages.planner import PlannerPage

from .stage import Stage

Scene = Callable[[Stage], QWidget]
SCENES: dict[str, Scene] = {}
WORLDS: dict[str, str] = {}
"""The story of those scenes that play in another world than today's."""


def scene(play: Scene) -> Scene:
    """Register a scene under its function's name."""
    SCENES[_name(play)] = play
    return play


def in_story(story: str) -> Callable[[Scene], Scene]:
    """Let a scene play in another world of the demo."""

    def told(play: Scene) -> Scene:
        WORLDS[_name(play)] = story
        return play

    return told


def _name(play: Scene) -> str:
    return play.__name__.replace("_", "-")


def set_up(name: str, theme: str) -> Stage:
    """The stage on which a scene plays."""
    return Stage(theme, story=WORLDS.get(name, "today"))


def play(name: str, stage: Stage) -> QWidget:
    """Bring ``stage`` to the scene; the widget to take a picture of."""
    return SCENES[name](stage)


def render(folder: Path, names: Sequence[str], themes: Sequence[str]) -> Iterator[Path]:
    """Pictures of the scenes in the themes, as ``<scene>-<theme>.png``; each path once it is written."""
    qInstallMessageHandler(_report)
    for name in names:
        for theme in themes:
            path = folder / f"{name}-{theme}.png"
            with set_up(name, theme) as stage:
                image = stage.grab(play(name, stage))
                if not image.save(str(path)):
                    raise OSError(f"{path} could not be written")
            yield path


def _report(_: QtMsgType, __: QMessageLogContext, text: str) -> None:
    """Qt's messages, but for what the offscreen platform says of every dialog."""
    if "propagateSizeHints" not in text:
        sys.stderr.write(f"{text}\n")


def _no_network(_: str, __: str) -> Answer | Exception | None:
    return NoConnection("the demo's network is off")


@scene
def fleet(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-sql-01")
    return stage.window


@scene
def first_start(stage: Stage) -> QWidget:
    stage.wire.faults.append(_no_network)
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
    return _tab(stage, 1)


@scene
def compliance_empty(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-01")
    return _tab(stage, 1)


@scene
def compliance_too_old(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-batch-01")
    return _tab(stage, 1)


@scene
def history_failure(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-print-01")
    _tab(stage, 2)
    table = stage.table("historyTable")
    failed = next(
        n for n in range(table.rows.rowCount())
        if (row := table.rows.row(n)) is not None and row["status"] == "Failed"
    )  # fmt: skip
    table.selectRow(failed)
    stage.settle()
    return stage.window


@scene
def schedule(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-02")
    return _tab(stage, 3)


@scene
def updates(stage: Stage) -> QWidget:
    stage.start()
    stage.window.show_page("updates")
    stage.settle()
    return stage.window


@scene
def history_all(stage: Stage) -> QWidget:
    stage.start()
    stage.window.show_page("history")
    stage.settle()
    return stage.window


@scene
def install_machines(stage: Stage) -> QWidget:
    return _install(stage, 0)


@scene
def install_updates(stage: Stage) -> QWidget:
    dialog = _install(stage, 1)
    include = dialog.findChild(QPlainTextEdit, "includeKbs")
    assert include is not None
    include.setPlainText("KB890830, 5120708")
    stage.settle()
    return dialog


@scene
def install_properties(stage: Stage) -> QWidget:
    return _install(stage, 2)


@scene
def install_review(stage: Stage) -> QWidget:
    return _install(stage, 3)


@scene
def update_settings(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-01")
    stage.window.machines.blade.open_settings()
    dialog = stage.window.findChild(UpdateSettingsDialog)
    assert dialog is not None
    dialog.orchestrations[Orchestration.CUSTOMER_SCHEDULES].setChecked(True)
    stage.settle()
    return dialog


@scene
def activity(stage: Stage) -> QWidget:
    """An installation under way, an assessment done, one that Azure refused."""
    stage.start()
    ids = _ids(stage)
    stage.app.desk.assess([ids["vm-new-01"], ids["vm-dev-01"]])
    _until_state(stage, OperationState.RUNNING, OperationState.FAILED)
    stage.clock.advance(minutes=3)
    _until_state(stage, OperationState.SUCCEEDED)
    _install_half(stage)
    stage.window.show_page("activity")
    stage.settle()
    return stage.window


@scene
def installing(stage: Stage) -> QWidget:
    """The machine itself while an installation is under way on it."""
    stage.start()
    _install_half(stage)
    return stage.window


def _install_half(stage: Stage) -> None:
    stage.choose("vm-print-01")
    stage.window.machines.blade.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    dialog.go_to(3)
    dialog.do_it()
    _until_state(stage, OperationState.RUNNING)
    stage.clock.advance(minutes=6)
    stage.until(lambda: stage.window.status_bar.progress.value() > 0)
    stage.settle()


@scene
def offline(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-02")
    stage.wire.faults.append(_no_network)
    stage.clock.advance(hours=5)
    stage.app.desk.sync()
    stage.until(stage.window.notice.isVisible)
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
@in_story("october-2025")
def restart_ledger(stage: Stage) -> QWidget:
    """KB5070881: off the train in October 2025, restarts until January's baseline."""
    stage.start()
    for days in (4, 17, 21, 28, 35):
        _go_on(stage, days=days)
    stage.choose("vm-web-01")
    stage.window.show_page("calendar")
    page = stage.window.page("calendar")
    assert isinstance(page, CalendarPage)
    page.tabs.setCurrentIndex(1)
    stage.settle()
    return stage.window


@scene
@in_story("october-2025")
def off_train_story(stage: Stage) -> QWidget:
    stage.start()
    _go_on(stage, days=4)
    stage.choose("vm-web-01")
    return stage.window


@scene
def rollout_running(stage: Stage) -> QWidget:
    """September's baseline on its way: one phase done, the next one at work."""
    stage.start()
    _go_on(stage, days=20, hours=21.1)
    stage.window.show_page("rollout")
    stage.settle()
    return stage.window


@scene
@in_story("bad-update")
def rollout_stopped(stage: Stage) -> QWidget:
    stage.start()
    _go_on(stage, days=5)
    stage.window.show_page("rollout")
    stage.settle()
    return stage.window


@scene
def planner(stage: Stage) -> QWidget:
    """The sample year, with two unplanned baselines in place of hotpatches."""
    stage.start()
    stage.window.show_page("planner")
    page = stage.window.page("planner")
    assert isinstance(page, PlannerPage)
    page.period.setCurrentText("2027")
    page.scenario.setCurrentText(Scenario.UNPLANNED.value)
    page.window_.setCurrentText(RestartWindow.MONTHLY.value)
    page.simulate()
    stage.until(lambda: not page.planner.is_running)
    stage.settle()
    return stage.window


def _go_on(stage: Stage, **step: float) -> None:
    """Let the cloud's time go on and read it anew."""
    stage.clock.advance(**step)
    stage.sync()


@scene
def settings(stage: Stage) -> QWidget:
    stage.start()
    stage.window.open_preferences()
    dialog = stage.window.findChild(PreferencesDialog)
    assert dialog is not None
    dialog.folder.setText("/home/admin/.local/share/HotpatchDashboard")
    dialog.folder.setCursorPosition(0)
    return dialog


@scene
def about(stage: Stage) -> QWidget:
    stage.start()
    stage.window.open_about()
    dialog = stage.window.findChild(AboutDialog)
    assert dialog is not None
    dialog.versions.setText(
        "Hotpatch Dashboard 0.1.0\nPython 3.11 on Linux\nPySide6-Essentials 6.11.3"
    )
    return dialog


def _tab(stage: Stage, number: int) -> QWidget:
    stage.window.machines.blade.tabs.setCurrentIndex(number)
    stage.settle()
    return stage.window


def _install(stage: Stage, step: int) -> InstallDialog:
    stage.start()
    stage.choose("vm-web-02", "vm-app-01", "vm-dev-01")
    stage.window.machines.blade.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    box = dialog.findChild(QCheckBox, "class-Definition")
    assert box is not None
    box.setChecked(True)
    for number in range(1, step + 1):
        dialog.go_to(number)
    stage.settle()
    return dialog


def _ids(stage: Stage) -> dict[str, int]:
    db = stage.app.source.db
    assert db is not None
    return {row["name"]: row["id"] for row in db.execute("SELECT id, name FROM machines")}


def _until_state(stage: Stage, *wanted: OperationState) -> None:
    stage.until(lambda: set(wanted).issubset(stage.operation_states()))
