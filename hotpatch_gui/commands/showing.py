"""``list`` and ``export``: known data, without reading from Azure."""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotpatch_gui.domain.machine_filter import Dimension
from hotpatch_gui.models import export_sheets, export_writers
from hotpatch_gui.models.exports import ExportContext
from hotpatch_gui.models.overview import OverviewQuery
from hotpatch_gui.models.overview_report import overview_report
from hotpatch_gui.models.report import Report, iso
from hotpatch_gui.store import daily_states, situations
from hotpatch_gui.store.releases import calendar_of
from hotpatch_gui.system import resources
from hotpatch_gui.translation import translator

from .common import (
    CommandError,
    Exit,
    connection_ids,
    ids,
    print_table,
    reading,
    write_message,
)

if TYPE_CHECKING:
    from hotpatch_gui.application.targets import CloudTarget

tr = translator("Showing")

REPORT = "report"
"""The Overview page's report, as content of an export."""
_COLUMNS = (
    tr.mark("Machine"),
    tr.mark("Power state"),
    tr.mark("Hotpatch"),
    tr.mark("Status"),
    tr.mark("Resource Health"),
    tr.mark("Updates"),
    tr.mark("Assessed (UTC)"),
)


def list_machines(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    """Print known machines."""
    only = connection_ids(folder, target, options.connection)
    with reading(folder) as db:
        now = target.clock(db)()
        calendar = calendar_of(db, resources.calendar())
        found = export_sheets.sheet("machines", db, ids(db, only), calendar, now)
        report = export_sheets.report(
            db, tr("Machines"), [found], now, calendar, demo=target.label.demo
        )
        if options.json:
            export_writers.write_json(sys.stdout, report)
            return Exit.DONE
        rows = [[str(iso(v) if v not in (None, "") else "–") for v in row] for row in found.rows]
    columns = [list(found.heads).index(head) for head in _COLUMNS]
    print_table([tr(c) for c in _COLUMNS], [[row[column] for column in columns] for row in rows])
    for note in report.notes:
        write_message(note)
    return Exit.DONE


def export(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    """Write known data to a file.

    Raises:
        CommandError: the options aren't valid, or the file can't be written.
    """
    sheets = options.what or ["machines", *export_sheets.REPORTED]
    is_report = REPORT in sheets
    unknown = sorted(set(sheets) - {*export_sheets.EXPORT_NAMES, REPORT})
    if unknown:
        there = ", ".join((*export_sheets.EXPORT_NAMES, REPORT))
        raise CommandError(
            tr(
                "Unknown content: {unknown}. Choose from {there}.",
                unknown=", ".join(unknown),
                there=there,
            ),
            Exit.USAGE,
        )
    path: Path = options.out
    if path.suffix.casefold() not in export_writers.FORMATS:
        raise CommandError(
            tr(
                "The extension of {name} isn't supported. Use one of: {formats}.",
                name=path.name,
                formats=", ".join(export_writers.FORMATS),
            ),
            Exit.USAGE,
        )
    if is_report and (set(sheets) - {REPORT, "audit"} or options.connection):
        raise CommandError(tr("A report covers all machines; you can add only audit."), Exit.USAGE)
    if options.day is not None and not is_report:
        raise CommandError(tr("--day needs a report: hotpatch-gui export report."), Exit.USAGE)
    if path.suffix.casefold() == ".csv" and (is_report or len(sheets) > 1):
        raise CommandError(tr("A CSV file has one table. Name one, such as history."), Exit.USAGE)
    if path.suffix.casefold() == ".pdf":
        _make_fonts()
    only = connection_ids(folder, target, options.connection)
    with reading(folder) as file, ExitStack() as stack:
        now, db = target.clock(file)(), file
        calendar = calendar_of(db, resources.calendar())
        if is_report and options.day is None:  # its numbers are read from derived columns
            db = stack.enter_context(situations.derived_copy(file, calendar, now))
        mine = ids(db, only)
        origin = ExportContext(now, calendar, target.label.demo)
        report = (
            _report(db, origin, options.day, with_audit="audit" in sheets)
            if is_report
            else export_sheets.report(
                db,
                tr("Hotpatch report"),
                [export_sheets.sheet(what, db, mine, calendar, now) for what in sheets],
                now,
                calendar,
                demo=origin.demo,
            )
        )
        try:
            export_writers.write(path, report)
        except export_writers.ExportError as error:
            raise CommandError(str(error)) from error
    print(json.dumps({"file": str(path)}) if options.json else path)
    return Exit.DONE


def _report(
    db: sqlite3.Connection, origin: ExportContext, day: date | None, *, with_audit: bool
) -> Report:
    """The Overview page's report, of now or of a past ``day``.

    Raises:
        CommandError: nothing is known about the day.
    """
    first = daily_states.first_day(db) or origin.now.date()
    if day is not None and not first <= day <= origin.now.date():
        raise CommandError(
            tr(
                "Nothing is known about {day}: reports are possible from {first}, the first day with data, until today.",
                day=day.isoformat(),
                first=first.isoformat(),
            ),
            Exit.USAGE,
        )
    past = day if day is not None and day < origin.now.date() else None
    query = OverviewQuery(origin.now, origin.calendar, Dimension.SUBSCRIPTION, "", origin.now, past)
    return overview_report(query, origin, with_audit=with_audit)(db)


def _make_fonts() -> None:
    """A page needs fonts, and therefore an application, but no display."""
    from PySide6.QtGui import QGuiApplication  # noqa: PLC0415 - only for a PDF or page

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if QGuiApplication.instance() is None:
        _KEPT.append(QGuiApplication(sys.argv[:1]))


_KEPT: list[Any] = []
"""Objects that must live until the process ends."""
