"""The same actions on the same million rows beside peers: DB Browser for SQLite and Qt's QSqlTableModel.

Ours and QSqlTableModel: wall time until the right rows are painted. DB Browser is worked from outside, under
Xvfb with the mouse: wall time until its process does nothing any more.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from .many import make_fleet
from .rows import run_tables

ROWS = 1_000_000
ACTIONS = ("open", "sort", "filter", "to the end")
OURS = ("open", "sort by Update", "filter, last key", "to the end")
"""The names of the same actions on the compliance of every machine."""
TOOLS = ("sqlitebrowser", "Xvfb", "xdotool")
NO_BUTTON, NAME_HEADER, NAME_FILTER, LAST_PAGE = (907, 490), (447, 151), (345, 174), (214, 688)
"""Where the mouse goes in DB Browser 3.12's first window: 1037 x 738 pixels in the corner of the screen."""
QUIET_S, LONGEST_S = 0.5, 60.0
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class HistoryCounts:
    """ms by peer and action; ``memory`` in MB. None where the tools are missing."""

    ours: dict[str, float]
    model: dict[str, float]
    model_memory: float
    browser: dict[str, float] | None

    is_met = True
    """No limit: the figures are only reported."""

    def __str__(self) -> str:
        lines = [f"{'beside peers, ms of wall time':34}" + "".join(f"{a:>13}" for a in ACTIONS)]
        for name, found in (
            ("ours (compliance)", self.ours),
            ("QSqlTableModel", self.model),
            ("DB Browser for SQLite", self.browser),
        ):
            cells = (
                "".join(f"{found[a]:13,.0f}" for a in ACTIONS)
                if found
                else f"   needs {', '.join(TOOLS)}"
            )
            lines.append(f"{name:34}{cells}")
        lines.append(f"QSqlTableModel takes {self.model_memory:,.0f} MB once it is at the end")
        return "\n".join(lines)


def measure(folder: Path, _: int) -> HistoryCounts:
    path = make_fleet(folder, ROWS)
    costs = run_tables("compliance", folder)["costs"]["compliance"]
    ours = {a: median(wall for _, wall in costs[o]) for a, o in zip(ACTIONS, OURS, strict=True)}
    command = [sys.executable, "-m", "tests.benchmarks.children.sql_model", str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    model: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    browser = _browser(path, folder) if all(map(shutil.which, TOOLS)) else None
    return HistoryCounts(ours, model["costs"], model["memory"], browser)


def _browser(path: Path, home: Path) -> dict[str, float]:
    with _screen() as display:
        environment = {
            **os.environ,
            "DISPLAY": display,
            "HOME": str(home),
            "QT_QPA_PLATFORM": "xcb",
        }

        def mouse(slot: tuple[int, int], text: str = "") -> None:
            typed = ("type", "--delay", "0", text) if text else ()
            x, y = map(str, slot)
            subprocess.run(
                ["xdotool", "mousemove", x, y, "click", "1", *typed], env=environment, check=True
            )

        begun = time.monotonic()
        with subprocess.Popen(
            ["sqlitebrowser", "-R", "-t", "updates", str(path)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as browser:
            found = {"open": _quiet(browser.pid, begun)}
            mouse(NO_BUTTON)  # it asks about its own first reading
            _quiet(browser.pid, time.monotonic())
            for action, slot, text in (
                ("to the end", LAST_PAGE, ""),
                ("sort", NAME_HEADER, ""),
                ("filter", NAME_FILTER, "Update 4999 "),
            ):
                begun = time.monotonic()
                mouse(slot, text)
                found[action] = _quiet(browser.pid, begun)
                assert found[action] > 0, f"DB Browser did nothing for: {action}"
            browser.kill()
    return found


@contextmanager
def _screen() -> Iterator[str]:
    read, write = os.pipe()
    with subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    ) as server:
        os.close(write)
        with os.fdopen(read) as number:
            display = f":{number.readline().strip()}"
        yield display
        server.terminate()


def _quiet(pid: int, begun: float) -> float:
    """ms from ``begun`` until the last moment at which the process did something."""
    busy_at, spent, end = begun, _cpu_s(pid), time.monotonic() + LONGEST_S
    while time.monotonic() < min(end, busy_at + QUIET_S) or time.monotonic() < begun + QUIET_S:
        time.sleep(0.02)
        now = _cpu_s(pid)
        if now - spent > TICK_S:
            busy_at, spent = time.monotonic(), now
    return (busy_at - begun) * 1000


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S
