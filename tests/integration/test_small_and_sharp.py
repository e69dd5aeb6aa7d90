"""Low windows, high resolutions, and text that can be read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit

from helpers.contrast import contrast
from hotpatch_gui.captures.scenes.steps import show_tab
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.models.display_text import machine_glyph
from hotpatch_gui.models.selection import read_selection
from hotpatch_gui.theme.tokens import ROW_PX
from hotpatch_gui.views.header import LOGO_PX

LOGO = """
import sys
from hotpatch_gui.captures import environment
environment.prepare()
import os
os.environ["QT_SCALE_FACTOR"] = sys.argv[1]
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.system.resources import resource

def colors(image):
    small = image.scaled(12, 12, mode=Qt.TransformationMode.SmoothTransformation)
    return [small.pixelColor(x, y).getRgb() for x in range(12) for y in range(12)]

with Stage("light") as stage:
    stage.start()
    logo = stage.window.header.logo
    plain = QIcon(str(resource("icons/hotpatch.svg"))).pixmap(QSize(96, 96), 1.0)
    pairs = zip(colors(logo.pixmap().toImage()), colors(plain.toImage()))
    far = max(sum(abs(a - b) for a, b in zip(one, other)) for one, other in pairs)
    size = logo.pixmap().deviceIndependentSize()
    print(round(size.width()), round(size.height()), logo.width(), logo.height(), far)
"""


@pytest.fixture(params=["light", "dark"])
def stage(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[Stage]:
    with Stage(request.param) as made:
        yield made


@pytest.mark.parametrize("factor", ["1", "1.25", "1.5", "2"])
def test_the_logo_is_whole_at_every_scale(factor: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOGO, factor],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    width, height, *room, far = done.stdout.split()
    assert (int(width), int(height)) == (LOGO_PX, LOGO_PX)
    assert all(int(r) >= LOGO_PX for r in room)
    assert int(far) < 400, "it looks like the picture that it is drawn from"


def test_a_machine_s_runs_can_be_seen_in_the_smallest_window(stage: Stage) -> None:
    stage.window.resize(1024, 640)
    stage.start()
    stage.choose("vm-print-01")
    blade = stage.window.machines.blade
    show_tab(stage, 2)
    table = blade.history.panel.table
    stage.until(lambda: table.rows.rowCount() > 0)
    table.selectRow(0)
    stage.settle()
    assert table.viewport().height() >= 3 * ROW_PX
    assert blade.history.details.isVisible()


def test_a_placeholder_can_be_read(stage: Stage) -> None:
    stage.start()
    stage.settle()
    field = stage.window.header.search
    assert isinstance(field, QLineEdit)
    assert field.placeholderText()
    field.clearFocus()
    image = field.grab().toImage()
    inner = [
        image.pixelColor(x, y).name()
        for x in range(12, image.width() // 2)
        for y in range(6, image.height() - 6)
    ]
    back = max(set(inner), key=inner.count)
    assert max(contrast(back, color) for color in set(inner)) >= 4.5


def test_a_situation_has_one_glyph_in_the_list_and_in_the_breakdown(stage: Stage) -> None:
    stage.start()
    db = stage.app.source.db
    assert db is not None
    model = stage.window.machines.model
    rows = [model.row(n) for n in range(model.rowCount())]
    ids = [model.id_at(n) for n in range(model.rowCount())]
    summary = read_selection(db, [i for i in ids if i is not None])
    assert summary is not None
    glyphs = {row.situation: machine_glyph(row) for row in rows if row is not None}
    assert {g.glyph for g in summary.status_groups} == set(glyphs.values())
    assert len(set(glyphs.values())) > 4


STROKES = """
import sys
from hotpatch_gui.captures import environment
environment.prepare()
import os
os.environ["QT_SCALE_FACTOR"] = sys.argv[1]
from datetime import date
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from hotpatch_gui.domain.known_days import Gap
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.views.widgets.charts import HistoryChart

application = QApplication([])
theme = Theme(application, "light")
chart = HistoryChart(theme)
chart.widget.resize(400, 200)
first, last = date(2026, 1, 1), date(2026, 1, 30)
chart.draw((first, last, [], [Gap(first, last)]), theme)
chart.widget.show()
application.processEvents()
image = chart.widget.grab().toImage()
ratio = image.devicePixelRatio()
surface = QColor(theme.tokens.surface)
inside = range(round(120 * ratio), round(360 * ratio))
inked = [image.pixelColor(x, round(100 * ratio)) != surface for x in inside]
print(sum(b and not a for a, b in zip(inked, inked[1:])))
"""


def test_hatches_are_as_wide_at_200_percent() -> None:
    def lines(factor: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", STROKES, factor],
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    assert lines("1") > 20
    assert lines("2") == pytest.approx(lines("1"), abs=2)
