"""The program at rest: its CPU over a minute, beside that of a bare window, and how often its timers wake it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QMainWindow, QTableView

from hotpatch_gui.application.window import App
from hotpatch_gui.captures.stage import Stage, application

LIMIT_PERCENT = 0.5
AT_REST_S = 60
SHORTEST_MS = 1000


@dataclass(frozen=True, slots=True)
class HistoryCounts:
    """CPU in percent of a core; ``timers`` are the intervals in ms of those that repeat."""

    program: float
    bare: float
    timers: list[int]

    @property
    def is_met(self) -> bool:
        return (
            self.program <= LIMIT_PERCENT and min(self.timers, default=SHORTEST_MS) >= SHORTEST_MS
        )

    def __str__(self) -> str:
        return (
            f"at rest for {AT_REST_S} s: {self.program:.2f} % of a core, a bare window {self.bare:.2f} %; limit "
            f"{LIMIT_PERCENT} %; timers every {', '.join(f'{t / 1000:g}' for t in sorted(self.timers))} s, limit "
            f"{SHORTEST_MS / 1000:g}: {'met' if self.is_met else 'MISSED'}"
        )


def measure(folder: Path, _: int) -> HistoryCounts:
    application()
    window = QMainWindow()
    window.setCentralWidget(QTableView())
    window.show()
    bare = _cpu_percent()
    window.close()
    window.deleteLater()
    with Stage("light", folder=folder / "idle") as stage:
        stage.start()
        stage.choose("vm-web-01")
        stage.settle()
        program = _cpu_percent()
        timers = [t.interval() for t in _timers(stage.app) if t.isActive() and not t.isSingleShot()]
    return HistoryCounts(program, bare, timers)


def _timers(app: App) -> list[QTimer]:
    return [t for top in (app, app.window) for t in top.findChildren(QTimer)]


def _cpu_percent() -> float:
    loop = QEventLoop()
    QTimer.singleShot(AT_REST_S * 1000, loop.quit)
    begun = time.process_time()
    loop.exec()
    return (time.process_time() - begun) / AT_REST_S * 100
