"""Comparison of each run with the first assessment after it, once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache

from hotpatch_gui.domain.installs import maximum_minutes, names_kbs
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.domain.verify import RunReport, discrepancies, encode

from .run_sql import FINAL_RUNS
from .sql import IN_JSON, UNDER_WAY, as_list
from .timestamps import from_text

_UNCHECKED = f"""
SELECT i.id, i.status, i.installed, i.failed, i.window_exceeded, i.pending,
    CASE WHEN i.window_exceeded THEN i.started_at END, CASE WHEN i.window_exceeded THEN i.modified_at END, o.request,
    NOT EXISTS (SELECT 1 FROM installations x WHERE x.machine_id=i.machine_id AND x.started_at>i.started_at) AS is_last,
    m.restart_pending,
    (SELECT group_concat(DISTINCT iu.kb) FROM installation_updates iu
     WHERE iu.installation_id=i.id AND iu.state='Installed' AND iu.classification<>'Definition'
        AND instr(' ' || m.offered_kbs || ' ', ' ' || iu.kb || ' ')) AS again
FROM installations i JOIN machines m ON m.id=i.machine_id
LEFT JOIN operations o ON o.machine_id=i.machine_id AND o.run_id=i.run_id
WHERE i.machine_id IN {IN_JSON} AND i.discrepancies IS NULL AND m.assessed_at>=i.modified_at
    AND i.status IN {FINAL_RUNS}
    AND NOT EXISTS (SELECT 1 FROM operations p WHERE p.ended_at IS NULL AND p.state IN {UNDER_WAY}
        AND +p.machine_id=i.machine_id AND p.kind='install')
"""
"""A machine's available updates are in its row, so the updates table isn't searched."""


def check_runs(db: sqlite3.Connection, machine_ids: Sequence[int]) -> bool:
    """Store the discrepancies of each finished run that was followed by an assessment.

    Definitions are ignored, because their KB doesn't change. Machines with an unfinished installation of this program are skipped:
    it isn't known yet which run belongs to it.

    Returns:
        Whether any run was checked.
    """
    rows = db.execute(_UNCHECKED, (as_list(machine_ids),)).fetchall()
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(_discrepancies_text(*row[1:]), []).append(row[0])
    db.executemany(
        f"UPDATE installations SET discrepancies=? WHERE id IN {IN_JSON}",
        [(discrepancy, as_list(ids)) for discrepancy, ids in found.items()],
    )
    return bool(found)


@lru_cache(maxsize=1024)
def _discrepancies_text(  # noqa: PLR0917 - a row of _UNCHECKED
    status: str,
    installed: int | None,
    failed: int | None,
    exceeded: int | None,
    pending: int | None,
    started_at: str | None,
    ended_at: str | None,
    request: str | None,
    is_last: int,
    restart_pending: int | None,
    again: str | None,
) -> str:
    """The discrepancies as text, cached because many runs are alike."""
    started, ended = from_text(started_at), from_text(ended_at)
    took = ended - started if started is not None and ended is not None else None
    report = RunReport(
        RunStatus.parse(status),
        installed,
        failed,
        bool(exceeded),
        pending,
        names_kbs(request),
        took,
        maximum_minutes(request),
        tuple(again.split(",")) if again and is_last else (),
        bool(restart_pending) if is_last else None,
    )
    return encode(discrepancies(report))
