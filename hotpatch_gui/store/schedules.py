"""Maintenance configurations and the machines that they are assigned to."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from hotpatch_gui.domain.schedules import Schedule


def save(
    db: sqlite3.Connection,
    connection_id: int,
    schedules: Mapping[str, Schedule],
    assigned: Mapping[str, str],
) -> None:
    """Have the connection's machines go by exactly these: schedules by id, and their ids by machine, all in
    lower case."""
    db.execute(
        "UPDATE machines SET schedule_id=NULL WHERE schedule_id IS NOT NULL AND connection_id=?",
        (connection_id,),
    )
    db.execute(
        "DELETE FROM schedules WHERE id NOT IN"
        " (SELECT schedule_id FROM machines WHERE schedule_id IS NOT NULL)"
    )
    db.executemany(
        "INSERT INTO schedules VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET name=excluded.name,"
        " starts=excluded.starts, minutes=excluded.minutes, time_zone=excluded.time_zone,"
        " recurs=excluded.recurs",
        [(i, *s) for i, s in schedules.items()],
    )
    db.executemany(
        "UPDATE machines SET schedule_id=? WHERE resource_id=?",
        [(i, machine) for machine, i in assigned.items() if i in schedules],
    )


def read_all(db: sqlite3.Connection) -> dict[str, Schedule]:
    rows = db.execute("SELECT id, name, starts, minutes, time_zone, recurs FROM schedules")
    return {row[0]: Schedule(*row[1:]) for row in rows}


def of_machine(db: sqlite3.Connection, machine_id: int) -> Schedule | None:
    row = db.execute(
        "SELECT s.name, s.starts, s.minutes, s.time_zone, s.recurs FROM schedules s"
        " JOIN machines m ON m.schedule_id=s.id WHERE m.id=?",
        (machine_id,),
    ).fetchone()
    return Schedule(*row) if row else None
