"""SIGKILL at random moments: nothing committed is lost, nothing is sent twice, everything ends in its true state."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hotpatch_gui.store.database import FILE_NAME

from . import changes

BUSY = Path(__file__).with_name("busy.py")
ROOT = Path(__file__).resolve().parents[2]
LONGEST_LIFE_S, BURST_LIFE_S = 3.0, 0.3
BURST_EVERY, BURST_S = 5, 60.0
"""Which runs begin with a burst, and how long one is waited for."""
DEEP = 50
"""So many open operations at a kill are a burst that it fell into."""
KEPT = (
    "machines",
    "assessments",
    "installations",
    "installation_updates",
    "operations",
    "schedule_changes",
)


@dataclass(frozen=True)
class Outcome:
    """How it went: operations by (kind, state), what Azure received by kind, how many operations were open at each
    kill, and changes of schedules by state."""

    operations: dict[tuple[str, str], int]
    received: dict[str, int]
    open_at: Sequence[int]
    of_schedules: dict[str, int]

    def __str__(self) -> str:
        states = ", ".join(f"{k} {s} {n}" for (k, s), n in sorted(self.operations.items()))
        deep = sum(n >= DEEP for n in self.open_at)
        return (
            f"operations: {states}; changes of schedules: {self.of_schedules}; received by Azure: {self.received}; {deep} kills with {DEEP} operations or more "
            f"open, at most {max(self.open_at, default=0)}"
        )


def kill_often(folder: Path, endpoint: str, subscription: str, kills: int, seed: int) -> list[int]:
    """Start and kill the program ``kills`` times on the data in ``folder``; check the file each time. How many operations
    were open at each kill."""
    rng, open_at = random.Random(seed), []
    before = dict.fromkeys(KEPT, 0)
    for number in range(kills):
        command = [
            sys.executable,
            str(BUSY),
            endpoint,
            subscription,
            str(folder),
            str(seed),
            str(number),
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment()
        ) as victim:
            assert victim.stdout is not None
            assert victim.stdout.readline() == "started\n", "it did not come up again"
            if number % BURST_EVERY == 1:
                _wait_for_burst(folder)
                time.sleep(rng.uniform(0, BURST_LIFE_S))
            else:
                time.sleep(rng.uniform(0, LONGEST_LIFE_S))
            assert victim.poll() is None, "it ended before the kill"
            victim.send_signal(signal.SIGKILL)
        before = _check(folder, before)
        open_at.append(_open(folder))
    return open_at


def _wait_for_burst(folder: Path) -> None:
    """So that kills fall into one on a slow machine, too."""
    end = time.monotonic() + BURST_S
    while _open(folder) < DEEP and time.monotonic() < end:
        time.sleep(0.02)


def _open(folder: Path) -> int:
    if not (folder / FILE_NAME).exists():
        return 0
    with closing(sqlite3.connect(folder / FILE_NAME)) as db:
        try:
            (count,) = db.execute(
                "SELECT count(*) FROM operations WHERE state IN ('queued', 'sent', 'running')"
            ).fetchone()
        except sqlite3.Error:  # killed before there was a table
            return 0
    return int(count)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}


def _check(folder: Path, before: dict[str, int]) -> dict[str, int]:
    path = folder / FILE_NAME
    if not path.exists():
        return before
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        now = {
            t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] if t in tables else 0
            for t in KEPT
        }
        odd = (
            db.execute(
                "SELECT count(*) FROM operations WHERE state='running' AND token IS NULL"
            ).fetchone()
            if "operations" in tables
            else (0,)
        )
    lost = {t: (before[t], now[t]) for t in KEPT if now[t] < before[t]}
    assert not lost, f"rows were lost: {lost}"
    assert odd == (0,), "an operation runs that nobody can follow"
    return now


def judge(folder: Path, state: Path, open_at: Sequence[int] = ()) -> Outcome:
    """Hold the operations of the file against what the simulated Azure has in its own file.

    To be called once every operation has ended or is unknown for good.
    """
    with closing(sqlite3.connect(folder / FILE_NAME)) as db:
        db.row_factory = sqlite3.Row
        rows = db.execute(
            "SELECT o.*, m.name FROM operations o JOIN machines m ON m.id=o.machine_id"
        ).fetchall()
        with closing(sqlite3.connect(state)) as azure:
            items = {(k, key): json.loads(v) for k, key, v in azure.execute("SELECT * FROM item")}
        of_schedules = changes.judge(db, items)
    received: dict[str, int] = items.get(("world", "received"), {})
    taken = {key: op for (kind, key), op in items.items() if kind == "operation"}
    for kind in {row["kind"] for row in rows}:
        of_kind = [r for r in rows if r["kind"] == kind]
        sent = sum(r["sent_at"] is not None for r in of_kind)
        # an assessment may also belong to an installation, and then counts as the requested one
        done = sum(r["state"] == "succeeded" and "since then" not in r["note"] for r in of_kind)
        assert received.get(kind, 0) <= sent, (
            f"{kind}: Azure received {received[kind]}, {sent} were sent"
        )
        assert done <= received.get(kind, 0), (
            f"{kind}: {done} claim success, Azure received {received.get(kind, 0)}"
        )
    runs = {key for key, op in taken.items() if op["kind"] == "install"}
    claimed = [r["run_id"] for r in rows if r["kind"] == "install" and r["run_id"]]
    assert len(claimed) == len(set(claimed)), "two operations claim one installation"
    left = runs - set(claimed)
    of_left = [
        dict(r) | {"azure": taken[run]}
        for run in left
        for r in rows
        if r["kind"] == "install"
        and r["name"].casefold() == taken[run]["guest"].casefold()
        and not r["run_id"]
    ]
    assert not left, f"nobody knows of these: {left}; operations without a run: {of_left}"
    assert set(claimed) <= runs, f"nobody made {set(claimed) - runs}"
    for row in rows:
        if row["kind"] == "install" and row["run_id"]:
            result = taken[row["run_id"]]["result"]
            good = result["status"] in ("Succeeded", "CompletedWithWarnings")
            assert row["state"] == ("succeeded" if good else "failed"), (
                f"{dict(row)} against {result['status']}"
            )
    counted: dict[tuple[str, str], int] = {}
    for row in rows:
        counted[row["kind"], row["state"]] = counted.get((row["kind"], row["state"]), 0) + 1
    open_ones = {k: n for k, n in counted.items() if k[1] in ("queued", "sent", "running")}
    assert not open_ones, f"not ended: {open_ones}"
    return Outcome(counted, received, open_at, of_schedules)
