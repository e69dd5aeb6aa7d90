"""The cost of each action on large tables: tables.py KIND FOLDER, on an existing file; prints JSON.

KIND is machines (the list), compliance (of every machine) or history (of every machine). The program's own
window, without its worker. Each action is done REPEATS times; what is measured goes from the action to the
first right rows on the screen, be there more to come, as a chart.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hotpatch_gui.captures import environment

environment.prepare()

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QLineEdit

from hotpatch_gui.application.targets import demo_target
from hotpatch_gui.application.window import App
from hotpatch_gui.captures.stage import application
from hotpatch_gui.models.windowed import WindowedModel
from hotpatch_gui.store.database import open_reader
from hotpatch_gui.views.widgets.chart_host import ChartHost
from hotpatch_gui.views.widgets.lazy_widget import LazyWidget
from hotpatch_gui.views.widgets.table import Table
from tests.benchmarks.measure import resident_mb

REPEATS = 3
PAGES = 60
WINDOW_PX = (1920, 1080)
ANSWER_S = 120.0
POLL_MS = 100
KEY_MS = 60


class View(NamedTuple):
    """One table in its place; ``field`` filters it, ``words`` are what is typed there."""

    name: str
    table: Table
    field: QLineEdit
    words: str

    @property
    def model(self) -> WindowedModel:
        return self.table.rows


class Measuring:
    """``costs`` by view and action: lists of [CPU of the UI thread, wall], in ms."""

    def __init__(self, folder: Path) -> None:
        self.app = App(
            application(), folder, demo_target(lambda: None), theme="light", bundled_font=True
        )
        self.window = self.app.window
        self.window.resize(*WINDOW_PX)
        self.costs: dict[str, dict[str, list[list[float]]]] = {}
        self.repaints: dict[str, float] = {}
        self.memory: dict[str, float] = {}

    def machines(self) -> None:
        page = self.window.machines
        view = View("machines", page.list, self.window.header.search, "vm-00001")
        self.cost(view, "open", self.window.show)
        self.settle()
        for _ in range(REPEATS):
            for number in (1, 2, 3, 0):
                name = f"sort by {page.choices.sort.itemText(number)}"
                self.cost(view, name, partial(page.choices.sort.setCurrentIndex, number))
        self.filter_and_jump(view)

    def compliance(self) -> None:
        self.window.show()
        self.settle()
        page = self.window.machines
        chosen = View("every machine chosen", page.list, self.window.header.search, "")
        self.cost(chosen, "open", page.list.selectAll)
        self.settle()
        tab = page.blade.compliance
        view = View("compliance", tab.panel.table, tab.search, "50000")
        self.cost(view, "open", lambda: page.blade.tabs.setCurrentIndex(1))
        self.sort(view)
        self.filter_and_jump(view)

    def history(self) -> None:
        self.window.show()
        self.window.show_page("history")
        self.settle()
        history = self.window.page("history").tab
        view = View("history", history.panel.table, history.search, "vm-000000")
        last = history.range.count() - 1
        self.cost(view, "open", lambda: history.range.setCurrentIndex(last))
        self.sort(view)
        self.filter_and_jump(view)

    def sort(self, view: View) -> None:
        for turn in range(REPEATS):
            order = Qt.SortOrder.DescendingOrder if turn % 2 else Qt.SortOrder.AscendingOrder
            for number, column in enumerate(view.model.columns):
                if column.sort is not None:
                    name = f"sort by {column.title}"
                    self.cost(view, name, partial(view.table.sortByColumn, number, order))

    def filter_and_jump(self, view: View) -> None:
        for _ in range(REPEATS):
            for end in range(1, len(view.words)):
                key = partial(view.field.setText, view.words[:end])
                self.cost(view, "a key in the filter", key, ends=False)
            self.cost(view, "filter, last key", partial(view.field.setText, view.words))
            self.cost(view, "filter cleared", view.field.clear)
            bar = view.table.verticalScrollBar()
            self.cost(view, "to the end", view.table.scrollToBottom)
            self.cost(view, "to the middle", partial(bar.setValue, bar.maximum() // 2))
            bar.setValue(0)
        self.repaints[view.name] = self.page_downs(view)
        self.memory[view.name] = resident_mb()

    def cost(self, view: View, name: str, act: Callable[[], object], *, ends: bool = True) -> None:
        """Do it and wait for the right rows; where it does not ``end``, the next key comes before them."""
        if ends:
            self.settle()
        paints = _Paints(view)
        cpu, begun = time.thread_time(), time.perf_counter()
        act()
        if ends:
            self.wait(lambda: paints.shows_answer)
        else:
            spin(KEY_MS)
        if not paints.count:
            view.table.viewport().repaint()
        wall = time.perf_counter() - begun
        taken = [(time.thread_time() - cpu) * 1000, wall * 1000]
        self.costs.setdefault(view.name, {}).setdefault(name, []).append(taken)
        paints.stop()
        if ends:
            self.check_first_row(view)

    def check_first_row(self, view: View) -> None:
        """It is the one that a new SQL query returns."""
        model, db = view.model, open_reader(self.app.source.path)
        assert db is not None
        first = model.table.ids(db, model.where, model.sort_key, model.sort_descending, 1)
        db.close()
        assert model.rowCount() > 0, f"{view.name} shows nothing"
        assert model.id_at(0) == first[0], f"{view.name} shows the wrong first row"

    def page_downs(self, view: View) -> float:
        """ms of wall time each, on average."""
        bar = view.table.verticalScrollBar()
        begun = time.perf_counter()
        for _ in range(PAGES):
            bar.setValue(bar.value() + bar.pageStep() if bar.value() < bar.maximum() else 0)
            view.table.viewport().repaint()
        return (time.perf_counter() - begun) * 1000 / PAGES

    def wait(self, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Until no query runs and its response is shown, or it is enough; without looking often, which costs too."""
        reader, loop = self.app.source.reader, QEventLoop()
        reader.answered.connect(loop.quit, Qt.ConnectionType.QueuedConnection)
        end = time.monotonic() + ANSWER_S
        while not reader.is_idle and not is_enough():
            assert time.monotonic() < end, "no response in time"
            QTimer.singleShot(POLL_MS, loop.quit)
            loop.exec()
        reader.answered.disconnect(loop.quit)
        spin(1)

    def settle(self) -> None:
        """Until everything visible is built and painted."""
        self.wait()
        for kind, is_done in (
            (LazyWidget, lambda w: w.is_built),
            (ChartHost, lambda w: w.is_ready),
        ):
            while not all(is_done(w) for w in self.window.findChildren(kind) if w.isVisible()):
                spin(10)
        self.wait()
        spin(30)


class _Paints(QObject):
    """Counts the paints of a view; ``shows_answer`` from the first one after its model's response on."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.count = 0
        self.shows_answer = self._is_answered = False
        self._view = view
        view.table.viewport().installEventFilter(self)
        view.model.rows_changed.connect(self._on_answer)

    def stop(self) -> None:
        self._view.table.viewport().removeEventFilter(self)
        self._view.model.rows_changed.disconnect(self._on_answer)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.count += 1
            self.shows_answer = self._is_answered
        return super().eventFilter(watched, event)

    def _on_answer(self) -> None:
        self._is_answered = True


def spin(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def main(kind: str, folder: str) -> None:
    made = Measuring(Path(folder))
    {"machines": made.machines, "compliance": made.compliance, "history": made.history}[kind]()
    print(json.dumps({"costs": made.costs, "repaints": made.repaints, "memory": made.memory}))
    made.app.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
