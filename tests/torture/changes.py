"""Changes of schedules for the tortures: what is requested, and whether it ended in its true state."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Mapping
from typing import Any

from hotpatch_gui.application.user_actions import EngineUserActions
from hotpatch_gui.domain.schedule_changes import ChangeKind, schedule_id
from hotpatch_gui.domain.schedules import Schedule

NAMES = 3
"""So few schedules that many changes meet on one."""
DAYS = ("Monday", "Wednesday", "Friday", "Sunday")


def ask(
    desk: EngineUserActions, rng: random.Random, db: sqlite3.Connection, machine_id: int
) -> None:
    """Request a change of a schedule in the machine's resource group, whether or not there is one."""
    row = db.execute(
        "SELECT azure_id, connection_id FROM machines WHERE id=?", (machine_id,)
    ).fetchone()
    _, _, subscription, _, group, *_ = row["azure_id"].split("/")
    name, connection = f"torture-{rng.randrange(NAMES)}", row["connection_id"]
    of = schedule_id(subscription, group, name)
    match rng.choices(("create", "save", "assign", "remove", "delete"), (4, 2, 4, 2, 1))[0]:
        case "assign":
            desk.assign_machines(connection, of, name, [machine_id])
        case "remove":
            desk.remove_machines(connection, of, [machine_id])
        case "delete":
            desk.delete_schedule(connection, of, name)
        case kind:
            days = f"Week {rng.choice(DAYS)}"
            wanted = Schedule(
                name, "2026-08-21 22:00", 180, "UTC", days, classifications=("Critical",)
            )._replace(location="eastus")
            desk.save_schedule(connection, of, wanted, is_new=kind == "create")


def judge(db: sqlite3.Connection, items: Mapping[tuple[str, str], Any]) -> dict[str, int]:
    """Hold the file's changes against the simulated Azure's own file. The number of changes by state."""
    rows = db.execute("SELECT * FROM schedule_changes ORDER BY id").fetchall()
    counted: dict[str, int] = {}
    for row in rows:
        counted[row["state"]] = counted.get(row["state"], 0) + 1
    received = items.get(("world", "received"), {}).get("maintenance", 0)
    sent = sum(row["sent_at"] is not None for row in rows)
    made = sum(row["note"] == "Azure made the change." for row in rows)
    assert made <= received <= sent, (
        f"{made} were made, Azure received {received}, {sent} were sent"
    )
    assert not {"queued", "sent"} & counted.keys(), f"not ended: {counted}"
    for target in {row["resource_id"].casefold() for row in rows}:
        _judge(target, [r for r in rows if r["resource_id"].casefold() == target], items)
    return counted


def _judge(target: str, rows: list[sqlite3.Row], items: Mapping[tuple[str, str], Any]) -> None:
    known = [row for row in rows if row["state"] in ("succeeded", "unknown", "dismissed")]
    if not known or known[-1]["state"] != "succeeded":
        return  # nothing is claimed
    last = known[-1]
    kind = ChangeKind(last["kind"])
    found = items.get(("configuration" if kind.is_of_schedule else "assignment", target))
    assert (found is None) is kind.deletes, f"{dict(last)} against {found}"
    if kind.is_of_schedule and found is not None:
        wanted = json.loads(last["request"])["properties"]["maintenanceWindow"]["recurEvery"]
        assert found["properties"]["maintenanceWindow"]["recurEvery"] == wanted, dict(last)
