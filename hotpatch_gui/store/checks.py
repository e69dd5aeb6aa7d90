"""Holding each run against the first assessment after it, once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from hotpatch_gui.domain.installs import asked_minutes
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.domain.verify import Report, as_text, doubts

from .tables import AMONG, as_list
from .times import from_text

_UNCHECKED = f"""
SELECT i.id, i.status, i.installed, i.failed, i.window_exceeded, i.started_at, i.modified_at, o.request,
    NOT EXISTS (SELECT 1 FROM installations x WHERE x.machine_id=i.machine_id AND x.started_at>i.started_at) AS is_last,
    m.restart_pending,
    (SELECT group_concat(DISTINCT u.kb) FROM installation_updates iu
     JOIN updates u ON u.machine_id=i.machine_id AND u.kb=iu.kb
     WHERE iu.installation_id=i.id AND iu.state='Installed' AND iu.classification<>'Definition') AS again
FROM installations i JOIN machines m ON m.id=i.machine_id
LEFT JOIN operations o ON o.machine_id=i.machine_id AND o.run_id=i.run_id
WHERE i.machine_id IN {AMONG} AND i.doubts IS NULL AND m.assessed_at>=i.modified_at
    AND i.status IN ('Succeeded', 'CompletedWithWarnings', 'Failed')
"""


def check_runs(db: sqlite3.Connection, machine_ids: Sequence[int]) -> bool:
    """Say of each run that has ended, and that an assessment followed, what is in doubt; whether any was.
    Definitions are left out: a new one comes under the same number every day."""
    rows = db.execute(_UNCHECKED, (as_list(machine_ids),)).fetchall()
    found = [(as_text(doubts(report)), i) for i, report in map(_report, rows) if report is not None]
    db.executemany("UPDATE installations SET doubts=? WHERE id=?", found)
    return bool(found)


def _report(row: sqlite3.Row) -> tuple[int, Report | None]:
    started, ended = from_text(row["started_at"]), from_text(row["modified_at"])
    if started is None or ended is None:
        return row["id"], None
    is_last = bool(row["is_last"])
    return row["id"], Report(
        RunStatus.parse(row["status"]), row["installed"], row["failed"], bool(row["window_exceeded"]),
        started, ended, asked_minutes(row["request"]),
        tuple((row["again"] or "").split(",")) if row["again"] and is_last else (),
        bool(row["restart_pending"]) if is_last else None,
    )  # fmt: skip
