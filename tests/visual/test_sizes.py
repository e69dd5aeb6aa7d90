"""Dialogs fit on small screens and at 200 %, with their buttons, and tables need twice the room at twice the scale."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtWidgets import QApplication, QDialog

from hotpatch_gui.captures.scenes import play
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.views.dialogs.update_settings import UpdateSettingsDialog
from hotpatch_gui.views.widgets.screen_room import FRAME
from hotpatch_gui.views.widgets.scroll_area import ScrollArea

DIALOGS = (
    "schedule-calendar",
    "settings-mixed",
    "support",
    "new-machine",
    "permissions",
    "update-settings",
    "install-updates",
)
ON_A_SMALL_SCREEN = """
import sys
from hotpatch_gui.captures import environment
environment.SCREEN = environment.SCREEN.replace("1920", "1024").replace("1080", "640")
environment.prepare()
from PySide6.QtWidgets import QPushButton
from hotpatch_gui.captures.scenes import play, set_up
for name in sys.argv[1:]:
    with set_up(name, "light") as stage:
        dialog = play(name, stage)
        buttons = [b for b in dialog.findChildren(QPushButton) if b.isDefault()]
        lowest = max(b.mapTo(dialog, b.rect().bottomRight()).y() for b in buttons)
        print(name, dialog.width(), dialog.height(), lowest)
"""


def test_dialogs_fit_on_a_small_screen() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ON_A_SMALL_SCREEN, *DIALOGS],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = {name: map(int, sizes) for name, *sizes in map(str.split, done.stdout.splitlines())}
    assert found.keys() == set(DIALOGS)
    for name, (width, height, lowest) in found.items():
        assert width <= 1024 - FRAME.width(), name
        assert height <= 640 - FRAME.height(), name
        assert lowest < height, name


@pytest.mark.parametrize("name", DIALOGS)
def test_dialogs_fit_at_200_percent(qapp: QApplication, name: str) -> None:
    with Stage("light", scale=2.0) as stage:
        dialog = play(name, stage)
        assert isinstance(dialog, QDialog)
        room = dialog.screen().availableSize() - FRAME
        assert dialog.width() <= room.width()
        assert dialog.height() <= room.height()


def test_a_table_at_200_percent_cuts_nothing_that_fits_at_100(qapp: QApplication) -> None:
    widths = {}
    for scale in (1.0, 2.0):
        with Stage("light", scale=scale) as stage:
            stage.start()
            stage.window.resize(round(1200 * scale), round(800 * scale))
            stage.window.show_page("updates")
            stage.settle()
            table = stage.table("updatesTable")
            shown = [n for n in range(len(table.rows.columns)) if not table.isColumnHidden(n)]
            widths[scale] = [table.columnWidth(n) for n in shown]
            if scale > 1:
                assert sum(widths[scale]) <= table.viewport().width() + 1
    for one, two in zip(widths[1.0], widths[2.0], strict=True):
        assert two >= 1.9 * one


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_order_of_machines_fits_into_update_settings(qapp: QApplication, scale: float) -> None:
    with Stage("light", scale=scale) as stage:
        dialog = play("settings-mixed", stage)
        assert isinstance(dialog, UpdateSettingsDialog)
        dialog.choice.order.setCurrentText("A limited number at a time")
        stage.settle()
        (area,) = [a for a in dialog.findChildren(ScrollArea) if a.isAncestorOf(dialog.choice.stop)]
        content = area.widget()
        assert content is not None
        assert content.width() <= area.viewport().width()
        for field in (dialog.choice.order, dialog.choice.size, dialog.choice.stop):
            right = field.mapTo(content, field.rect().topRight()).x()
            assert right < area.viewport().width(), field.objectName()
