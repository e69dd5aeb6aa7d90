"""Export: what a table shows, or the rows chosen in it; or a report of machines. Written on a thread of its own."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from hotpatch_gui.models import formats, sheets
from hotpatch_gui.models.formats import ExportError, Report
from hotpatch_gui.models.listed import ListedModel
from hotpatch_gui.models.windowed import WindowedModel
from hotpatch_gui.store.database import open_reader
from hotpatch_gui.views.services import Services

from .table import Table

log = logging.getLogger(__name__)
Make = Callable[[sqlite3.Connection], Report]
KEYS = "Ctrl+E"


class Exporter(QObject):
    """Asks where to, writes one file at a time, and says how it went.

    Signals:
        busy (bool): it writes, or has ended.
    """

    busy = Signal(bool)

    def __init__(self, services: Services, parent: QWidget) -> None:
        super().__init__(parent)
        self._s, self._parent = services, parent
        self._writing: _Writing | None = None
        services.source.closing.connect(self._close)

    def ask(self, name: str, make: Make) -> None:
        """Let the user choose a file; ``make`` runs on the thread that writes."""
        from PySide6.QtWidgets import QFileDialog  # noqa: PLC0415 - slow to load

        kinds = ";;".join(f"{text} (*{ending})" for ending, text in formats.FORMATS.items())
        suggested = f"{name} {self._s.clock():%Y-%m-%d}.xlsx"
        chosen, kind = QFileDialog.getSaveFileName(
            self._parent, "Export", suggested, kinds, "Excel workbook (*.xlsx)"
        )
        if chosen:
            path = Path(chosen)
            ending = kind.rpartition("*")[2].rstrip(")")
            self.write(path if path.suffix else path.with_suffix(ending), make)

    def write(self, path: Path, make: Make) -> None:
        if self._writing is None:
            self._writing = _Writing(self._s.source.path, path, make)
            self._writing.finished.connect(self._on_finished)
            self.busy.emit(True)
            self._writing.start(QThread.Priority.LowPriority)

    def _on_finished(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.wait()
            self.busy.emit(False)
            self._say(writing.path, writing.problem)

    def _close(self) -> None:
        """Give up on a file under way and wait: the program ends."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.give_up()
            writing.wait()

    def _say(self, path: Path, problem: str) -> None:
        box = QMessageBox(self._parent)
        box.setObjectName("exportDone")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("Export")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setIcon(QMessageBox.Icon.Warning if problem else QMessageBox.Icon.Information)
        box.setText(problem or f"Exported to {path.name}.")
        if not problem:
            box.setInformativeText(str(path.parent))
            folder = QUrl.fromLocalFile(str(path.parent))
            opener = box.addButton("Open folder", QMessageBox.ButtonRole.ActionRole)
            opener.clicked.connect(lambda: QDesktopServices.openUrl(folder))
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Close))
        box.open()


class _Writing(QThread):
    """Writes one file. ``problem`` says what went wrong once it has finished; empty: nothing did."""

    def __init__(self, store: Path, path: Path, make: Make) -> None:
        super().__init__()
        self.setObjectName("export")
        self.path, self.problem = path, ""
        self._store, self._make = store, make
        self._db: sqlite3.Connection | None = None

    def give_up(self) -> None:
        """From another thread: its reading stops, and nothing is left of the file."""
        if (db := self._db) is not None:
            db.interrupt()

    def run(self) -> None:
        self._db = open_reader(self._store)
        if self._db is None:
            self.problem = "Nothing was read from Azure yet, so there is nothing to export."
            return
        try:
            formats.write(self.path, self._make(self._db))
        except ExportError as error:
            self.problem = str(error)
        except Exception as error:
            log.exception("an export failed")
            self.problem = f"The export failed: {error}. Nothing was written to {self.path}."
        finally:
            db, self._db = self._db, None
            db.close()


class ExportButton(QPushButton):
    """For a page. ``make`` is asked at the click for what is to be written."""

    def __init__(self, services: Services, title: str, make: Callable[[], Make]) -> None:
        super().__init__("Export…")
        self.setObjectName("export")
        self.setShortcut(QKeySequence(KEYS))
        self.setToolTip(f"Export what is shown, or the rows that are chosen ({KEYS})")
        self.make, self.exporter = make, Exporter(services, self)
        self.exporter.busy.connect(self._on_busy)
        self.clicked.connect(lambda: self.exporter.ask(title, make()))

    def _on_busy(self, busy: bool) -> None:
        self.setEnabled(not busy)
        self.setText("Exporting…" if busy else "Export…")


def table_report(table: Table, title: str, services: Services, *, whole: bool = False) -> Make:
    """What the table shows: its columns in their order, with ``whole`` those that are hidden too; the chosen rows
    where several are, else all."""
    model = table.rows
    header = table.horizontalHeader()
    order = sorted(range(len(model.columns)), key=header.visualIndex)
    columns = [model.columns[n] for n in order if whole or not table.isColumnHidden(n)]
    now, calendar = services.clock(), services.calendar()
    demo = services.cloud.demo

    def of_rows(db: sqlite3.Connection, rows: Iterable[Any]) -> Report:
        return sheets.report(
            db, title, [sheets.sheet_of(title, columns, rows, now)], now, calendar, demo=demo
        )

    chosen = table.selected_ids if len(table.selected_ids) > 1 else None
    if isinstance(model, WindowedModel):
        asked = model.table, model.where, model.sort_key, model.sort_descending

        def make(db: sqlite3.Connection) -> Report:
            rows = sheets.rows_of(db, *asked, chosen=chosen)
            return of_rows(db, rows)

        return make
    assert isinstance(model, ListedModel)
    rows = [row for row in model.all_rows if chosen is None or row.id in set(chosen)]
    return lambda db: of_rows(db, rows)


def machines_report(machine_ids: Sequence[int], title: str, services: Services) -> Make:
    """Compliance, history and restarts of these machines, one sheet each, with the machines before them."""
    now, calendar = services.clock(), services.calendar()
    ids, demo = tuple(machine_ids), services.cloud.demo

    def make(db: sqlite3.Connection) -> Report:
        wanted = ("machines", *sheets.REPORTED)
        found = [sheets.sheet(w, db, ids, calendar, now) for w in wanted]
        return sheets.report(db, title, found, now, calendar, demo=demo)

    return make
