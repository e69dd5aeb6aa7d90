"""Scenes after the end of the release data."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.views.dialogs.releases import ReleasesDialog

from .registry import in_scenario, scene
from .steps import (
    dialog_of,
)


@scene
@in_scenario("november-2026")
def data_ends_machine(stage: Stage) -> QWidget:
    """25 Nov 2026: November's release isn't in the release data."""
    stage.start()
    stage.choose("vm-web-01")
    return stage.window


@scene
@in_scenario("november-2026")
def data_ends_fleet(stage: Stage) -> QWidget:
    stage.start()
    stage.window.machines.list.selectAll()
    stage.idle()
    stage.settle()
    return stage.window


@scene
@in_scenario("november-2026")
def data_ends_calendar(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-01")
    stage.window.show_page("calendar")
    stage.settle()
    return stage.window


@scene
@in_scenario("november-2026")
def data_ends_rollout(stage: Stage) -> QWidget:
    stage.start()
    stage.window.show_page("rollout")
    stage.settle()
    return stage.window


@scene
@in_scenario("november-2026")
def release_data(stage: Stage) -> QWidget:
    stage.start()
    stage.choose("vm-web-01")
    stage.window.machines.blade.open_releases()
    return dialog_of(stage, ReleasesDialog)
