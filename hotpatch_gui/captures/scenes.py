"""The registry of scenes: a name, and how to bring the program to it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QCheckBox, QDialog, QPlainTextEdit, QWidget
from requests.exceptions import ConnectionError as NoConnection

from hotpatch_gui import __version__
from hotpatch_gui.application import targets
from hotpatch_gui.domain.clouds import PUBLIC, US_GOVERNMENT
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.forecast import RestartWindow, Scenario
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.settings import Orchestration
from hotpatch_gui.simulator.answers import Answer
from hotpatch_gui.simulator.guest import Guest
from hotpatch_gui.store import catalogue, connections
from hotpatch_gui.store.changes import Changes
from hotpatch_gui.store.database import open_writer, transaction
from hotpatch_gui.views.dialogs.about import AboutDialog
from hotpatch_gui.views.dialogs.confirm import ConfirmDialog
from hotpatch_gui.views.dialogs.connect import ConnectDialog
from hotpatch_gui.views.dialogs.connections import ConnectionsDialog
from hotpatch_gui.views.dialogs.install import InstallDialog
from hotpatch_gui.views.dialogs.permissions import PermissionsDialog
from hotpatch_gui.views.dialogs.preferences import PreferencesDialog
from hotpatch_gui.views.dialogs.releases import ReleasesDialog
from hotpatch_gui.views.dialogs.update_settings import UpdateSettingsDialog
from hotpatch_gui.views.dialogs.welcome import WelcomeDialog
from hotpatch_gui.views.pages.activity import ActivityPage
from hotpatch_gui.views.pages.calendar import CalendarPage
from hotpatch_gui.views.pages.planner import PlannerPage
from hotpatch_gui.worker.connections import SIGNED_OUT

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
    target = targets.azure_target() if name in WITHOUT_DEMO else None
    return Stage(theme, story=WORLDS.get(name, "today"), target=target)


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
def install_many_machines(stage: Stage) -> QWidget:
    """The review of an installation on more machines than go without a typed number."""
    one = stage.wire.cloud.guests["vm-web-02"].to_json()
    names = [f"vm-farm-{n:02}" for n in range(1, 31)]
    stage.wire.cloud.guests.update({n: Guest.from_json(one | {"name": n}) for n in names})
    return _install(stage, 3, "vm-web-02", "vm-app-01", "vm-dev-01", *names)


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
    stage.ask.assess([ids["vm-new-01"]])
    _until_state(stage, OperationState.RUNNING)
    stage.ask.assess([ids["vm-dev-01"]])
    _until_state(stage, OperationState.RUNNING, OperationState.FAILED)
    stage.clock.advance(minutes=3)
    _until_state(stage, OperationState.SUCCEEDED)
    _install_half(stage)
    stage.window.show_page("activity")
    stage.settle()
    return stage.window


@scene
def audit_log(stage: Stage) -> QWidget:
    """Every call that changed something, with its answers."""
    _ = activity(stage)
    page = stage.window.page("activity")
    assert isinstance(page, ActivityPage)
    page.tabs.setCurrentIndex(1)
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
    stage.app.requests.sync()
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
@in_story("november-2026")
def data_ends_machine(stage: Stage) -> QWidget:
    """25 November 2026: November's release is not in the release data."""
    stage.start()
    stage.choose("vm-web-01")
    return stage.window


@scene
@in_story("november-2026")
def data_ends_fleet(stage: Stage) -> QWidget:
    stage.start()
    stage.window.machines.list.selectAll()
    stage.idle()
    stage.settle()
    return stage.window


@scene
@in_story("november-2026")
def data_ends_calendar(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-01")
    stage.window.show_page("calendar")
    stage.settle()
    return stage.window


@scene
@in_story("november-2026")
def data_ends_rollout(stage: Stage) -> QWidget:
    stage.start()
    stage.window.show_page("rollout")
    stage.settle()
    return stage.window


@scene
@in_story("november-2026")
def release_data(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-01")
    stage.window.machines.blade.open_releases()
    return _dialog(stage, ReleasesDialog)


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
        f"Hotpatch Dashboard {__version__}\nPython 3.11 on Linux\nPySide6-Essentials 6.11.3"
    )
    dialog.place.set_whole("/home/admin/.local/share/HotpatchDashboard/demo")
    return dialog


@scene
def first_run(stage: Stage) -> QWidget:
    stage.start()
    stage.window.open_welcome()
    return _dialog(stage, WelcomeDialog)


@scene
def connection(stage: Stage) -> QWidget:
    stage.start()
    ConnectDialog(stage.app.services, stage.window).open()
    dialog = _dialog(stage, ConnectDialog)
    dialog.name.setText("Contoso Government")
    dialog.cloud.setCurrentIndex(dialog.cloud.findData("usgov"))
    dialog.method.setCurrentIndex(dialog.method.findData(SignInMethod.CERTIFICATE))
    dialog.tenant.setText("contoso.example")
    dialog.client_id.setText("99999999-8888-4777-8666-555555555555")
    stage.settle()
    return dialog


@scene
def connections_side_by_side(stage: Stage) -> QWidget:
    """Rows as the engine writes them: one signed in, one whose sign-in has lapsed, one that reads only."""
    stage.start()
    db = open_writer(stage.app.source.path)
    now = stage.app.clock()
    with closing(db), transaction(db):
        fabrikam = Connection("Fabrikam", PUBLIC, SignInMethod.BROWSER, may_act=True)
        agency = Connection("Agency", US_GOVERNMENT, SignInMethod.DEVICE_CODE)
        for made, account, problem in (
            (fabrikam, "admin@fabrikam.example", None), (agency, "admin@agency.example", SIGNED_OUT),
        ):  # fmt: skip
            number = connections.save(db, made)
            connections.signed_in(db, number, account, None)
            catalogue.sync_ended(db, number, now, problem)
            names = ("Production", "Test", "Shared services")
            pairs = [
                (f"{number}0000000-0000-4000-8000-00000000000{n}", name)
                for n, name in enumerate(names)
            ]
            connections.save_subscriptions(db, number, pairs)
        connections.choose_subscriptions(db, 2, [pairs[0][0].replace("3", "2", 1)])
    stage.app.source.announce(Changes.to("connections", "sync_state"))
    stage.window.open_connections()
    dialog = _dialog(stage, ConnectionsDialog)
    dialog.list.setCurrentIndex(dialog.list.model().index(1, 0))
    stage.settle()
    return dialog


@scene
def permissions(stage: Stage) -> QWidget:
    """An account that may only read and assess in one resource group, and not install in another."""
    vm = "Microsoft.Compute/virtualMachines"
    stage.wire.cloud.grants = {
        "rg-legacy": ("*/read", f"{vm}/assessPatches/action"),
        "rg-hybrid": ("*/read", "Microsoft.HybridCompute/machines/*"),
        "rg-data": ("*/read", f"{vm}/assessPatches/action", f"{vm}/restart/action", f"{vm}/write"),
    }
    stage.start()
    stage.window.open_connections()
    _dialog(stage, ConnectionsDialog).buttons["permissions"].click()
    return _dialog(stage, PermissionsDialog)


@scene
def arc_server(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("srv-branch-01")
    return stage.window


@scene
def arc_settings(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("srv-hq-02")
    stage.window.machines.blade.open_settings()
    return _dialog(stage, UpdateSettingsDialog)


@scene
def settings_mixed(stage: Stage) -> QWidget:
    """Several machines whose settings differ; one setting is touched."""
    stage.wire.cloud.guests["vm-web-02"].hotpatching = False
    stage.start()
    stage.choose("vm-web-01", "vm-web-02", "vm-legacy-01", "vm-dc-01")
    stage.window.machines.blade.open_settings()
    dialog = _dialog(stage, UpdateSettingsDialog)
    dialog.periodic.setChecked(not dialog.periodic.isChecked())
    stage.settle()
    return dialog


@scene
def restart_confirmation(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-dc-01", "vm-web-01", "vm-dev-01", "srv-hq-01")
    stage.window.machines.blade.commands["restart"].trigger()
    return _dialog(stage, ConfirmDialog)


@scene
def no_connection(stage: Stage) -> QWidget:
    stage.app.start()
    blade = stage.window.machines.blade
    stage.until(lambda: blade.empty.headline.text() == "No connection yet")
    stage.settle()
    return stage.window


WITHOUT_DEMO = frozenset({_name(no_connection)})
"""Scenes that play with no connection and no demo."""


D = TypeVar("D", bound=QDialog)


def _dialog(stage: Stage, kind: type[D]) -> D:
    stage.settle()
    found = stage.window.findChild(kind)
    assert found is not None
    return found


def _tab(stage: Stage, number: int) -> QWidget:
    stage.window.machines.blade.tabs.setCurrentIndex(number)
    stage.settle()
    return stage.window


def _install(stage: Stage, step: int, *names: str) -> InstallDialog:
    stage.start()
    stage.choose(*names or ("vm-web-02", "vm-app-01", "vm-dev-01"))
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
