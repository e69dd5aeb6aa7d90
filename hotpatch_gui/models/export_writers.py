"""Writing exports: CSV, XLSX, JSON, HTML and PDF. Text from outside stays text."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from hotpatch_gui.translation import translator

tr = translator("ExportWriters")

BOM = "\ufeff"
"""At the start of CSV files, so that spreadsheets read UTF-8."""
XLSX_ROWS = 1_048_575
"""Excel's limit, without the header."""
PDF_ROWS = 2000
"""Rows of a section in a PDF; other formats have all."""
_UNSAFE = re.compile(r"[^a-z0-9]+")
"""Characters that don't belong in a file name."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
FORMATS = {
    ".csv": tr.mark("CSV, one table"),
    ".zip": tr.mark("CSV, one file per table"),
    ".xlsx": tr.mark("Excel workbook"),
    ".json": "JSON",
    ".html": tr.mark("Printable page"),
    ".pdf": tr.mark("PDF report"),
}


class ExportError(Exception):
    """The export failed; ``str()`` is why and what to do."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: titles and rows of values (text, number, time with zone, None).

    ``unprinted`` are positions of columns that don't fit on a page, such as resource IDs.
    """

    title: str
    heads: Sequence[str]
    rows: Iterable[Sequence[Any]]
    unprinted: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Report:
    """Sheets with title and notes.

    ``made`` is when it was requested; ``notes`` name the demo and the data's age.
    """

    title: str
    made: datetime
    notes: Sequence[str]
    sheets: Sequence[Sheet] = field(default_factory=tuple)


def guarded(text: str) -> str:
    """A cell that is safe in a spreadsheet: no formula, one line, no tab."""
    flat = " ".join(text.split())
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
                "{name} names no format; end it with {formats}.",
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
                "{path} could not be written: {strerror}. Choose another place, or close it "
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


def iso(value: Any) -> Any:
    """Times in ISO 8601 with their zone; other values unchanged."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


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
        about = (report.title, tr("Made {made}", made=iso(report.made)), *report.notes)
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
    bold = book.add_format({"bold": True, "bottom": 1})
    when = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    quoted = book.add_format({"quote_prefix": True})
    about = book.add_worksheet(tr("About"))
    for number, line in enumerate(
        (report.title, tr("Made {made}", made=iso(report.made)), *report.notes)
    ):
        about.write_string(number, 0, line)
    about.set_column(0, 0, 90)
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
                if isinstance(value, datetime):  # in UTC, as its title says
                    page.write_datetime(last, column, value.replace(tzinfo=None), when)
                elif isinstance(value, bool | int | float):
                    page.write(last, column, value)
                elif value is not None:
                    text = str(iso(value))
                    starts = text.startswith(_FORMULA_STARTS)
                    page.write_string(last, column, text, quoted if starts else None)
        page.autofilter(0, 0, max(1, last), len(sheet.heads) - 1)


_STYLE = """
body { font-family: "Segoe UI", Inter, sans-serif; font-size: 8pt; color: #201f1e; margin: 24px; }
h1 { font-size: 15pt; margin: 0 0 4px 0; } h2 { font-size: 11pt; margin: 20px 0 6px 0; }
p { color: #605e5c; margin: 2px 0; } table { border-collapse: collapse; width: 100%; }
th { text-align: left; border-bottom: 1px solid #8a8886; padding: 3px 6px; }
td.whole { white-space: nowrap; }
td { border-bottom: 1px solid #edebe9; padding: 3px 6px; vertical-align: top; }
@media print { thead { display: table-header-group; } tr { page-break-inside: avoid; } }
"""


def html_of(report: Report, most: int | None = None) -> Iterator[str]:
    """Yield the printable page in pieces, with at most ``most`` rows per table."""
    title = escape(report.title)
    yield f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
    for line in (tr("Made {made}", made=iso(report.made)), *report.notes):
        yield f"<p>{escape(line)}</p>"
    for sheet in report.sheets:
        places = [n for n in range(len(sheet.heads)) if n not in sheet.unprinted]
        yield f"<h2>{escape(sheet.title)}</h2><table><thead><tr>"
        yield "".join(f"<th>{escape(sheet.heads[n])}</th>" for n in places)
        yield "</tr></thead><tbody>"
        count = 0
        for count, row in enumerate(sheet.rows, 1):
            if most is None or count <= most:
                yield f"<tr>{''.join(_printed(row[n], is_first=n == 0) for n in places)}</tr>"
        yield "</tbody></table>"
        if most is not None and count > most:
            yield tr(
                "<p>The first {most:,} of {count:,} rows; the other formats have all of them.</p>",
                most=most,
                count=count,
            )
        if not count:
            yield tr("<p>No entries.</p>")
    yield "</body></html>\n"


def _printed(value: Any, *, is_first: bool) -> str:
    """A cell of the page; times to the minute."""
    is_time = isinstance(value, datetime)
    text = f"{value:%Y-%m-%d %H:%M}" if is_time else "" if value is None else str(iso(value))
    style = ' class="whole"' if is_time or is_first else ""
    return f"<td{style}>{escape(text)}</td>"


def _html(path: Path, report: Report) -> None:
    with path.open("w", encoding="utf-8") as out:
        out.writelines(html_of(report))


def _pdf(path: Path, report: Report) -> None:
    from PySide6.QtCore import QFile, QUuid  # noqa: PLC0415 - with the first PDF
    from PySide6.QtGui import (  # noqa: PLC0415 - only for this format
        QPageLayout,
        QPageSize,
        QPdfWriter,
        QTextDocument,
        QTextOption,
    )

    from .pdf_pages import MARGINS, date_pages, print_pages  # noqa: PLC0415 - only for this format

    file = QFile(str(path))
    if not file.open(QFile.OpenModeFlag.WriteOnly):
        raise OSError(file.errorString())
    whole_words = QTextOption()
    whole_words.setWrapMode(QTextOption.WrapMode.WordWrap)
    writer = QPdfWriter(file)
    writer.setTitle(report.title)
    writer.setCreator(tr("Hotpatch Dashboard"))
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageOrientation(QPageLayout.Orientation.Landscape)
    writer.setPageMargins(MARGINS)
    document = QTextDocument()
    document.setDefaultTextOption(whole_words)
    document.setHtml("".join(html_of(report, PDF_ROWS)))
    footer = f"{report.title} · {tr('Made {made}', made=iso(report.made))}"
    writer.setDocumentId(QUuid.createUuidV5(QUuid(), footer.encode()))
    print_pages(document, writer, footer)
    file.close()
    if file.error() is not QFile.FileError.NoError:
        raise OSError(file.errorString())
    date_pages(path, report.made)


_WRITERS: dict[str, Callable[[Path, Report], None]] = {
    ".csv": _csv,
    ".zip": _zip,
    ".xlsx": _xlsx,
    ".json": _json,
    ".html": _html,
    ".pdf": _pdf,
}
