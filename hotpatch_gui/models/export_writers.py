"""Writing exports: CSV, XLSX, JSON, HTML and PDF. Text from outside stays text."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from hotpatch_gui.domain.foreign_text import without_controls
from hotpatch_gui.translation import translator

from .report import Report, Sheet, iso

tr = translator("ExportWriters")

BOM = "\ufeff"
"""At the start of CSV files, so that spreadsheets read UTF-8."""
XLSX_ROWS = 1_048_575
"""Excel's limit, without the header."""
_UNSAFE = re.compile(r"[^a-z0-9]+")
"""Characters that don't belong in a file name."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
ONE_TABLE = ".csv"
FORMATS = {
    ONE_TABLE: tr.mark("CSV, one table"),
    ".zip": tr.mark("CSV, one file per table"),
    ".xlsx": tr.mark("Excel workbook"),
    ".json": "JSON",
    ".html": tr.mark("Printable page"),
    ".pdf": tr.mark("PDF report"),
}


class ExportError(Exception):
    """The export failed; ``str()`` is why and what to do."""


def guarded(text: str) -> str:
    """A cell that is safe in a spreadsheet and a terminal: no formula, one line, no tab, no control characters."""
    flat = without_controls(" ".join(text.split()))
    return f"'{flat}" if flat.startswith(_FORMULA_STARTS) else flat


def write(path: Path, report: Report) -> None:
    """Write the format that the name's extension selects, completely or not at all.

    Raises:
        ExportError: the extension isn't in FORMATS, the file can't be written, or there are too many rows.
    """
    writer = _WRITERS.get(path.suffix.casefold())
    if writer is None:
        raise ExportError(
            tr(
                "The extension of {name} isn't supported. Use one of: {formats}.",
                name=path.name,
                formats=", ".join(FORMATS),
            )
        )
    try:
        with atomic_write(path) as part:
            writer(part, report)
    except OSError as error:
        raise ExportError(
            tr(
                "{path} couldn't be written: {strerror}. Choose another place, or close it "
                "elsewhere.",
                path=path,
                strerror=error.strerror or error,
            )
        ) from error


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A new file that replaces ``path`` once it is complete.

    A symbolic link stays, and a device is written directly.

    Raises:
        OSError: it can't be written.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        yield path
        return
    part = path.with_name(f".{path.name}.part{path.suffix}")
    try:
        part.touch()  # fail before reading if it can't be written
        yield part
        if path.exists():
            part.chmod(path.stat().st_mode)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _cell(value: Any) -> Any:
    value = iso(value)
    if value is None:
        return ""
    return guarded(value) if isinstance(value, str) else value


def _csv(path: Path, report: Report) -> None:
    """Write the first table only."""
    with path.open("w", encoding="utf-8", newline="") as out:
        _csv_rows(out, report.sheets[0])


def _csv_rows(out: TextIO, sheet: Sheet) -> None:
    out.write(BOM)
    write_row = csv.writer(out).writerow
    write_row([guarded(head) for head in sheet.heads])
    for row in sheet.rows:
        write_row([_cell(value) for value in row])


def _zip(path: Path, report: Report) -> None:
    """Write a CSV file for each table, and the notes. Equal data makes equal bytes."""
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo  # noqa: PLC0415 - only for this format

    made = report.made.timetuple()[:6]

    def entry(name: str) -> ZipInfo:
        info = ZipInfo(name, made)
        info.compress_type = ZIP_DEFLATED
        return info

    with ZipFile(path, "w") as archive:
        about = (report.title, tr("Created {made}", made=iso(report.made)), *report.notes)
        archive.writestr(entry("about.txt"), "\n".join(about) + "\n")
        for number, sheet in enumerate(report.sheets, 1):
            name = _UNSAFE.sub("-", sheet.title.casefold()).strip("-")
            with (
                archive.open(entry(f"{number}-{name}.csv"), "w", force_zip64=True) as raw,
                TextIOWrapper(raw, encoding="utf-8", newline="") as out,
            ):
                _csv_rows(out, sheet)


def _json(path: Path, report: Report) -> None:
    with path.open("w", encoding="utf-8") as out:
        write_json(out, report)


def write_json(out: TextIO, report: Report) -> None:
    """Write one object: title, time, notes and each sheet's rows by its name."""
    head = {"title": report.title, "made": iso(report.made), "notes": list(report.notes)}
    out.write(json.dumps(head, ensure_ascii=False)[:-1])
    for sheet in report.sheets:
        out.write(f", {json.dumps(sheet.title.casefold())}: [")
        _json_rows(out, sheet)
        out.write("]")
    out.write("}\n")


def _json_rows(out: TextIO, sheet: Sheet) -> None:
    for number, row in enumerate(sheet.rows):
        found = dict(zip(sheet.heads, map(iso, row), strict=True))
        out.write((",\n" if number else "\n") + json.dumps(found, ensure_ascii=False))


def _xlsx(path: Path, report: Report) -> None:
    """Write a workbook with native times, and text that never becomes a formula."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - with the first workbook
    from xlsxwriter.exceptions import FileCreateError  # noqa: PLC0415 - only for this format

    book = Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False})
    book.set_properties({"title": report.title, "created": report.made.replace(tzinfo=None)})
    try:
        _fill(book, report)
    finally:
        try:
            book.close()
        except FileCreateError as error:
            raise OSError(*error.args[0].args) from error


def _fill(book: Any, report: Report) -> None:
    about = book.add_worksheet(tr("About"))
    for number, line in enumerate(
        (report.title, tr("Created {made}", made=iso(report.made)), *report.notes)
    ):
        about.write_string(number, 0, line)
    about.set_column(0, 0, 90)
    bold = book.add_format({"bold": True, "bottom": 1})
    when = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    quoted = book.add_format({"quote_prefix": True})
    for sheet in report.sheets:
        page = book.add_worksheet(sheet.title)
        page.freeze_panes(1, 0)
        for column, head in enumerate(sheet.heads):
            page.write_string(0, column, head, bold)
            page.set_column(column, column, max(12, len(head) + 4))
        last = 0
        for last, row in enumerate(sheet.rows, 1):
            if last > XLSX_ROWS:
                raise ExportError(
                    tr("Excel supports at most %n rows; filter, or choose CSV.", XLSX_ROWS)
                )
            for column, value in enumerate(row):
                _write_value(page, last, column, value, (when, day, quoted))
        page.autofilter(0, 0, max(1, last), len(sheet.heads) - 1)
        if sheet.stacked and last:
            page.insert_chart(1, len(sheet.heads) + 1, _chart(book, sheet, last))


def _write_value(page: Any, row: int, column: int, value: Any, formats: Sequence[Any]) -> None:
    """Write a value with the format for times, days or text."""
    when, day, quoted = formats
    if isinstance(value, datetime):  # in UTC, as its title says
        page.write_datetime(row, column, value.replace(tzinfo=None), when)
    elif isinstance(value, date):
        page.write_datetime(row, column, value, day)
    elif isinstance(value, bool | int | float):
        page.write(row, column, value)
    elif value is not None:
        text = without_controls(str(value))
        starts = text.startswith(_FORMULA_STARTS)
        page.write_string(row, column, text, quoted if starts else None)


def _chart(book: Any, sheet: Sheet, last: int) -> Any:
    """A workbook's chart of the sheet's rows, down to the ``last``."""
    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    for column, color in sheet.stacked.items():
        chart.add_series(
            {
                "name": [sheet.title, 0, column],
                "categories": [sheet.title, 1, 0, last, 0],
                "values": [sheet.title, 1, column, last, column],
                "fill": {"color": color},
                "gap": 20,
            }
        )
    chart.set_title({"name": sheet.title})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 900, "height": 380})
    return chart


def _html(path: Path, report: Report) -> None:
    from .report_html import html_of  # noqa: PLC0415 - only for this format

    with path.open("w", encoding="utf-8") as out:
        out.writelines(html_of(report))


def _pdf(path: Path, report: Report) -> None:
    from PySide6.QtCore import QFile, QUuid  # noqa: PLC0415 - with the first PDF
    from PySide6.QtGui import QPdfWriter  # noqa: PLC0415 - only for this format

    from . import pdf_pages  # noqa: PLC0415 - only for this format

    file = QFile(str(path))
    if not file.open(QFile.OpenModeFlag.WriteOnly):
        raise OSError(file.errorString())
    writer = QPdfWriter(file)
    writer.setTitle(report.title)
    writer.setCreator(tr("Hotpatch Dashboard"))
    writer.setDocumentId(QUuid.createUuidV5(QUuid(), pdf_pages.footer_of(report).encode()))
    pdf_pages.set_up_pages(writer)
    pdf_pages.print_report(report, writer)
    file.close()
    if file.error() is not QFile.FileError.NoError:
        raise OSError(file.errorString())
    pdf_pages.date_pages(path, report.made)


_WRITERS: dict[str, Callable[[Path, Report], None]] = {
    ONE_TABLE: _csv,
    ".zip": _zip,
    ".xlsx": _xlsx,
    ".json": _json,
    ".html": _html,
    ".pdf": _pdf,
}
