"""Each machine's situation, derived from its rows, so that lists sort and filter without joins."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

from hotpatch_gui.domain.evidence import Evidence, classify
from hotpatch_gui.domain.exposure import missing_updates
from hotpatch_gui.domain.hotpatch import HotpatchStatus, hotpatch_status
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import release_day
from hotpatch_gui.domain.situation import COUNTS_UNREPORTED, LIST_UNREPORTED, RESTART_UNREPORTED
from hotpatch_gui.domain.titles import ReleaseTitle, read_title
from hotpatch_gui.domain.updates import RestartBehavior

from . import assessments, daily_states, machines
from .machine_columns import SHARED, machine_of, shared_fields
from .machine_rows import MachineRow
from .run_sql import GOOD_RUNS
from .sql import as_list
from .timestamps import from_text

COPIED_AT_ONCE = 1000
"""Machines of a copy that are derived at a time."""


@lru_cache(maxsize=4096)
def representative(shared: tuple[Any, ...], assessed: bool) -> tuple[Machine, HotpatchStatus]:
    """A machine with these shared fields, without individual ones, and its hotpatch status.

    A fleet has few combinations, so they are cached.
    """
    nowhen = datetime.min.replace(tzinfo=UTC)
    machine = Machine("", "", "", "", "", nowhen, **shared_fields(shared))
    return machine, hotpatch_status(machine, assessed=assessed)


def evidence_of(row: MachineRow) -> Evidence:
    """The evidence for a machine's status text."""
    machine = machine_of(row)
    status = hotpatch_status(machine, assessed=bool(row.in_graph))
    return _evidence(machine, status, partial(getattr, row))


def _evidence(machine: Machine, status: HotpatchStatus, column: Callable[[str], Any]) -> Evidence:
    return Evidence(
        machine=machine,
        status=status,
        assessed=from_text(column("assessed_at")),
        assessment_error=column("assessment_error"),
        restart_pending=bool(column("restart_pending")),
        updates=column("updates"),
        definitions=column("definitions"),
        updates_restarting=column("updates_restarting"),
        updates_may_restart=column("updates_may_restart"),
        offered=_kbs(column("offered_kbs")),
        titles=titles_of(column("offered_releases")),
        restart_kbs=_kbs(column("restart_kbs")),
        last_run_error=column("last_run_error"),
        out_of_band_kbs=_kbs(column("out_of_band_kbs")),
        patch_service=column("patch_service"),
        pending_since=from_text(column("pending_at")),
        hidden=from_text(column("hidden_at")),
        resource_health=column("resource_health"),
        resource_health_since=from_text(column("resource_health_at")),
        unreported=tuple(column("unreported").split()),
    )


@lru_cache(maxsize=4096)
def titles_of(text: str) -> tuple[ReleaseTitle, ...]:
    """The releases in ``offered_releases``: one line each, with restart behavior, KB and title."""
    lines = (line.split(" ", 2) for line in text.splitlines())
    found = (
        read_title(line[2], line[1] or None, RestartBehavior.parse(line[0]))
        for line in lines
        if len(line) == 3
    )
    return tuple(dict.fromkeys(t for t in found if t is not None))


@lru_cache(maxsize=4096)
def _kbs(text: str) -> tuple[str, ...]:
    """Distinct KBs in their order, cached because machines share them."""
    return tuple(dict.fromkeys(text.split()))


def derive_and_record(
    db: sqlite3.Connection, machine_ids: Sequence[int], calendar: Calendar, now: datetime
) -> None:
    """Derive the situation of each machine, and record it as the day's state."""
    derive(db, machine_ids, calendar, now)
    daily_states.record(db, machine_ids, now)


@contextmanager
def derived_copy(
    db: sqlite3.Connection, calendar: Calendar, now: datetime
) -> Iterator[sqlite3.Connection]:
    """A copy of the file in memory with the situation of each machine at ``now``, because the last sync may be long ago."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        db.backup(copy)
        copy.row_factory = sqlite3.Row
        ids = machines.present(copy)
        for start in range(0, len(ids), COPIED_AT_ONCE):
            derive(copy, ids[start : start + COPIED_AT_ONCE], calendar, now)
        yield copy


def derive(
    db: sqlite3.Connection, machine_ids: Sequence[int], calendar: Calendar, now: datetime
) -> None:
    """Derive counts, the last run and the situation of each machine; write only what changed."""
    changed = []
    for row in db.execute(_FRESH, {"ids": as_list(machine_ids)}).fetchall():
        machine_id, in_graph = row[:2]
        machine, status = representative(row[2 : 2 + len(SHARED)], bool(in_graph))
        situation, level = classify(_evidence(machine, status, row.__getitem__), calendar, now)
        product = machine.product
        read = from_text(row["fetched_at"]) or now
        missing = missing_updates(
            product, machine.build, calendar, release_day(now), release_day(read)
        )
        derived = (
            *row[2 + len(SHARED) : -len(_NEEDED)],
            status,
            situation,
            int(level),
            product.value if product else "",
            missing.is_missing,
            missing.since.isoformat() if missing.since else None,
            missing.includes_baseline,
        )
        changed.append((*derived, machine_id, *derived))
    db.executemany(_UPDATE_DERIVED, changed)


def has_underived_machines(db: sqlite3.Connection, connection_id: int) -> bool:
    """Whether any machine was last derived by an earlier version of the program, which derived fewer columns."""
    row = db.execute(
        "SELECT 1 FROM machines WHERE connection_id=? AND deleted_at IS NULL AND product IS NULL LIMIT 1",
        (connection_id,),
    ).fetchone()
    return row is not None


_COUNTED = " + ".join(f"a.{column}" for _, column in assessments.COUNTS)
"""The assessment's count while its list isn't available, as for Arc-enabled servers."""
_DERIVED = {
    "assessment_id": "a.id",
    "assessed_at": "a.assessed_at",
    "assessment_error": """(
        SELECT coalesce(f.error, '') FROM assessments f
        WHERE f.machine_id = m.id AND f.status = 'Failed' AND f.assessed_at > coalesce(a.assessed_at, '')
        ORDER BY f.assessed_at DESC LIMIT 1)""",
    "restart_pending": "coalesce(a.restart_pending, 0)",
    "updates": f"coalesce(u.n, a.important + a.other, {_COUNTED}, 0)",
    "important": "coalesce(u.important, a.important, a.critical + a.security, 0)",
    "critical": "coalesce(u.critical, a.critical, 0)",
    "security": "coalesce(u.security, a.security, 0)",
    "definitions": "coalesce(u.definitions, a.definition, 0)",
    "updates_restarting": "coalesce(u.restarting, 0)",
    "updates_may_restart": "coalesce(u.may_restart, 0)",
    "offered_kbs": "coalesce(u.kbs, '')",
    "offered_releases": "coalesce(u.releases, '')",
    "patch_service": "a.patch_service",
    "unreported": f"""CASE WHEN a.id IS NULL THEN '' ELSE
        CASE WHEN u.n IS NULL AND coalesce(a.important + a.other, {_COUNTED}) IS NULL THEN '{COUNTS_UNREPORTED} ' ELSE '' END
        || CASE WHEN u.n IS NULL AND coalesce(a.important + a.other, {_COUNTED}, 0) > 0 THEN '{LIST_UNREPORTED} ' ELSE '' END
        || CASE WHEN a.restart_pending IS NULL THEN '{RESTART_UNREPORTED}' ELSE '' END END""",
    "restart_kbs": """coalesce(CASE WHEN a.restart_pending THEN (
        SELECT group_concat(kb, ' ') FROM (
            SELECT DISTINCT iu.kb AS kb FROM installation_updates iu
            JOIN installations i ON i.id = iu.installation_id
            WHERE i.machine_id = m.id AND i.restart_status = 'Required' AND iu.state = 'Installed'
              AND iu.restart IN ('AlwaysRequiresReboot', 'CanRequestReboot') AND iu.kb IS NOT NULL
              AND i.started_at = (SELECT max(started_at) FROM installations
                                  WHERE machine_id = m.id AND restart_status = 'Required')))
        END, '')""",
    "out_of_band_kbs": """coalesce((
        SELECT group_concat(iu.kb, ' ') FROM installations i
        JOIN installation_updates iu ON iu.installation_id = i.id
        WHERE i.machine_id = m.id AND iu.state = 'Installed'
          AND iu.kb IN (SELECT kb FROM releases WHERE kind = 'out_of_band')), '')""",
    "last_run_at": "(SELECT max(started_at) FROM installations WHERE machine_id = m.id AND status <> 'InProgress')",
    "last_run_error": """(
        SELECT CASE WHEN i.status = 'Failed' AND coalesce(i.window_exceeded, 0) = 0 THEN
            coalesce((SELECT group_concat(message, ' ') FROM (
                SELECT message FROM installation_errors WHERE installation_id = i.id
                ORDER BY ordinal DESC LIMIT 1)), '') END
        FROM installations i WHERE i.machine_id = m.id
          AND EXISTS (SELECT 1 FROM installation_updates x WHERE x.installation_id = i.id
                      AND x.classification IN ('Critical', 'Security'))
        ORDER BY i.started_at DESC LIMIT 1)""",
}
_NEEDED = ("pending_at", "hidden_at", "resource_health", "resource_health_at", "fetched_at")
"""Other columns that the classification reads."""
_FRESH = f"""
SELECT m.id, m.in_graph, {", ".join(f"m.{c}" for c in SHARED)},
    {", ".join(f"{sql} AS {column}" for column, sql in _DERIVED.items())},
    {", ".join(f"m.{c}" for c in _NEEDED)}
FROM machines m
LEFT JOIN assessments a ON a.id = (
    SELECT id FROM assessments WHERE machine_id = m.id AND status IN {GOOD_RUNS}
    ORDER BY assessed_at DESC LIMIT 1)
LEFT JOIN (SELECT machine_id, count(*) AS n,
        sum(classification IN ('Critical', 'Security')) AS important,
        sum(classification = 'Critical') AS critical,
        sum(classification = 'Security') AS security,
        sum(classification = 'Definition') AS definitions,
        sum(restart = 'AlwaysRequiresReboot') AS restarting,
        sum(restart NOT IN ('NeverReboots', 'AlwaysRequiresReboot')) AS may_restart,
        group_concat(kb, ' ') AS kbs,
        group_concat(CASE WHEN name GLOB '20[0-9][0-9]-[01][0-9]*' AND name NOT LIKE '%.NET%'
            AND (name LIKE '%hot%patch%' OR name LIKE '%cumulative update%')
            THEN restart || ' ' || coalesce(kb, '') || ' ' || replace(name, char(10), ' ') END, char(10)) AS releases
    FROM updates WHERE machine_id IN (SELECT value FROM json_each(:ids)) GROUP BY machine_id) u
    ON u.machine_id = m.id
WHERE m.id IN (SELECT value FROM json_each(:ids))
"""
_WRITTEN = (
    *_DERIVED,
    "hotpatch_status",
    "situation",
    "level",
    "product",
    "update_missing",
    "missing_since",
    "baseline_missing",
)
_UPDATE_DERIVED = (
    f"UPDATE machines SET ({', '.join(_WRITTEN)}) = ({', '.join('?' * len(_WRITTEN))})"
    f" WHERE id=? AND ({', '.join(_WRITTEN)}) IS NOT ({', '.join('?' * len(_WRITTEN))})"
)
