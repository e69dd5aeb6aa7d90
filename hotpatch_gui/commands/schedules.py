"""``schedules``: maintenance configurations, their machines and runs, without reading from Azure."""

from __future__ import annotations

import argparse
import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotpatch_gui.azure import schedule_files
from hotpatch_gui.azure.schedule_files import ScheduleFileError
from hotpatch_gui.domain.schedules import AssignmentKind
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.models import display_text, schedule_text, schedules
from hotpatch_gui.models.report import iso
from hotpatch_gui.models.schedules import ScheduleEntry, run_text
from hotpatch_gui.store.releases import calendar_of
from hotpatch_gui.store.schedule_rows import ScheduleMachine, ScheduleRun
from hotpatch_gui.system import resources
from hotpatch_gui.translation import translator

from .common import CommandError, Exit, print_json, print_table, reading, write_message
from .named import named_schedule

if TYPE_CHECKING:
    from hotpatch_gui.application.targets import CloudTarget

tr = translator("SchedulesCommand")


def schedules_command(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    """List the schedules, show one or its runs, or change them.

    Raises:
        CommandError: no schedule, or several, have the name.
    """
    if options.schedules_action in ("apply", "assign"):
        from .schedule_changes import change_schedules  # noqa: PLC0415 - the engine, only to change something

        return change_schedules(options, folder, target)
    with reading(folder) as db:
        calendar = calendar_of(db, resources.calendar())
        read = schedules.read_schedules(db, calendar, target.clock(db))
        if options.schedules_action in (None, "list"):
            _list(read.entries, read.unread_reason, as_json=options.json)
        else:
            entry = named_schedule(read.entries, options.name)
            if options.schedules_action == "runs":
                _runs(entry, as_json=options.json)
            elif options.schedules_action == "save":
                _save(entry, options.out)
                print(json.dumps({"file": str(options.out)}) if options.json else options.out)
            else:
                _show(db, entry, target.clock(db)(), as_json=options.json)
    if read.unread_reason:
        write_message(tr("Some schedules aren't known: {why}", why=read.unread_reason))
    return Exit.DONE


def _list(entries: Sequence[ScheduleEntry], unread: str, *, as_json: bool) -> None:
    if as_json:
        found = {"schedules": [_json(e) for e in entries], "unread": unread}
        print_json(found)
        return
    heads = (
        tr("Schedule"),
        tr("Resource group"),
        tr("Recurrence"),
        tr("Next window (local)"),
        tr("Machines"),
        tr("Problems"),
    )
    rows = [
        (
            e.name,
            e.row.group,
            e.recurrence,
            display_text.moment_text(e.opens) if e.opens else display_text.NOTHING,
            display_text.number(e.machines),
            display_text.number(sum(c.level is not Level.INFO for c in e.concerns)),
        )
        for e in entries
    ]
    print_table(heads, rows)


def _show(db: sqlite3.Connection, entry: ScheduleEntry, now: datetime, *, as_json: bool) -> None:
    runs = [run.run for run in entry.runs]
    machines = schedules.read_machines(db, entry.row.resource_id, runs).rows
    if as_json:
        found = _json(entry) | {"assigned_machines": [_machine_json(m) for m in machines]}
        print_json(found)
        return
    for title, text in (
        (tr("Schedule"), entry.name),
        (tr("Resource ID"), entry.row.resource_id),
        (tr("Recurrence"), entry.recurrence),
        *((tr("Window"), schedules.window_text(w, entry.row.schedule)) for w in entry.next),
        *((title, text) for _, _, title, text in schedule_text.selection(entry.row.schedule, now)),
        *((tr("Note") if c.level is Level.INFO else tr("Problem"), c.text) for c in entry.concerns),
    ):
        print_table((), [(f"{title}:", text)])
    heads = (tr("Machine"), tr("Resource group"), tr("Assignment"), tr("Prepared"))
    print_table(heads, [_machine_cells(m) for m in machines])


def _machine_cells(machine: ScheduleMachine) -> tuple[str, ...]:
    prepared = tr("No") if machine.is_unprepared else tr("No obstacle known")
    return machine.name, machine.resource_group, machine.assignment, prepared


def _save(entry: ScheduleEntry, path: Path) -> None:
    try:
        schedule_files.write_file(path, entry.row.schedule)
    except ScheduleFileError as error:
        raise CommandError(str(error), Exit.USAGE) from error


def _runs(entry: ScheduleEntry, *, as_json: bool) -> None:
    if as_json:
        print_json({"runs": [_run_json(r) for r in entry.runs]})
        return
    heads = (
        tr("Started (UTC)"),
        tr("Result"),
        tr("Installed"),
        tr("Failed"),
        tr("Pending"),
        tr("Maintenance run ID"),
    )
    rows = [
        (r.started_at, run_text(r), str(r.installed), str(r.failed), str(r.pending), r.run)
        for r in entry.runs
    ]
    print_table(heads, rows)


def _json(entry: ScheduleEntry) -> dict[str, Any]:
    row, schedule = entry.row, entry.row.schedule
    return {
        "name": entry.name,
        "resource_id": row.resource_id,
        "connection": row.connection,
        "recur_every": schedule.recurs,
        "recurrence": entry.recurrence,
        "time_zone": schedule.time_zone,
        "minutes": schedule.minutes,
        "next_windows": [{"opens": iso(w.opens), "closes": iso(w.closes)} for w in entry.next],
        "is_ended": entry.is_ended,
        "classifications": list(schedule.classifications),
        "include": list(schedule.include),
        "exclude": list(schedule.exclude),
        "restart": schedule.restart,
        "machines": entry.machines,
        "perhaps_more": row.by_assignment.get(AssignmentKind.PERHAPS, 0),
        "unprepared_machines": row.unprepared,
        "problems": [{"level": c.level.name.lower(), "text": c.text} for c in entry.concerns],
        "last_run": _run_json(entry.runs[0]) if entry.runs else None,
    }


def _machine_json(machine: ScheduleMachine) -> dict[str, Any]:
    return {
        "machine": machine.name,
        "resource_group": machine.resource_group,
        "assignment": machine.assignment,
        "scope": machine.scope,
        "is_unprepared": bool(machine.is_unprepared),
        "last_run_at": machine.run_at,
        "last_run_status": machine.status,
    }


def _run_json(run: ScheduleRun) -> dict[str, Any]:
    return {
        "id": run.run,
        "started_at": run.started_at,
        "machines": run.machines,
        "succeeded": run.good,
        "failed_machines": run.bad,
        "in_progress": run.running,
        "installed": run.installed,
        "failed": run.failed,
        "pending": run.pending,
    }
