"""Mutated contents of the file through store, models and views: shown as they are, or set aside, never a crash."""

from __future__ import annotations

import random
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from requests.exceptions import ConnectionError as NoConnection

from hotpatch_gui.demo.stage import Stage
from hotpatch_gui.store.database import FILE_NAME

TEXTS = (
    "", " ", "nonsense", "<b>x</b>", "<img src=x>", "=cmd()", "2026-13-45T99:99:99Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z",
    "x" * 3000, "\u202eevil", "🧨" * 30, "a b c", "KB", "-1", "\x00", "NaN", "{}", "'; DROP TABLE machines; --",
)  # fmt: skip
NUMBERS = (0, 1, -1, 2**31 - 1, -(2**31), 999_999)  # sums of larger ones overflow in SQLite itself
KEPT_WHOLE = ("world", "sqlite_sequence", "_sqlite_migrations")


def mutate(path: Path, rng: random.Random, cells: int) -> None:
    """Change random cells, within what the strict tables take."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        tables = [
            r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
            if r[0] not in KEPT_WHOLE and not r[0].startswith("sqlite_")
        ]  # fmt: skip
        for _ in range(cells):
            table = rng.choice(tables)
            columns = [(c[1], c[2]) for c in db.execute(f"PRAGMA table_info({table})") if not c[5]]
            if not columns:
                continue
            column, kind = rng.choice(columns)
            value: Any = rng.choice(TEXTS if kind == "TEXT" else NUMBERS)
            value = rng.choice((value, value, None))
            try:
                db.execute(
                    f"UPDATE {table} SET {column}=? WHERE rowid IN"
                    f" (SELECT rowid FROM {table} ORDER BY random() LIMIT ?)", (value, rng.choice((1, 3, 100))),
                )  # fmt: skip
            except sqlite3.Error:  # a constraint, or a table without row ids
                continue


def fuzz_file(folder: Path, rounds: int, seed: int) -> str:
    """Open the program on ``rounds`` mutated files, offline, and look at everything in it."""
    rng = random.Random(seed)
    folder.mkdir(parents=True)
    whole = folder / "whole"
    with Stage("light", folder=whole) as stage:
        stage.start()
    crashes: list[str] = []
    hook = sys.excepthook
    sys.excepthook = lambda kind, error, trace: (
        crashes.append(f"{kind.__name__}: {error}") or hook(kind, error, trace)
    )
    try:
        for number in range(rounds):
            work = folder / f"round-{number}"
            shutil.copytree(whole, work)
            mutate(work / FILE_NAME, rng, rng.choice((1, 5, 30)))
            _look_through(work)
            shutil.rmtree(work)
            assert not crashes, f"round {number} of seed {seed}: {crashes}"
    finally:
        sys.excepthook = hook
    return f"{rounds} mutated files looked through"


def _look_through(work: Path) -> None:
    with Stage("light", folder=work) as stage:
        stage.wire.faults.append(lambda method, path: NoConnection("off"))
        stage.app.start()
        stage.until(lambda: stage.app.source.db is not None)
        stage._spin(60)
        page = stage.window.machines
        for row in range(min(4, page.model.rowCount())):
            page.list.selectRow(row)
            for tab in range(4):
                page.blade.tabs.setCurrentIndex(tab)
                stage._spin(5)
        page.list.selectAll()
        stage._spin(5)
        page.list.copy()
        for number in (1, 2, 3, 0):
            stage.window.show_page(number)
            stage.settle()
