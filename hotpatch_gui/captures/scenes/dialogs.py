"""Scenes of dialogs about machines and the program."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from hotpatch_gui import __version__
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.settings import Orchestration
from hotpatch_gui.views.dialogs.about import AboutDialog
from hotpatch_gui.views.dialogs.confirm import ConfirmDialog
from hotpatch_gui.views.dialogs.help import HelpDialog
from hotpatch_gui.views.dialogs.preferences import PreferencesDialog
from hotpatch_gui.views.dialogs.stop_update import StopUpdateDialog
from hotpatch_gui.views.dialogs.update_settings import UpdateSettingsDialog
from hotpatch_gui.views.pages.updates import UpdatesPage

from .pages import updates
from .registry import scene
from .steps import (
    dialog_of,
    open_install,
)


@scene
def install_machines(stage: Stage) -> QWidget:
    return open_install(stage, 0)


@scene
def install_updates(stage: Stage) -> QWidget:
    dialog = open_install(stage, 1)
    include = dialog.findChild(QPlainTextEdit, "includeKbs")
    assert include is not None
    include.setPlainText("KB890830, 5120708")
    stage.settle()
    return dialog


@scene
def install_properties(stage: Stage) -> QWidget:
    return open_install(stage, 2)


@scene
def install_review(stage: Stage) -> QWidget:
    return open_install(stage, 3)


@scene
def install_many_machines(stage: Stage) -> QWidget:
    """The review with more machines than need no confirmation."""
    guests = stage.simulator.cloud.guests
    names = [f"vm-farm-{n:02}" for n in range(1, 31)]
    guests.update({n: replace(deepcopy(guests["vm-web-02"]), name=n) for n in names})
    return open_install(stage, 3, "vm-web-02", "vm-app-01", "vm-dev-01", *names)


@scene
def update_settings(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-01")
    stage.window.machines.blade.command_bar.open_settings()
    dialog = stage.window.findChild(UpdateSettingsDialog)
    assert dialog is not None
    dialog.orchestrations[Orchestration.CUSTOMER_SCHEDULES].setChecked(True)
    stage.settle()
    return dialog


@scene
def arc_settings(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("srv-hq-02")
    stage.window.machines.blade.command_bar.open_settings()
    return dialog_of(stage, UpdateSettingsDialog)


@scene
def settings_mixed(stage: Stage) -> QWidget:
    """Several machines with different settings; one setting is touched."""
    stage.simulator.cloud.guests["vm-web-02"].hotpatching = False
    stage.start()
    stage.choose("vm-web-01", "vm-web-02", "vm-legacy-01", "vm-dc-01")
    stage.window.machines.blade.command_bar.open_settings()
    dialog = dialog_of(stage, UpdateSettingsDialog)
    dialog.periodic.setChecked(not dialog.periodic.isChecked())
    stage.settle()
    return dialog


@scene
def restart_confirmation(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-dc-01", "vm-web-01", "vm-dev-01", "srv-hq-01")
    stage.window.machines.blade.commands["restart"].trigger()
    return dialog_of(stage, ConfirmDialog)


@scene
def stop_update(stage: Stage) -> QWidget:
    """A hotpatch that a schedule and Azure may still install."""
    updates(stage)
    page = stage.window.page("updates")
    assert isinstance(page, UpdatesPage)
    page.machines.stop.click()
    return dialog_of(stage, StopUpdateDialog)


@scene
def settings(stage: Stage) -> QWidget:
    stage.start()
    stage.window.open_preferences()
    dialog = stage.window.findChild(PreferencesDialog)
    assert dialog is not None
    dialog.folder.set_full_text("/home/admin/.local/share/HotpatchDashboard")
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
    dialog.folder.set_full_text("/home/admin/.local/share/HotpatchDashboard/demo")
    return dialog


@scene
def help_topics(stage: Stage) -> QWidget:
    """Help: an error code, found by its number."""
    stage.start()
    stage.window.open_help()
    dialog = dialog_of(stage, HelpDialog)
    dialog.search.setClearButtonEnabled(False)  # it fades in
    dialog.search.setText("0x80240022")
    stage.settle()
    return dialog
