"""Machines that Resource Health has reported as unhealthy since an installation on them succeeded."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from hotpatch_gui.domain.resource_health import MAY_BE_RUNNING, UNHEALTHY_STATES

from .run_sql import GOOD_RUNS
from .sql import quoted
from .timestamps import to_text

PERIOD = timedelta(days=30)
IS_UNHEALTHY = (
    f"m.deleted_at IS NULL AND lower(m.resource_health) IN {quoted(UNHEALTHY_STATES)}"
    f" AND m.power IN {quoted(MAY_BE_RUNNING)}"
)
"""Whether Resource Health reports a problem with machine ``m``, as ``domain.resource_health.is_unhealthy``."""
_RUNS = f"""
FROM machines m CROSS JOIN installations i ON i.id=(
    SELECT b.id FROM installations b WHERE b.machine_id=m.id AND b.status IN {GOOD_RUNS}
    AND b.started_at<=m.resource_health_at AND EXISTS (SELECT 1 FROM installation_updates x
        WHERE x.installation_id=b.id AND x.state='Installed' AND x.classification<>'Definition')
    ORDER BY b.started_at DESC LIMIT 1)
WHERE {IS_UNHEALTHY} AND i.started_at>=?
"""
"""Unhealthy machines (m) and the last installation (i) of more than definitions before they became unhealthy.

Without a known time since when a machine is unhealthy, none counts.
"""
MACHINES = f"SELECT m.id {_RUNS}"
"""Their row IDs; the parameter is ``since(now)``."""


def since(now: datetime) -> str:
    """The start of the installations that are considered, as stored."""
    return to_text(now - PERIOD) or ""


def count(db: sqlite3.Connection, now: datetime) -> int:
    """How many machines there are."""
    return int(db.execute(f"SELECT count(*) {_RUNS}", (since(now),)).fetchone()[0])


def by_kb(db: sqlite3.Connection, now: datetime) -> dict[str, int]:
    """The number of machines by each KB that such an installation installed; definitions aren't counted."""
    rows = db.execute(
        f"SELECT x.kb, count(DISTINCT r.id) FROM (SELECT m.id, i.id AS run {_RUNS}) r"
        " CROSS JOIN installation_updates x ON x.installation_id=r.run"
        " WHERE x.state='Installed' AND x.kb IS NOT NULL AND x.classification<>'Definition' GROUP BY 1",
        (since(now),),
    )
    return dict(rows.fetchall())
