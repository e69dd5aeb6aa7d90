"""Installation runs, kept forever, with the result of each update and their errors."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from hotpatch_gui.domain.records import InstallationRun, RunUpdate
from hotpatch_gui.domain.releases import ReleaseKind

from .history_rows import (
    FailureRow,
    LostRunRow,
    ReleaseDay,
    ReleaseInstall,
    RestartRecord,
    RestartTotal,
    RunErrorRow,
    RunUpdateRow,
)
from .rows import fields, first, typed
from .run_sql import FINAL_RUNS
from .sql import IN_JSON, as_list
from .tables import DISPLAY_NAME
from .timestamps import to_text

_COLUMNS = (
    "machine_id",
    "run_id",
    "status",
    "started_at",
    "modified_at",
    "started_by",
    "restart_status",
    "window_exceeded",
    "installed",
    "failed",
    "pending",
    "excluded",
    "not_selected",
    "maintenance_run_id",
    "fetched_at",
)
_UPSERT = (
    f"INSERT INTO installations ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
    " ON CONFLICT (machine_id, run_id) DO UPDATE SET status=excluded.status, started_at=started_at, "
    + ", ".join(f"{c}=coalesce(excluded.{c}, {c})" for c in _COLUMNS[4:])
    # a slower source may still report it in progress
    + f" WHERE excluded.status IN {FINAL_RUNS} OR installations.status NOT IN {FINAL_RUNS}"
)
_UPSERT_UPDATE = """
INSERT INTO installation_updates (installation_id, patch_id, name, kb, classification, state, restart)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (installation_id, patch_id) DO UPDATE SET
    state=excluded.state, restart=coalesce(excluded.restart, restart)
"""


def save(
    db: sqlite3.Connection, found: Iterable[tuple[int, InstallationRun]], now: datetime
) -> None:
    """Insert or update runs by machine and run ID, with their errors."""
    runs = list(found)
    db.executemany(_UPSERT, [_values(machine_id, r, now) for machine_id, r in runs])
    with_errors = [(machine_id, r) for machine_id, r in runs if r.errors]
    known = run_row_ids(db, [(machine_id, r.run_id) for machine_id, r in with_errors])
    db.executemany(
        "INSERT INTO installation_errors VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " code=excluded.code, message=excluded.message",
        [
            (known[machine_id, r.run_id.lower()], n, code, message)
            for machine_id, r in with_errors
            for n, (code, message) in enumerate(r.errors)
        ],
    )


def _values(machine_id: int, r: InstallationRun, now: datetime) -> tuple[object, ...]:
    return (
        machine_id,
        r.run_id.lower(),
        r.status,
        to_text(r.started),
        to_text(r.modified),
        r.started_by,
        r.restart_status,
        r.window_exceeded,
        r.installed,
        r.failed,
        r.pending,
        r.excluded,
        r.not_selected,
        r.maintenance_run_id,
        to_text(now),
    )


def run_row_ids(
    db: sqlite3.Connection, runs: Iterable[tuple[int, str]]
) -> dict[tuple[int, str], int]:
    """Row IDs by (machine row ID, lower-case run ID) of known runs."""
    rows = db.execute(
        "SELECT machine_id, run_id, i.id FROM json_each(?) CROSS JOIN installations i"
        " ON i.machine_id=value->>0 AND i.run_id=value->>1",
        (json.dumps(list({(m, r.lower()) for m, r in runs})),),
    )
    return {(machine_id, run_id): i for machine_id, run_id, i in rows}


def mark_listed(db: sqlite3.Connection, runs: Iterable[tuple[tuple[int, str], datetime]]) -> None:
    """Record that the updates of these ((machine ID, run ID), last change) runs are stored."""
    db.executemany(
        "UPDATE installations SET listed_at=? WHERE machine_id=? AND run_id=?",
        [(to_text(modified), machine_id, run_id) for (machine_id, run_id), modified in runs],
    )


def without_stored_updates(
    db: sqlite3.Connection, found: Sequence[tuple[int, InstallationRun]]
) -> list[tuple[int, str]]:
    """(Machine ID, lower-case run ID) of runs whose updates aren't stored as of their last change."""
    pairs = [(machine_id, r.run_id.lower()) for machine_id, r in found]
    rows = db.execute(
        "SELECT machine_id, run_id, listed_at FROM json_each(?) CROSS JOIN installations i"
        " ON i.machine_id=value->>0 AND i.run_id=value->>1",
        (json.dumps(pairs),),
    )
    listed = {(machine_id, run_id): at for machine_id, run_id, at in rows}
    return [
        (machine_id, r.run_id.lower())
        for machine_id, r in found
        if not r.status.is_final
        or listed.get((machine_id, r.run_id.lower())) != to_text(r.modified)
    ]


def save_updates(db: sqlite3.Connection, found: Iterable[tuple[int, RunUpdate]]) -> None:
    """Store results of updates by the run's row ID."""
    db.executemany(
        _UPSERT_UPDATE,
        [
            (
                i,
                u.patch_id,
                u.name,
                u.kb,
                u.classification or u.classification_text,
                u.state,
                u.restart,
            )
            for i, u in found
        ],
    )


def results(db: sqlite3.Connection, installation_id: int) -> list[RunUpdateRow]:
    """The result of each update in a run, failures first."""
    cursor = db.execute(
        f"SELECT {fields(RunUpdateRow, 'u')} FROM installation_updates u WHERE u.installation_id=? ORDER BY"
        " CASE u.state WHEN 'Failed' THEN 0 WHEN 'Pending' THEN 1 WHEN 'Installed' THEN 2 ELSE 3 END, u.name",
        (installation_id,),
    )
    return typed(cursor, RunUpdateRow)


def last_installed(db: sqlite3.Connection, machine_id: int) -> list[RunUpdateRow]:
    """The updates that the machine's newest run installed."""
    row = db.execute(
        "SELECT id FROM installations WHERE machine_id=? ORDER BY started_at DESC LIMIT 1",
        (machine_id,),
    ).fetchone()
    return [r for r in results(db, row[0]) if r.state == "Installed"] if row is not None else []


def errors(db: sqlite3.Connection, installation_id: int) -> list[RunErrorRow]:
    """The run's errors in Azure's order."""
    cursor = db.execute(
        f"SELECT {fields(RunErrorRow, 'e')} FROM installation_errors e WHERE e.installation_id=? ORDER BY e.ordinal",
        (installation_id,),
    )
    return typed(cursor, RunErrorRow)


def failures(db: sqlite3.Connection, machine_id: int, since: str) -> list[FailureRow]:
    """The errors of the machine's runs that started since then (UTC text), newest run first."""
    cursor = db.execute(
        "SELECT i.started_at, i.run_id, e.code, e.message FROM installations i"
        " JOIN installation_errors e ON e.installation_id=i.id WHERE i.machine_id=? AND i.started_at>=?"
        " ORDER BY i.started_at DESC, i.id, e.ordinal",
        (machine_id, since),
    )
    return typed(cursor, FailureRow)


def failed_updates(
    db: sqlite3.Connection, machine_id: int, since: str
) -> list[tuple[str | None, str]]:
    """(KB, name) of each update that failed in a run of the machine since then."""
    rows = db.execute(
        "SELECT DISTINCT x.kb, x.name FROM installations i JOIN installation_updates x ON x.installation_id=i.id"
        " WHERE i.machine_id=? AND i.started_at>=? AND x.state='Failed' ORDER BY 1, 2",
        (machine_id, since),
    )
    return [(row[0], row[1]) for row in rows]


def run_of(db: sqlite3.Connection, operation_id: int) -> LostRunRow | None:
    """The run of an operation whose response was lost; None if there is none.

    It is the first run that started after those known when it was sent, and that belongs to no operation.
    """
    shown = "i.fetched_at>=coalesce(m.viewed_at, '')"
    cursor = db.execute(
        f"SELECT {fields(LostRunRow, 'i', is_shown=shown)} FROM installations i"
        " JOIN operations o ON o.machine_id=i.machine_id JOIN machines m ON m.id=i.machine_id WHERE o.id=?"
        " AND i.started_at>coalesce(o.known_until, '') AND coalesce(i.started_by, 'User')='User'"
        " AND NOT EXISTS (SELECT 1 FROM operations x WHERE x.machine_id=i.machine_id AND x.run_id=i.run_id)"
        " ORDER BY i.started_at LIMIT 1",
        (operation_id,),
    )
    return first(cursor, LostRunRow)


def in_progress(db: sqlite3.Connection, machine_ids: Sequence[int]) -> set[int]:
    """The machines among these on which Azure shows an installation in progress, whoever started it."""
    rows = db.execute(
        f"SELECT DISTINCT machine_id FROM installations WHERE machine_id IN {IN_JSON} AND status='InProgress'",
        (as_list(machine_ids),),
    )
    return {row[0] for row in rows}


def _of_machines(machine_ids: Sequence[int] | None) -> tuple[str, tuple[str, ...]]:
    if machine_ids is None:
        return "", ()
    return f"AND machine_id IN {IN_JSON}", (as_list(machine_ids),)


_TITLED = "u.name GLOB '20[0-9][0-9]-[01][0-9] *' AND u.name NOT LIKE '%.NET%'"
_IS_RELEASE = (
    "(u.kb IN (SELECT kb FROM releases UNION SELECT lcu_kb FROM releases) OR u.kb IS NULL AND "
    f"{_TITLED} AND (u.name LIKE '%hotpatch%' OR u.name LIKE '%cumulative update%'))"
)
"""A release of the operating system, by KB or title."""


def installed(
    db: sqlite3.Connection, machine_ids: Sequence[int], kind: str, since: datetime
) -> int:
    """How many releases of a kind were installed on these machines since."""
    row = db.execute(
        "SELECT count(*) FROM installation_updates u JOIN installations i ON i.id=u.installation_id"
        f" WHERE u.state='Installed' AND i.started_at>? {_of_machines(machine_ids)[0]}"
        " AND (u.kb IN (SELECT kb FROM releases WHERE kind=?)"
        f" OR ?='{ReleaseKind.HOTPATCH}' AND u.kb IS NULL AND {_TITLED} AND u.name LIKE '%hotpatch%')",
        (to_text(since), as_list(machine_ids), kind, kind),
    ).fetchone()
    return int(row[0])


def release_installs(db: sqlite3.Connection, machine_id: int) -> list[ReleaseInstall]:
    """All releases of the operating system in the machine's runs, oldest first."""
    cursor = db.execute(
        f"SELECT {fields(ReleaseInstall, 'i', kb='coalesce(u.kb, u.name)', state='u.state')} FROM installation_updates u"
        " JOIN installations i ON i.id=u.installation_id"
        f" WHERE i.machine_id=? AND {_IS_RELEASE}"
        " AND u.state IN ('Installed', 'Failed') ORDER BY i.started_at",
        (machine_id,),
    )
    return typed(cursor, ReleaseInstall)


def release_days(
    db: sqlite3.Connection, machine_ids: Sequence[int], begin: date, end: date
) -> list[ReleaseDay]:
    """Days with releases of the operating system on these machines, oldest first."""
    cursor = db.execute(
        "SELECT date(i.started_at) AS day, coalesce(u.kb, u.name) AS kb, u.state='Failed' AS failed,"
        " count(DISTINCT i.machine_id) AS machines FROM installation_updates u"
        " JOIN installations i ON i.id=u.installation_id"
        f" WHERE date(i.started_at) BETWEEN ? AND ? {_of_machines(machine_ids)[0]}"
        f" AND {_IS_RELEASE}"
        " AND u.state IN ('Installed', 'Failed') GROUP BY 1, 2, 3 ORDER BY 1",
        (begin.isoformat(), end.isoformat(), as_list(machine_ids)),
    )
    return typed(cursor, ReleaseDay)


_RESTARTED = """
    SELECT coalesce(i.modified_at, i.started_at) AS at, i.machine_id, i.started_by,
        (SELECT group_concat(line, char(10)) FROM (
            SELECT coalesce(u.kb, '') || ' ' || replace(u.name, char(10), ' ') AS line
            FROM installation_updates u WHERE u.installation_id=i.id AND u.state='Installed'
              AND u.restart IN ('AlwaysRequiresReboot', 'CanRequestReboot', 'Unknown') ORDER BY u.kb, u.name)) AS required_by,
        0 AS is_request
    FROM installations i WHERE i.restart_status IN ('Completed', 'Started') AND i.started_at>=:since
    UNION ALL
    SELECT o.ended_at, o.machine_id, 'User', NULL, 1 FROM operations o
    WHERE o.kind='restart' AND o.state='succeeded' AND o.ended_at>=:since"""


def restarts(
    db: sqlite3.Connection, machine_ids: Sequence[int] | None, since: datetime, limit: int
) -> list[RestartRecord]:
    """Restarts since, newest first: with installations, and requested by this program."""
    system = {c: f"m.{c}" for c in ("sku", "os_name", "os_version")}
    cursor = db.execute(
        f"SELECT {fields(RestartRecord, 'r', name=DISPLAY_NAME, **system)} FROM ({_RESTARTED}) r"
        f" JOIN machines m ON m.id=r.machine_id{_of(machine_ids)} ORDER BY r.at DESC, r.machine_id LIMIT :limit",
        _bound(machine_ids, since) | {"limit": limit},
    )
    return typed(cursor, RestartRecord)


def restart_totals(
    db: sqlite3.Connection, machine_ids: Sequence[int] | None, since: datetime
) -> list[RestartTotal]:
    """All restarts, counted by system and updates."""
    cursor = db.execute(
        f"SELECT r.required_by, r.is_request, m.sku, m.os_name, max(m.os_version) AS os_version, count(*) AS restarts"
        f" FROM ({_RESTARTED}) r JOIN machines m ON m.id=r.machine_id{_of(machine_ids)}"
        " GROUP BY r.required_by, r.is_request, m.sku, m.os_name",
        _bound(machine_ids, since),
    )
    return typed(cursor, RestartTotal)


def _of(machine_ids: Sequence[int] | None) -> str:
    return (
        "" if machine_ids is None else " WHERE r.machine_id IN (SELECT value FROM json_each(:ids))"
    )


def _bound(machine_ids: Sequence[int] | None, since: datetime) -> dict[str, object]:
    condition = {} if machine_ids is None else {"ids": as_list(machine_ids)}
    return {"since": to_text(since), **condition}
