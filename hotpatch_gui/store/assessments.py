"""Assessments (kept for ASSESSMENTS_KEPT), and the updates that the latest one of each machine offers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from hotpatch_gui.domain.records import ASSESSMENTS_KEPT, Assessment
from hotpatch_gui.domain.updates import Classification, RestartBehavior, Update

from .run_sql import FINAL_RUNS, GOOD_RUNS
from .sql import IN_JSON, as_list
from .timestamps import from_text, to_text

COUNTS = (
    ("critical", "critical"),
    ("security", "security"),
    ("updateRollup", "update_rollup"),
    ("featurePack", "feature_pack"),
    ("servicePack", "service_pack"),
    ("definition", "definition"),
    ("tools", "tools"),
    ("updates", "updates"),
    ("other", "unclassified"),
)
_COLUMNS = (
    "machine_id",
    "activity_id",
    "status",
    "started_at",
    "assessed_at",
    "started_by",
    "restart_pending",
    "important",
    "other",
    *(column for _, column in COUNTS),
    "support_state",
    "error",
    "patch_service",
    "fetched_at",
)
_UPSERT = (
    f"INSERT INTO assessments ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
    " ON CONFLICT (machine_id, activity_id) DO UPDATE SET "
    + ", ".join(
        f"{c}=excluded.{c}"
        if c in ("status", "assessed_at", "fetched_at", "restart_pending")
        else f"{c}=coalesce(excluded.{c}, {c})"
        for c in _COLUMNS[2:]
    )
    # a slower source may still report it in progress
    + f" WHERE excluded.status IN {FINAL_RUNS} OR assessments.status NOT IN {FINAL_RUNS}"
)
_UPSERT_UPDATE = """
INSERT INTO updates (machine_id, patch_id, name, kb, classification, severity, restart,
                     published_at, version, fetched_at, pass_number)
SELECT value, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM json_each(?) WHERE true
ON CONFLICT (machine_id, patch_id) DO UPDATE SET
    name=excluded.name, kb=excluded.kb, classification=excluded.classification,
    severity=coalesce(excluded.severity, severity), restart=excluded.restart,
    published_at=excluded.published_at, version=excluded.version,
    fetched_at=excluded.fetched_at, pass_number=max(pass_number, excluded.pass_number)
"""


def save(db: sqlite3.Connection, found: Iterable[tuple[int, Assessment]], now: datetime) -> None:
    """Insert or update assessments by machine."""
    db.executemany(_UPSERT, [_values(machine_id, a, now) for machine_id, a in found])


def _values(machine_id: int, a: Assessment, now: datetime) -> tuple[object, ...]:
    counts = [a.counts.get(key) for key, _ in COUNTS]
    return (
        machine_id,
        a.activity_id,
        a.status,
        to_text(a.started),
        to_text(a.assessed),
        a.started_by,
        a.restart_pending,
        a.important,
        a.other,
        *counts,
        a.support_state,
        a.error,
        a.patch_service,
        to_text(now),
    )


def save_updates(
    db: sqlite3.Connection, found: Iterable[tuple[int, Update]], now: datetime, number: int
) -> None:
    """Store available updates, marked with the pass that read them.

    One statement per update for all its machines, so that other threads can run in between.
    """
    offered: dict[int, tuple[Update, list[int]]] = {}  # by identity: machines share their updates
    for machine_id, u in found:
        offered.setdefault(id(u), (u, []))[1].append(machine_id)
    fetched = to_text(now)
    db.executemany(
        _UPSERT_UPDATE,
        [
            (
                u.patch_id,
                u.name,
                u.kb,
                u.classification or u.classification_text,
                u.severity,
                u.restart,
                to_text(u.published),
                u.version,
                fetched,
                number,
                as_list(machine_ids),
            )
            for u, machine_ids in offered.values()
        ],
    )


def drop_unseen(db: sqlite3.Connection, machine_ids: Sequence[int], number: int) -> None:
    """Delete updates of these machines that neither pass ``number`` nor a later pass read.

    Passes overlap if one machine is read during a sync.
    """
    db.execute(
        f"DELETE FROM updates WHERE machine_id IN {IN_JSON} AND pass_number<?",
        (as_list(machine_ids), number),
    )


def mark_listed(db: sqlite3.Connection, lists: Iterable[tuple[int, str]]) -> None:
    """Record that the updates of these (machine ID, activity ID) assessments are stored completely."""
    db.executemany(
        "UPDATE machines SET listed_activity=? WHERE id=?",
        [(a, machine_id) for machine_id, a in lists],
    )


def without_stored_updates(
    db: sqlite3.Connection, found: Sequence[tuple[int, Assessment]]
) -> list[int]:
    """Machines whose assessment succeeded but whose updates aren't stored."""
    listed = dict(
        db.execute(
            f"SELECT id, listed_activity FROM machines WHERE id IN {IN_JSON}",
            (as_list(machine_id for machine_id, _ in found),),
        ).fetchall()
    )
    return [i for i, a in found if a.status.is_good and listed.get(i) != a.activity_id]


def forget_old(db: sqlite3.Connection, now: datetime, most: int) -> bool:
    """Delete up to ``most`` assessments older than ASSESSMENTS_KEPT.

    Counted from the newest one if the clock is ahead of it, so that a wrong clock deletes nothing.

    Returns:
        Whether there may be more.
    """
    newest = from_text(db.execute("SELECT max(assessed_at) FROM assessments").fetchone()[0])
    if newest is None:
        return False
    gone = db.execute(
        "DELETE FROM assessments WHERE id IN (SELECT id FROM assessments WHERE assessed_at<? AND NOT EXISTS"
        " (SELECT 1 FROM machines WHERE assessment_id=assessments.id) ORDER BY assessed_at LIMIT ?)",
        (to_text(min(now, newest) - ASSESSMENTS_KEPT), most),
    )
    return gone.rowcount == most


def set_in_graph(db: sqlite3.Connection, machine_ids: Sequence[int]) -> None:
    """Record that Resource Graph has an assessment of these machines."""
    db.execute(
        f"UPDATE machines SET in_graph=1 WHERE in_graph=0 AND id IN {IN_JSON}",
        (as_list(machine_ids),),
    )


def clear_in_graph(db: sqlite3.Connection, connection_id: int, but: Sequence[int]) -> None:
    """Record that Resource Graph has no assessment of the connection's other machines, after a full pass."""
    db.execute(
        f"UPDATE machines SET in_graph=0 WHERE in_graph=1 AND connection_id=? AND id NOT IN {IN_JSON}",
        (connection_id, as_list(but)),
    )


def next_pass(db: sqlite3.Connection) -> int:
    """A number above all earlier ones. Call it inside a transaction."""
    row = db.execute(
        "INSERT INTO sync_state (scope, pass_number) VALUES ('fleet', 1)"
        " ON CONFLICT DO UPDATE SET pass_number=pass_number+1 RETURNING pass_number"
    ).fetchone()
    return int(row[0])


def outdated(db: sqlite3.Connection, found: Sequence[tuple[int, Assessment]]) -> set[int]:
    """Machines with a stored assessment that is newer than the one found."""
    newest = dict(
        db.execute(
            "SELECT machine_id, max(assessed_at) FROM assessments"
            f" WHERE status IN {GOOD_RUNS} AND machine_id IN {IN_JSON} GROUP BY 1",
            (as_list(machine_id for machine_id, _ in found),),
        ).fetchall()
    )
    return {i for i, a in found if newest.get(i, "") > (to_text(a.assessed) or "")}


def offered(db: sqlite3.Connection, machine_id: int) -> list[Update]:
    """The updates that a machine's latest assessment offers."""
    rows = db.execute(
        "SELECT * FROM updates WHERE machine_id=? ORDER BY published_at DESC, name", (machine_id,)
    )
    return [
        Update(
            patch_id=r["patch_id"],
            name=r["name"],
            kb=r["kb"],
            classification=Classification.parse(r["classification"]),
            classification_text=r["classification"],
            restart=RestartBehavior.parse(r["restart"]),
            published=from_text(r["published_at"]),
            severity=r["severity"],
            version=r["version"],
        )
        for r in rows
    ]


def titles_of(db: sqlite3.Connection, kb: str) -> list[str]:
    """The titles under which the latest assessments offer a KB."""
    return [row[0] for row in db.execute("SELECT DISTINCT name FROM updates WHERE kb=?", (kb,))]


def kinds_of(db: sqlite3.Connection, kb: str) -> list[tuple[str, RestartBehavior]]:
    """Each classification and restart behavior with which the latest assessments offer a KB."""
    rows = db.execute("SELECT DISTINCT classification, restart FROM updates WHERE kb=?", (kb,))
    return [(row[0], RestartBehavior.parse(row[1])) for row in rows]


def offers(
    db: sqlite3.Connection, machine_ids: Sequence[int]
) -> tuple[dict[int, str], dict[str, tuple[Update, ...]]]:
    """Available updates of many machines.

    Returns:
        A key by machine ID and the updates by key, because machines share lists.
    """
    rows = db.execute(
        "SELECT key, json_group_array(machine_id) FROM (SELECT machine_id, group_concat(patch_id, char(10)) AS key"
        f" FROM (SELECT machine_id, patch_id FROM updates WHERE machine_id IN {IN_JSON} ORDER BY machine_id, patch_id)"
        " GROUP BY machine_id) GROUP BY key",
        (as_list(machine_ids),),
    )
    keys: dict[int, str] = {}
    found: dict[str, tuple[Update, ...]] = {}
    for key, ids in rows.fetchall():
        alike = json.loads(ids)
        keys |= dict.fromkeys(alike, key)
        found[key] = tuple(offered(db, alike[0]))
    return keys, found


def counts_by_classification(
    db: sqlite3.Connection, machine_ids: Sequence[int]
) -> list[tuple[str, int, int]]:
    """(classification, updates, updates that may restart) of these machines, largest first."""
    rows = db.execute(
        "SELECT classification, count(*), sum(restart<>'NeverReboots') FROM updates u"
        f" JOIN machines m ON m.id=u.machine_id AND m.deleted_at IS NULL WHERE u.machine_id IN {IN_JSON}"
        " GROUP BY classification ORDER BY 2 DESC, 1",
        (as_list(machine_ids),),
    )
    return [(r[0], r[1], r[2]) for r in rows]


def assessed_since(db: sqlite3.Connection, operation_id: int) -> bool:
    """Whether an assessment that started after the operation was sent has succeeded."""
    row = db.execute(
        "SELECT 1 FROM assessments a JOIN operations o ON o.machine_id=a.machine_id WHERE o.id=?"
        " AND coalesce(a.started_at, a.assessed_at)>coalesce(o.known_until, '')"
        f" AND a.status IN {GOOD_RUNS} LIMIT 1",
        (operation_id,),
    ).fetchone()
    return row is not None
