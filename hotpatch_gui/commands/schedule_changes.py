"""``schedules apply`` and ``schedules assign``: with the window's engine and rules."""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hotpatch_gui.application.headless import AbandonedError
from hotpatch_gui.azure.schedule_files import ScheduleFileError, read_file
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.permissions import FORBIDDEN_CODES
from hotpatch_gui.domain.schedule_changes import is_schedule_id, schedule_id
from hotpatch_gui.domain.schedules import Schedule
from hotpatch_gui.models import resource_groups, schedule_form, schedules
from hotpatch_gui.models.resource_groups import ResourceGroup
from hotpatch_gui.models.schedule_targets import read_candidates
from hotpatch_gui.models.schedules import ScheduleEntry
from hotpatch_gui.store import machines, schedule_changes
from hotpatch_gui.store.releases import calendar_of
from hotpatch_gui.store.schedule_changes import StoredChange
from hotpatch_gui.store.schedule_rows import ScheduleRow
from hotpatch_gui.system import resources
from hotpatch_gui.system.console import plain
from hotpatch_gui.translation import translator
from hotpatch_gui.worker.operation_scheduler import SendPolicy

from .acting import confirm
from .common import (
    POSSIBLY_CARRIED_OUT,
    CommandError,
    Exit,
    ids,
    print_json,
    session,
    write_message,
)
from .named import named_machines, named_resource_group, named_schedule

if TYPE_CHECKING:
    from hotpatch_gui.application.headless import Session
    from hotpatch_gui.application.targets import CloudTarget

tr = translator("ScheduleChangesCommand")

WAIT_MINUTES = 10.0


def change_schedules(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    """Sync, request the change, wait for its result and report it.

    Raises:
        CommandError: the file, the schedule or the machines can't be used.
    """
    try:
        schedule = read_file(options.file) if options.schedules_action == "apply" else None
    except ScheduleFileError as error:
        raise CommandError(str(error), Exit.USAGE) from error
    with session(folder, target, sends=SendPolicy.OWN) as running:
        running.wait_for_sync()
        db = running.db
        entries = _entries(db, target)
        send = (
            _saving(running, entries, schedule, options, target)
            if schedule is not None
            else _assigning(running, entries, options)
        )
        mine: list[int] = []
        try:
            mine = running.queue(send)
            running.wait_for_changes(mine, WAIT_MINUTES)
        except AbandonedError as error:
            mine = running.cancel_changes()
            write_message(str(error))
        codes = schedule_changes.azure_codes(running.db, mine)
        found = schedule_changes.results(running.db, mine)
        return _report(found, codes, as_json=options.json)


def _entries(db: sqlite3.Connection, target: CloudTarget) -> list[ScheduleEntry]:
    calendar = calendar_of(db, resources.calendar())
    return schedules.read_schedules(db, calendar, target.clock(db)).entries


def _saving(
    running: Session,
    entries: Sequence[ScheduleEntry],
    schedule: Schedule,
    options: argparse.Namespace,
    target: CloudTarget,
) -> Callable[[], None]:
    """The call that creates the schedule, or changes the one with its resource ID."""
    known = {e.row.resource_id: e for e in entries}
    old = known.get(schedule.azure_id.lower())
    if schedule.azure_id and not is_schedule_id(schedule.azure_id, schedule.name):
        raise CommandError(
            tr("The file's id isn't that of the schedule {name}.", name=schedule.name), Exit.USAGE
        )
    groups = resource_groups.read_resource_groups(running.db)
    if old is not None:
        resource_id, connection_id = schedule.azure_id, old.row.connection_id
        before = old.row.schedule.starts[:16]
    else:
        group = _group_of_new(groups, schedule, options.resource_group)
        before, connection_id = "", group.connection_id
        resource_id = schedule.azure_id or schedule_id(
            group.subscription_id, group.name, schedule.name
        )
        if resource_id.lower() in known:
            raise CommandError(
                tr(
                    "The schedule {name} already exists. To change it, add its id to the file: {id}",
                    name=schedule.name,
                    id=resource_id,
                ),
                Exit.USAGE,
            )
    why = schedule_form.problem(
        schedule, target.clock(running.db)(), has_moved=schedule.starts[:16] != before
    )
    if why:
        raise CommandError(why, Exit.USAGE)
    _require(running, connection_id)
    is_new = old is None
    return lambda: running.actions.save_schedule(
        connection_id, resource_id, schedule, is_new=is_new
    )


def _require(running: Session, connection_id: int) -> None:
    """A command doesn't wait for a connection that isn't set up, as without its certificate.

    Raises:
        CommandError: it isn't.
    """
    if not running.is_connected(connection_id):
        raise CommandError(tr("The connection isn't ready, so nothing was requested."))


def _group_of_new(
    groups: Sequence[ResourceGroup], schedule: Schedule, default: str | None
) -> ResourceGroup:
    """The resource group of a new schedule: by its resource ID, or else the one named ``default``.

    Raises:
        CommandError: the group isn't known, or several are.
    """
    parts = schedule.azure_id.split("/")
    subscription = parts[2] if len(parts) > 4 else ""
    name = parts[4] if len(parts) > 4 else default or ""
    if not name:
        raise CommandError(
            tr("The file names no resource group. Add --resource-group NAME."), Exit.USAGE
        )
    return named_resource_group(groups, name, subscription)


def _assigning(
    running: Session, entries: Sequence[ScheduleEntry], options: argparse.Namespace
) -> Callable[[], None]:
    """The call that assigns the machines."""
    row = named_schedule(entries, options.name).row
    rows = machines.read_rows(running.db, ids(running.db, frozenset({row.connection_id})))
    selected = [m.id for m in named_machines(rows, options.machines)]
    confirm(options, len(selected))
    if not row.changes_allowed:
        raise CommandError(
            tr("Changes are off for {name}.", name=row.connection), Exit.NOT_PERMITTED
        )
    waiting = len(set(selected) & _unprepared(running.db, row))
    if waiting:
        write_message(
            tr(
                "Azure runs no schedule on %n of them until their update settings are Customer Managed Schedules.",
                waiting,
            )
        )
    _require(running, row.connection_id)
    known = row.schedule.azure_id or row.resource_id
    return lambda: running.actions.assign_machines(
        row.connection_id, known, row.schedule.name, selected
    )


def _unprepared(db: sqlite3.Connection, row: ScheduleRow) -> frozenset[int]:
    return read_candidates(db, row.connection_id, row.resource_id).unprepared


def _report(found: Sequence[StoredChange], codes: Mapping[int, str], *, as_json: bool) -> Exit:
    if as_json:
        rows = [
            {
                "change": one.change.kind.value,
                "subject": one.change.subject,
                "resource_id": one.change.resource_id,
                "state": one.state.value,
                "note": one.note,
            }
            for one in found
        ]
        print_json({"changes": rows})
    else:
        for one in found:
            print(plain(f"{one.change.subject}: {one.state.label}. {one.note}".rstrip()))
    good = sum(one.state is OperationState.SUCCEEDED for one in found)
    unsure = sum(one.state in POSSIBLY_CARRIED_OUT for one in found)
    if found and good + unsure == len(found):
        return Exit.NOT_KNOWN if unsure else Exit.DONE
    if good or unsure:
        return Exit.PARTLY
    is_forbidden = bool(found) and all(codes[one.id] in FORBIDDEN_CODES for one in found)
    return Exit.NOT_PERMITTED if is_forbidden else Exit.FAILED
