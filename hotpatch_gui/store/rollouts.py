"""Each machine's events since a release, for its rollout."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.resource_health import is_unhealthy
from hotpatch_gui.domain.rollout_progress import MachineFacts
from hotpatch_gui.domain.schedules import NO_SCHEDULES, MachineSchedules
from hotpatch_gui.domain.situation import COUNTS_UNREPORTED, LIST_UNREPORTED, RESTART_UNREPORTED
from hotpatch_gui.domain.updates import RestartBehavior

from . import schedules
from .machine_columns import machine_from
from .run_sql import GOOD_RUNS
from .sql import IN_JSON, as_list
from .tables import DISPLAY_NAME
from .timestamps import from_text, to_text

_BEHAVIORS = (
    RestartBehavior.NEVER,
    RestartBehavior.UNKNOWN,
    RestartBehavior.CAN_REQUEST,
    RestartBehavior.ALWAYS,
)
"""From the least to the most restarts."""
_RANK = "CASE restart " + "".join(f"WHEN '{b}' THEN {n} " for n, b in enumerate(_BEHAVIORS)) + "END"
_INSTALLED = """EXISTS (SELECT 1 FROM installation_updates y WHERE y.installation_id=i.id
            AND y.classification IN ('Critical', 'Security') AND y.state='Installed')"""
"""Whether a run installed a Critical or Security update."""
_SINCE = f"""
WITH runs AS (
    SELECT i.machine_id,
        min(CASE WHEN i.status IN {GOOD_RUNS} AND {_INSTALLED} THEN i.started_at END) AS patched,
        min(CASE WHEN i.status IN {GOOD_RUNS} AND {_INSTALLED} AND i.started_by='Platform'
            THEN i.started_at END) AS by_platform,
        max(CASE WHEN i.status='Failed' OR (i.status IN {GOOD_RUNS} AND NOT {_INSTALLED}) THEN i.started_at END) AS failed,
        max(CASE WHEN i.status='InProgress' THEN i.started_at END) AS begun
    FROM installations i
    WHERE i.started_at>=:released AND EXISTS (
        SELECT 1 FROM installation_updates x WHERE x.installation_id=i.id
        AND x.classification IN ('Critical', 'Security') AND x.state<>'NotSelected')
    GROUP BY i.machine_id),
offered AS (
    SELECT machine_id, max({_RANK}) AS every, max(CASE WHEN classification IN ('Critical', 'Security') THEN {_RANK} END)
        AS important,
        group_concat(CASE restart WHEN 'AlwaysRequiresReboot' THEN kb END, ' ') AS restarting,
        group_concat(CASE restart WHEN 'CanRequestReboot' THEN kb END, ' ') AS may_restart
    FROM updates GROUP BY machine_id)
SELECT m.*, {DISPLAY_NAME} AS display_name, r.patched, r.by_platform, r.failed, r.begun,
    o.every, o.important AS strongest, o.restarting, o.may_restart
FROM machines m LEFT JOIN runs r ON r.machine_id=m.id LEFT JOIN offered o ON o.machine_id=m.id
WHERE m.deleted_at IS NULL ORDER BY m.name COLLATE NOCASE, m.id
"""


def read_facts(db: sqlite3.Connection, released: datetime) -> list[MachineFacts]:
    """Facts of every machine, by name.

    A machine whose assessment since the release offers no Critical or Security update counts as patched.
    """
    known = schedules.of_machines(db)
    missing = _missing(db, known)
    rows = db.execute(_SINCE, {"released": to_text(released)})
    return [
        _facts(row, released, known.get(row["id"], NO_SCHEDULES), missing.get(row["id"], ()))
        for row in rows
    ]


_Missing = tuple[str, str | None, RestartBehavior]


def _missing(db: sqlite3.Connection, machine_ids: Iterable[int]) -> dict[int, list[_Missing]]:
    """The missing updates of these machines."""
    found: dict[int, list[_Missing]] = {}
    rows = db.execute(
        f"SELECT machine_id, classification, kb, restart FROM updates WHERE machine_id IN {IN_JSON}",
        (as_list(machine_ids),),
    )
    for machine_id, classification, kb, restart in rows:
        update = (classification or "", kb, RestartBehavior.parse(restart))
        found.setdefault(machine_id, []).append(update)
    return found


def _facts(
    row: sqlite3.Row,
    released: datetime,
    followed: MachineSchedules,
    missing: Sequence[_Missing],
) -> MachineFacts:
    assessed = from_text(row["assessed_at"])
    patched = from_text(row["patched"])
    is_reported = (
        COUNTS_UNREPORTED not in row["unreported"] and RESTART_UNREPORTED not in row["unreported"]
    )
    is_current = assessed is not None and assessed >= released
    nothing_left = patched is None and is_current and is_reported and not row["important"]
    by_assessment = nothing_left and not row["restart_pending"]
    is_later = assessed is not None and patched is not None and assessed >= patched
    is_incomplete = is_later and is_reported and bool(row["important"])
    if by_assessment:
        patched = released
    return MachineFacts(
        str(row["id"]),
        replace(machine_from(row.__getitem__), name=row["display_name"]),
        assessed,
        patched,
        requested_by_user=row["patched"] is not None and _is_by_user(row),
        by_assessment=by_assessment,
        is_incomplete=is_incomplete,
        only_restart=nothing_left and not by_assessment,
        failed=from_text(row["failed"]),
        in_progress_since=from_text(row["begun"]),
        resource_health=row["resource_health"],
        resource_health_since=from_text(row["resource_health_at"]),
        schedules=followed,
        restart_pending=(
            None if RESTART_UNREPORTED in row["unreported"] else bool(row["restart_pending"])
        ),
        restart_of_important=_behavior(row, "strongest"),
        restart_of_all=_behavior(row, "every"),
        missing=None if LIST_UNREPORTED in row["unreported"] else tuple(missing),
        restarting=tuple((row["restarting"] or "").split()),
        may_restart=tuple((row["may_restart"] or "").split()),
    )


def _is_by_user(row: sqlite3.Row) -> bool:
    """Whether no automatic installation had taken place when the machine was patched, or when it became unhealthy later."""
    automatic, until = row["by_platform"], row["patched"]
    if is_unhealthy(row["resource_health"], PowerState.parse(row["power"])):
        until = max(until, row["resource_health_at"] or "")
    return automatic is None or automatic > until


def _behavior(row: sqlite3.Row, column: str) -> RestartBehavior:
    """How the missing updates restart."""
    if LIST_UNREPORTED in row["unreported"]:
        return RestartBehavior.UNKNOWN
    return _BEHAVIORS[row[column] or 0]
