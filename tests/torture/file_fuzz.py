"""Mutated contents of the file through store, models and views: shown as they are, or set aside, never a crash."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget
from requests.exceptions import ConnectionError as NoConnection

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.views.rail import PAGES
from hotpatch_gui.views.widgets.table import Table

from .watch import only_below

TEXTS = (
    "",
    " ",
    "nonsense",
    "<b>x</b>",
    "<img src=x>",
    "=cmd()",
    "2026-13-45T99:99:99Z",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "x" * 3000,
    "\u202eevil",
    "🧨" * 30,
    "a b c",
    "KB",
    "-1",
    "\x00",
    "NaN",
    "{}",
    "'; DROP TABLE machines; --",
)
NUMBERS = (0, 1, -1, 2**31 - 1, -(2**31), 999_999)  # sums of larger ones overflow in SQLite itself
PER_START = 100
EVERYTHING = frozenset(
    {
        "machines",
        "assessments",
        "updates",
        "installations",
        "operations",
        "sync_state",
        "subscriptions",
    }
)
KEPT_WHOLE = ("data_origin", "sqlite_sequence", "_sqlite_migrations")


def mutate(path: Path, rng: random.Random, cells: int) -> None:
    """Change random cells, within what the strict tables take."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        tables = [
            r[0]
            for r in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
            if r[0] not in KEPT_WHOLE and not r[0].startswith("sqlite_")
        ]
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
                    f" (SELECT rowid FROM {table} ORDER BY random() LIMIT ?)",
                    (value, rng.choice((1, 3, 100))),
                )
            except sqlite3.Error:  # a constraint, or a table without row ids
                continue


def fuzz_file(folder: Path, contents: int, seed: int) -> str:
    """Put ``contents`` mutated contents under the program, offline, and look at what it makes of them.

    The file is restored before each; after every PER_START contents the program restarts on them.
    """
    rng = random.Random(seed)
    folder.mkdir(parents=True)
    full, work = folder / "whole", folder / "work"
    with Stage("light", folder=full) as stage:
        stage.start()
    _add_operations(full / FILE_NAME)
    crashes: list[str] = []
    hook = sys.excepthook
    sys.excepthook = lambda kind, error, trace: (
        crashes.append(f"{kind.__name__}: {error}") or hook(kind, error, trace)
    )
    shutil.copytree(full, work)
    try:
        for start in range(0, contents, PER_START):
            _renew(full, work, rng)
            with only_below(folder), Stage("light", folder=work) as stage:
                _begin(stage)
                for number in range(start, min(start + PER_START, contents)):
                    _renew(full, work, rng)
                    stage.app.source.changed.emit(ChangedTables(EVERYTHING))
                    _poll(stage, rng)
                    assert not crashes, f"content {number} of seed {seed}: {crashes}"
    finally:
        sys.excepthook = hook
    return f"{contents} mutated contents of a file looked through"


def _add_operations(path: Path) -> None:
    """One of each kind in each state, so that Activity and what is under way have something to show."""
    with closing(sqlite3.connect(path)) as db, db:
        for number, (kind, state) in enumerate(product(OperationKind, OperationState), 1):
            db.execute(
                "INSERT INTO operations (machine_id, kind, state, created_at, sent_at, ended_at) VALUES"
                " ((SELECT id FROM machines ORDER BY id LIMIT 1 OFFSET ? % 12), ?, ?, ?, ?, ?)",
                (number, kind, state, "2026-08-20T08:00:00Z", "2026-08-20T08:01:00Z", None),
            )


def _renew(full: Path, work: Path, rng: random.Random) -> None:
    with (
        closing(sqlite3.connect(full / FILE_NAME)) as source,
        closing(sqlite3.connect(work / FILE_NAME)) as target,
    ):
        source.backup(target)
    mutate(work / FILE_NAME, rng, rng.choice((1, 5, 30)))


def _begin(stage: Stage) -> None:
    stage.simulator.faults.append(lambda method, path: NoConnection("off"))
    stage.app.start()
    stage.until(lambda: stage.app.source.db is not None)
    stage.settle()


def _poll(stage: Stage, rng: random.Random) -> None:
    """Show a random page and read it."""
    window, page = stage.window, stage.window.machines
    key = rng.choice(("machines",) * 5 + PAGES)
    window.show_page(key)
    if key == "machines" and page.model.rowCount():
        if rng.random() < 0.2:
            page.list.selectAll()
        else:
            page.list.selectRow(rng.randrange(page.model.rowCount()))
        page.blade.tabs.setCurrentIndex(rng.randrange(page.blade.tabs.count()))
    stage.until(lambda: stage.app.source.reader.is_idle)
    stage._spin(10)
    _check_texts(stage)


def _check_texts(stage: Stage) -> None:
    """Nothing from the file is rendered, and what is copied holds no formula."""
    for widget in stage.window.findChildren(QWidget):
        assert _is_plain(widget.toolTip()), widget.toolTip()
        if isinstance(widget, QLabel) and Qt.mightBeRichText(widget.text()):
            assert widget.textFormat() is Qt.TextFormat.PlainText, widget.text()
    for table in stage.window.findChildren(Table):
        if not table.isVisible() or not table.rows.rowCount():
            continue
        for column in range(table.rows.columnCount()):
            tip = table.rows.index(0, column).data(Qt.ItemDataRole.ToolTipRole)
            assert _is_plain(tip or ""), tip
        table.selectRow(0)
        table.copy()
        cells = QGuiApplication.clipboard().text().split("\t")
        assert not [c for c in cells if c.startswith(("=", "@"))], cells


def _is_plain(tip: str) -> bool:
    """Not rendered, or nothing but our own tags is."""
    foreign = re.sub("</?span>|<br>", "", tip)
    return not Qt.mightBeRichText(tip) or "<" not in foreign
