"""The big tables from a thousand rows to a million: what each action costs the UI thread, and what memory.

Times are of the UI thread only; the slow part of a query runs beside it and is given as wall time. The
floor of every figure is the same action with a thousand rows, in the same run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from .chart import draw
from .many import make_fleet, make_machines

SIZES = (1_000, 10_000, 100_000, 1_000_000)
LEAST, MOST = SIZES[0], SIZES[-1]
UI_MS, REPAINT_MS, MEMORY_MB = 100.0, 16.0, 30.0
PICTURE = Path(__file__).with_name("rows.png")


@dataclass(frozen=True, slots=True)
class HistoryCounts:
    """The output of ``children/tables.py`` by number of rows and kind of file."""

    found: dict[int, dict[str, Any]]

    @property
    def actions(self) -> list[tuple[str, str]]:
        return [(v, a) for v, actions in self.found[LEAST]["costs"].items() for a in actions]

    def _ui(self, view: str, action: str, size: int) -> list[float]:
        return [cost[0] for cost in self.found[size]["costs"][view][action]]

    def _added(self, view: str) -> float:
        return float(self.found[MOST]["memory"][view] - self.found[LEAST]["memory"][view])

    def by_action(self) -> dict[str, dict[str, list[float]]]:
        """ms of the UI thread by view, action and size; of the columns that sort, the dearest."""
        found: dict[str, dict[str, list[float]]] = {}
        for view, action in self.actions:
            costs = [median(self._ui(view, action, size)) for size in SIZES]
            name = "dearest sort" if action.startswith("sort") else action
            known = found.setdefault(view, {}).get(name, costs)
            found[view][name] = [max(pair) for pair in zip(known, costs, strict=True)]
        for view in self.found[MOST]["repaints"]:
            found[view]["page down"] = [self.found[size]["repaints"][view] for size in SIZES]
        return {view: costs for view, costs in found.items() if len(costs) > 1}

    @property
    def missed(self) -> list[str]:
        """Which bounds are not kept, in words."""
        words = [
            f"{view}, {action}: {ui:.0f} ms of the UI thread"
            for view, action in self.actions
            if (ui := median(self._ui(view, action, MOST))) > UI_MS
        ]
        for view, ms in self.found[MOST]["repaints"].items():
            words += [f"{view}, page down: {ms:.1f} ms"] if ms > REPAINT_MS else []
            words += (
                [f"{view}: {self._added(view):.0f} MB"] if self._added(view) > MEMORY_MB else []
            )
        return words

    @property
    def is_met(self) -> bool:
        return not self.missed

    def __str__(self) -> str:
        sizes = "".join(f"{size:>11,}" for size in SIZES)
        lines = [f"{'UI thread, ms, by rows':40}{sizes}   ratio   worst    wall"]
        for view, action in self.actions:
            by = [median(self._ui(view, action, size)) for size in SIZES]
            worst = max(self._ui(view, action, MOST))
            wall = median(cost[1] for cost in self.found[MOST]["costs"][view][action])
            cells = "".join(f"{ms:11.1f}" for ms in by)
            name = f"{view}: {action}"
            lines.append(f"{name:40}{cells}{by[-1] / by[0]:8.2f}{worst:8.0f}{wall:8.0f}")
        for view in self.found[MOST]["repaints"]:
            by = [self.found[size]["repaints"][view] for size in SIZES]
            cells = "".join(f"{ms:11.1f}" for ms in by)
            lines.append(f"{view + ': page down':40}{cells}{by[-1] / by[0]:8.2f}")
        for view in self.found[MOST]["memory"]:
            cells = "".join(f"{self.found[size]['memory'][view]:11.0f}" for size in SIZES)
            lines.append(f"{view + ': memory, MB':40}{cells}   {self._added(view):+.0f}")
        verdict = "met" if self.is_met else f"MISSED by {'; '.join(self.missed)}"
        lines.append(
            f"the curves: {PICTURE.name}; limits: {UI_MS:.0f} ms of the UI thread an action (median), {REPAINT_MS:.0f} ms a page down "
            f"(mean), {MEMORY_MB:.0f} MB above {LEAST:,} rows: {verdict}"
        )
        return "\n".join(lines)


def measure(folder: Path, _: int) -> HistoryCounts:
    found: dict[int, dict[str, Any]] = {}
    for size in SIZES:
        found[size] = {"costs": {}, "repaints": {}, "memory": {}}
        for make, kinds in (
            (make_machines, ["machines"]),
            (make_fleet, ["compliance", "history"]),
        ):
            slot = folder / f"{make.__name__}-{size}"
            slot.mkdir()
            path = make(slot, size)
            for kind in kinds:
                for key, value in run_tables(kind, slot).items():
                    found[size][key] |= value
            path.unlink()
    figures = HistoryCounts(found)
    draw(figures.by_action(), SIZES, UI_MS, PICTURE)
    return figures


def run_tables(kind: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.children.tables", kind, str(folder)]
    done = subprocess.run(
        command, env=dict(os.environ), stdout=subprocess.PIPE, text=True, timeout=900, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
