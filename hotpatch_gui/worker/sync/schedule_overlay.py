"""This program's own recent changes of schedules, which Resource Graph doesn't show at once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime

from hotpatch_gui.azure import parse, values
from hotpatch_gui.domain.schedule_changes import ChangeKind, ScheduleChange
from hotpatch_gui.domain.schedules import Schedule
from hotpatch_gui.store import schedule_changes, schedules
from hotpatch_gui.store.schedules import Assignments


def apply_recent(
    db: sqlite3.Connection,
    connection_id: int,
    found: dict[str, Schedule | None],
    assigned: Assignments,
    now: datetime,
) -> None:
    """Apply changes that Azure confirmed lately to what Resource Graph returned."""
    recent = schedule_changes.succeeded_since(db, connection_id, now - schedule_changes.LAG)
    apply(found, assigned, (stored.change for stored in recent))


def save_with(
    db: sqlite3.Connection, connection_id: int, changes: Iterable[ScheduleChange], now: datetime
) -> None:
    """Store the effect of confirmed changes, without reading everything again."""
    found, assigned = schedules.stored(db, connection_id)
    apply(found, assigned, changes)
    schedules.save(db, connection_id, found, assigned, now)


def apply(
    found: dict[str, Schedule | None], assigned: Assignments, changes: Iterable[ScheduleChange]
) -> None:
    """Apply changes in place."""
    direct = {i.casefold(): (i, machine, of) for i, machine, of in assigned.direct}
    scopes = {s.azure_id.casefold(): s for s in assigned.scopes}
    for change in changes:
        key = change.resource_id.casefold()
        body = values.mapping(json.loads(change.body or "{}"))
        properties = values.mapping(body.get("properties"))
        link = {
            "id": change.resource_id,
            "name": change.resource_id.rsplit("/", 1)[-1],
            "schedule": properties.get("maintenanceConfigurationId"),
            "machine": properties.get("resourceId"),
            "filter": properties.get("filter"),
        }
        match change.kind:
            case ChangeKind.CREATE | ChangeKind.SAVE:
                found[key] = parse.schedule(
                    link
                    | {
                        "location": body.get("location"),
                        "window": properties.get("maintenanceWindow"),
                        "install": properties.get("installPatches"),
                    }
                )
            case ChangeKind.EXCLUDE:
                old = found.get(key)
                if old is not None:
                    found[key] = old.excluding(str(body.get("kb")))
            case ChangeKind.DELETE:
                found.pop(key, None)  # its assignments were deleted before, each on its own
            case ChangeKind.ASSIGN:
                machine, of = str(link["machine"]).lower(), str(link["schedule"]).lower()
                direct[key] = (change.resource_id, machine, of)
            case ChangeKind.SAVE_SCOPE:
                scopes[key] = parse.scope(link)
            case ChangeKind.UNASSIGN:
                direct.pop(key, None)
            case ChangeKind.DELETE_SCOPE:
                scopes.pop(key, None)
    assigned.direct[:] = direct.values()
    assigned.scopes[:] = scopes.values()
