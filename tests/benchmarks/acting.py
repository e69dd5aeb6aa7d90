"""Acting on a whole fleet: what the UI thread spends on queueing 10,000 installations, on every change after that, and
on the install dialog. Azure delays every request, so that nothing else runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from PySide6.QtTest import QTest

from hotpatch_gui.captures.stage import Stage, stopped_simulator
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.store import database
from hotpatch_gui.views.dialogs.install import InstallDialog

from .fleet import UPDATES_EACH
from .many import NOW, PER_MACHINE, make_fleet
from .measure import Gaps

MACHINES = 10_000
SECURITY = InstallRequest(frozenset({Classification.SECURITY}))
LIMITS = {
    "install dialog: open": 150.0,
    "install dialog: each key": 16.0,
    "queue 10,000 installations: the click": 50.0,
    "each later change": 5.0,
}
"""In ms of the UI thread."""


@dataclass
class HistoryCounts:
    found: dict[str, float] = field(default_factory=dict)

    @property
    def is_met(self) -> bool:
        return all(self.found[what] <= limit for what, limit in LIMITS.items())

    def __str__(self) -> str:
        lines = [f"Acting on {MACHINES:,} machines, ms of the UI thread:"]
        for what, limit in LIMITS.items():
            verdict = "met" if self.found[what] <= limit else "MISSED"
            lines.append(f"  {what}: {self.found[what]:.1f} (limit {limit:.0f}): {verdict}")
        return "\n".join(lines)


def measure(folder: Path, rounds: int) -> HistoryCounts:
    made = folder / "acting"
    made.mkdir()
    path = make_fleet(made, MACHINES * PER_MACHINE)
    with closing(database.open_writer(path)) as db:  # a fleet's machines are offered the same
        db.execute("DELETE FROM updates WHERE (id-1)/? >= ?", (MACHINES, UPDATES_EACH))
        db.execute("UPDATE updates SET patch_id='patch-' || ((id-1)/?)", (MACHINES,))
    simulator = stopped_simulator(SteppedClock(NOW))
    held = Response(
        429, {"error": {"code": "TooManyRequests", "message": "Held."}}, {"Retry-After": "600"}
    )
    simulator.faults.append(lambda method, path: held)
    figures = HistoryCounts()
    with Stage("light", folder=made, simulator=simulator) as stage:
        stage.app.start()
        stage.until(lambda: stage.window.machines.model.rowCount() == MACHINES)
        stage.until(lambda: stage.app.engine.unhandled == 0)
        stage.window.machines.list.selectAll()
        stage.settle()
        _dialog(stage, figures, rounds)
        _queue(stage, figures, rounds)
    return figures


def _ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def _dialog(stage: Stage, figures: HistoryCounts, rounds: int) -> None:
    opened = []
    for _ in range(rounds):
        opened.append(_ms(stage.window.machines.blade.command_bar.open_install))
        dialog = stage.window.findChild(InstallDialog)
        assert dialog is not None
        stage.until(lambda: dialog.machines.rowCount() == MACHINES)  # noqa: B023 - used at once
        dialog.reject()
        stage.settle()
    stage.window.machines.blade.command_bar.open_install()
    dialog = stage.window.findChild(InstallDialog)
    assert dialog is not None
    gaps = Gaps()
    stage.until(lambda: dialog.machines.rowCount() == MACHINES)
    dialog.go_to(1)
    keys = [_ms(partial(QTest.keyClick, dialog.updates.include, key)) for key in "5000001"]
    stage.until(lambda: dialog._planned is not None)
    gaps.stop()
    figures.found["install dialog: open"] = median(opened)
    figures.found["install dialog: each key"] = max(keys)
    figures.found["install dialog: longest gap while it plans"] = gaps.longest
    dialog.reject()
    stage.settle()


def _queue(stage: Stage, figures: HistoryCounts, rounds: int) -> None:
    stage.window.show_page("activity")
    stage.settle()
    ids = list(stage.window.machines.blade.machine_ids)
    assert len(ids) == MACHINES
    gaps = Gaps()
    figures.found["queue 10,000 installations: the click"] = _ms(
        lambda: stage.app.actions.install(ids, SECURITY)
    )
    stage.until(lambda: stage.app.engine.unhandled == 0)
    stage.settle()
    gaps.stop()
    figures.found["queue 10,000 installations: longest gap"] = gaps.longest
    assert len(stage.operation_states()) == MACHINES
    changes = ChangedTables.of("operations")
    taken = [_ms(lambda: stage.app.source.changed.emit(changes)) for _ in range(10 * rounds)]
    stage.settle()
    figures.found["each later change"] = median(taken)
