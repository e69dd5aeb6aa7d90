"""Exports: their content, and the thread that writes them."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QThread

from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.store.database import open_reader
from hotpatch_gui.translation import translator

from . import export_sheets
from .export_writers import ExportError
from .listed import ListedModel
from .report import Report, Sheet
from .row_model import Column, RowsModel
from .windowed import WindowedModel

tr = translator("Exports")

log = logging.getLogger(__name__)
Make = Callable[[sqlite3.Connection], Report]
"""Creates a report from the file, on the writing thread."""


class ReportChoice(NamedTuple):
    """The contents of a report: with the audit log, or only the most important parts."""

    with_audit: bool
    is_short: bool


class Writing(QThread):
    """Creates a report and outputs it with ``write``. ``problem`` is why it failed, empty if it didn't."""

    def __init__(self, store: Path, make: Make, write: Callable[[Report], object]) -> None:
        super().__init__()
        self.setObjectName("export")
        self.problem = ""
        self._store, self._make, self._write = store, make, write
        self._db: sqlite3.Connection | None = None

    def cancel(self) -> None:
        """Stop from another thread, without leaving a partial file."""
        if (db := self._db) is not None:
            db.interrupt()

    def run(self) -> None:
        self._db = open_reader(self._store)
        if self._db is None:
            self.problem = tr(
                "No data has been read from Azure yet, so there is nothing to export."
            )
            return
        try:
            self._write(self._make(self._db))
        except ExportError as error:
            self.problem = str(error)
        except Exception as error:
            log.exception("an export failed")
            self.problem = tr("The export failed: {error}. Nothing was written.", error=error)
        finally:
            db, self._db = self._db, None
            db.close()


class ExportContext(NamedTuple):
    """The time, the release calendar and the demo's notice (empty for Azure), which every export needs."""

    now: datetime
    calendar: Calendar
    demo: str


def rows_report(
    model: RowsModel,
    columns: Sequence[Column],
    title: str,
    selected: Sequence[int] | None,
    origin: ExportContext,
) -> Make:
    """These columns of a model's rows, or of the selected rows."""
    now, calendar, demo = origin

    def of_rows(db: sqlite3.Connection, rows: Iterable[Any]) -> Report:
        return export_sheets.report(
            db, title, [export_sheets.sheet_of(title, columns, rows, now)], now, calendar, demo=demo
        )

    if isinstance(model, WindowedModel):
        query = model.table, model.where, model.sort_key, model.sort_descending
        return lambda db: of_rows(db, export_sheets.rows_of(db, *query, selected=selected))
    assert isinstance(model, ListedModel)
    needed_ids = None if selected is None else frozenset(selected)
    rows = [row for row in model.all_rows if needed_ids is None or row.id in needed_ids]
    return lambda db: of_rows(db, rows)


def machines_report(
    machine_ids: Sequence[int], title: str, origin: ExportContext, *, with_audit: bool = False
) -> Make:
    """Compliance, history and restarts of these machines, after a sheet of the machines.

    ``with_audit`` adds the audit log of all machines.
    """
    now, calendar, demo = origin
    ids = tuple(machine_ids)

    def make(db: sqlite3.Connection) -> Report:
        needed_ids = ("machines", *export_sheets.REPORTED, *(["audit"] if with_audit else []))
        found = [export_sheets.sheet(w, db, ids, calendar, now) for w in needed_ids]
        return export_sheets.report(db, title, found, now, calendar, demo=demo)

    return make


def with_sheet(make: Make, sheet: Sheet) -> Make:
    """The same report with one more sheet."""

    def made(db: sqlite3.Connection) -> Report:
        report = make(db)
        return replace(report, sheets=(*report.sheets, sheet))

    return made
