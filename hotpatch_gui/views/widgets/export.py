"""Export of a table, its selected rows, or a report. Files are written on a thread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QThread, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence
from PySide6.QtWidgets import QDialog, QPushButton, QWidget

from hotpatch_gui.models import export_writers
from hotpatch_gui.models.exports import ExportContext, Make, Writing, rows_report
from hotpatch_gui.models.report import Report
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services

from .table import Table

tr = translator("Export")

KEYS = "Ctrl+E"


class Exporter(QObject):
    """Asks for a file, writes it and reports the result.

    Signals:
        busy (bool): writing started or ended.
    """

    busy = Signal(bool)

    def __init__(self, services: Services, parent: QWidget) -> None:
        super().__init__(parent)
        self._s, self._parent = services, parent
        self._writing: Writing | None = None
        self._show: Callable[[], object] = self._show_printed
        services.source.closing.connect(self._close)

    def save_as(
        self, name: str, make: Make, day: date | None = None, *, has_tables: bool = False
    ) -> None:
        """Ask for a file, named after ``day``, by default today; ``make`` runs on the writing thread.

        ``has_tables``: it has several, which don't fit in one CSV file.
        """
        from PySide6.QtWidgets import QFileDialog  # noqa: PLC0415 - slow to load

        kinds = ";;".join(
            f"{text} (*{ending})"
            for ending, text in export_writers.FORMATS.items()
            if not (has_tables and ending == export_writers.ONE_TABLE)
        )
        suggested = f"{name} {day or self._s.clock().date():%Y-%m-%d}.xlsx"
        selected, kind = QFileDialog.getSaveFileName(
            self._parent, tr("Export"), suggested, kinds, tr("Excel workbook (*.xlsx)")
        )
        if selected:
            path = Path(selected)
            ending = kind.rpartition("*")[2].rstrip(")")
            self.write(path if path.suffix else path.with_suffix(ending), make)

    def write(self, path: Path, make: Make) -> None:
        self._start(make, partial(export_writers.write, path), partial(self._show_saved, path))

    def print_out(self, make: Make) -> None:
        """Ask for a printer; ``make`` runs on the printing thread."""
        from PySide6.QtPrintSupport import (  # noqa: PLC0415 - slow to load, and rarely needed
            QPrintDialog,
            QPrinter,
        )

        from hotpatch_gui.models import pdf_pages  # noqa: PLC0415 - only for pages

        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        pdf_pages.set_up_pages(printer)
        dialog = QPrintDialog(printer, self._parent)
        dialog.setWindowTitle(tr("Print"))

        def start() -> None:
            self._start(make, partial(pdf_pages.print_report, device=printer), self._show_printed)

        dialog.accepted.connect(start)
        QDialog.open(dialog)  # QPrintDialog hides it

    def _start(
        self, make: Make, write: Callable[[Report], object], show: Callable[[], object]
    ) -> None:
        """Create the report and output it with ``write``; ``show`` its success."""
        if self._writing is None:
            self._writing, self._show = Writing(self._s.source.path, make, write), show
            self._writing.finished.connect(self._on_finished)
            self.busy.emit(True)
            self._writing.start(QThread.Priority.LowPriority)

    def _on_finished(self) -> None:
        writing, self._writing = self._writing, None
        if writing is None:
            return
        writing.wait()
        self.busy.emit(False)
        if writing.problem:
            self._s.outcomes.add(Glyph.ERROR, tr("Export failed"), writing.problem)
        else:
            self._show()

    def _close(self) -> None:
        """Stop writing, because the program ends."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.cancel()
            writing.wait()

    def _show_saved(self, path: Path) -> None:
        file, folder = QUrl.fromLocalFile(str(path)), QUrl.fromLocalFile(str(path.parent))
        self._s.outcomes.add(
            Glyph.OK,
            tr("Exported to {name}.", name=path.name),
            str(path.parent),
            (
                (tr("Open file"), lambda: QDesktopServices.openUrl(file)),
                (tr("Show in folder"), lambda: QDesktopServices.openUrl(folder)),
            ),
        )

    def _show_printed(self) -> None:
        self._s.outcomes.add(Glyph.OK, tr("The report was sent to the printer."), "")


class ExportButton(QPushButton):
    """A page's export button. ``make`` is called at the click."""

    def __init__(self, services: Services, title: str, make: Callable[[], Make]) -> None:
        super().__init__(tr("Export…"))
        self.setObjectName("export")
        self.setShortcut(QKeySequence(KEYS))
        self.setToolTip(tr("Export what is shown, or the selected rows ({keys})", keys=KEYS))
        self.make, self.exporter = make, Exporter(services, self)
        self.exporter.busy.connect(self._on_busy)
        self.clicked.connect(lambda: self.exporter.save_as(title, make()))

    def _on_busy(self, busy: bool) -> None:
        self.setEnabled(not busy)
        self.setText(tr("Exporting…") if busy else tr("Export…"))
        self.setShortcut(QKeySequence(KEYS))  # which a new text removes


def table_report(
    table: Table, title: str, services: Services, *, all_columns: bool = False
) -> Make:
    """The table's visible columns, or all if ``all_columns``, with selected rows if several, else all."""
    model = table.rows
    header = table.horizontalHeader()
    order = sorted(range(len(model.columns)), key=header.visualIndex)
    columns = [model.columns[n] for n in order if all_columns or not table.isColumnHidden(n)]
    selected = table.selected_ids if len(table.selected_ids) > 1 else None
    return rows_report(model, columns, title, selected, origin(services))


def origin(services: Services) -> ExportContext:
    """The current time and data origin."""
    now = services.clock().replace(microsecond=0)
    return ExportContext(now, services.calendar(), services.cloud.demo)
