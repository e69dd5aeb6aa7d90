"""Lists of updates, runs, operations and calls, as SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from hotpatch_gui.domain.clock import ALWAYS, Span
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.update_filter import UpdateFilter

from .history_rows import ActionRow, CallRow, InstallationRunRow, KbMachineRow, KbRow, UpdateRow
from .rows import OperationRow, fields, typed
from .run_sql import GOOD_RUNS
from .sql import IN_JSON, OPEN, as_list
from .tables import DISPLAY_NAME, TableQuery, Where, like, search_terms
from .timestamps import to_text

_RELEASE = (
    "CASE WHEN {u}.kb IS NOT NULL THEN (SELECT r.kind FROM releases r WHERE r.kb={u}.kb ORDER BY r.channel LIMIT 1)"
    " WHEN {u}.name NOT LIKE '%.NET%' THEN (SELECT r.kind FROM releases r WHERE r.kb IS NULL AND r.channel='hotpatch'"
    " AND r.month=substr({u}.name, 1, 7) AND instr({u}.name, 'Server ' || substr(r.product, 3)) LIMIT 1) END"
)
"""An update's release kind, by KB, or by the month and system in its title."""
_CLASS_ORDER = "CASE {c} WHEN 'Critical' THEN 0 WHEN 'Security' THEN 1 ELSE 2 END"

UPDATES = TableQuery(
    name="updates",
    source="updates u JOIN machines m ON m.id=u.machine_id",
    key="u.id",
    row=UpdateRow,
    select=fields(
        UpdateRow,
        "u",
        machine_name=DISPLAY_NAME,
        release_kind=_RELEASE.format(u="u"),
        machine_kind="m.kind",
        patch_mode="m.patch_mode",
        bypass_safety_checks="m.bypass_safety_checks",
    ),
    sorts={
        "importance": _CLASS_ORDER.format(c="u.classification"),
        "machine": "m.name COLLATE NOCASE",
        "name": "u.name COLLATE NOCASE",
        "kb": "u.kb",
        "classification": "u.classification",
        "severity": "u.severity",
        "restart": "u.restart",
        "published": "u.published_at",
    },
    default_sort=("importance", False),
    touched_by=frozenset({"updates", "machines"}),
    then="u.kb",
)

_OF_LAST_RUNS = (
    "(SELECT count(*) FROM (SELECT iu.state AS state, max(i.started_at) FROM installation_updates iu"
    " JOIN installations i ON i.id=iu.installation_id JOIN machines m ON m.id=i.machine_id AND m.deleted_at IS NULL"
    " WHERE {of} AND iu.state IN ('Installed', 'Failed') GROUP BY i.machine_id) WHERE state='{{state}}')"
)
_MACHINES_WITH = (
    f"CASE WHEN k.kb IS NULL THEN {_OF_LAST_RUNS.format(of='iu.kb IS NULL AND iu.name=k.name')}"
    f" ELSE {_OF_LAST_RUNS.format(of='iu.kb=k.kb')} END"
)
"""The number of machines whose last run with an update left it in a state, by KB or name."""

KBS = TableQuery(
    name="kbs",
    source=(
        "(SELECT min(u.id) AS id, u.kb AS kb, u.name AS name, u.classification AS classification,"
        " u.restart AS restart, u.published_at AS published_at, count(*) AS machines,"
        " min(CASE u.severity WHEN 'Critical' THEN '0Critical' WHEN 'Important' THEN '1Important'"
        " ELSE '2' || u.severity END) AS ranked, group_concat(DISTINCT m.product) AS products,"
        " sum(m.power='running') AS running FROM updates u JOIN machines m ON m.id=u.machine_id"
        " WHERE m.deleted_at IS NULL GROUP BY u.kb, u.name) k"
    ),
    key="k.id",
    row=KbRow,
    select=fields(
        KbRow,
        "k",
        severity="substr(k.ranked, 2)",
        release_kind=_RELEASE.format(u="k"),
        installed=_MACHINES_WITH.format(state="Installed"),
        failed=_MACHINES_WITH.format(state="Failed"),
    ),
    sorts={
        "machines": "k.machines",
        "name": "k.name COLLATE NOCASE",
        "kb": "k.kb",
        "classification": _CLASS_ORDER.format(c="k.classification"),
        "severity": "k.ranked",
        "restart": "k.restart",
        "published": "k.published_at",
    },
    default_sort=("machines", True),
    touched_by=frozenset({"updates", "machines", "installations"}),
    is_whole=True,
)

_LAST_ERROR = "(SELECT e.{} FROM installation_errors e WHERE e.installation_id=i.id ORDER BY e.ordinal DESC LIMIT 1)"
"""Azure's first error often only counts the others."""

HISTORY = TableQuery(
    name="history",
    source="installations i JOIN machines m ON m.id=i.machine_id",
    key="i.id",
    row=InstallationRunRow,
    select=fields(
        InstallationRunRow,
        "i",
        machine_name=DISPLAY_NAME,
        error_code=_LAST_ERROR.format("code"),
        error=_LAST_ERROR.format("message"),
    ),
    sorts={
        "machine": "m.name COLLATE NOCASE",
        "run": "i.run_id",
        "started_by": "i.started_by",
        "status": "i.status",
        "installed": "i.installed",
        "failed": "i.failed",
        "pending": "i.pending",
        "restart": "i.restart_status",
        "started": "i.started_at",
        "duration": "julianday(i.modified_at) - julianday(i.started_at)",
        "discrepancies": "coalesce(i.discrepancies, '')",
        "error": _LAST_ERROR.format("code"),
    },
    default_sort=("started", True),
    touched_by=frozenset({"installations"}),
)

_STATE_ORDER = (
    f"CASE o.state WHEN '{OperationState.FAILED}' THEN 0 WHEN '{OperationState.UNKNOWN}' THEN 1"
    f" WHEN '{OperationState.DISMISSED}' THEN 2 WHEN '{OperationState.SUCCEEDED}' THEN 5"
    f" WHEN '{OperationState.CANCELED}' THEN 4 ELSE 3 END"
)
"""Operations that need attention first, then those in progress."""
OPERATIONS = TableQuery(
    name="operations",
    source="operations o JOIN machines m ON m.id=o.machine_id",
    key="o.id",
    row=OperationRow,
    select=fields(OperationRow, "o", machine_name=DISPLAY_NAME, azure_id="m.azure_id"),
    sorts={
        "created": "o.id",
        "wave": "o.wave_name",
        "machine": "m.name COLLATE NOCASE",
        "kind": "o.kind",
        "state": _STATE_ORDER,
        "ended": "o.ended_at",
    },
    default_sort=("created", True),
    touched_by=frozenset({"operations"}),
)

OPERATIONS_BY_STATE = OPERATIONS._replace(default_sort=("state", False))

_OF_ACTION = "FROM operations x WHERE (x.id=a.id OR x.action_id=a.id)"
ACTIONS = TableQuery(
    name="actions",
    source="operations a JOIN machines m ON m.id=a.machine_id",
    key="a.id",
    row=ActionRow,
    select=fields(
        ActionRow,
        "a",
        machine_name=DISPLAY_NAME,
        total=f"(SELECT count(*) {_OF_ACTION})",
        succeeded=f"(SELECT count(*) {_OF_ACTION} AND x.state='{OperationState.SUCCEEDED}')",
        failed=f"(SELECT count(*) {_OF_ACTION} AND x.state='{OperationState.FAILED}')",
        unknown=f"(SELECT count(*) {_OF_ACTION} AND x.state IN ('{OperationState.UNKNOWN}', '{OperationState.DISMISSED}'))",
        canceled=f"(SELECT count(*) {_OF_ACTION} AND x.state='{OperationState.CANCELED}')",
        ended_at=f"(SELECT CASE WHEN count(*)=count(x.ended_at) THEN max(x.ended_at) END {_OF_ACTION})",
    ),
    sorts={"created": "a.id", "kind": "a.kind", "requested_by": "a.requested_by"},
    default_sort=("created", True),
    touched_by=frozenset({"operations"}),
)
"""Actions, by their first operation, which gives an action its ID."""

CALLS = TableQuery(
    name="audit_log",
    source="audit_log c",
    key="c.id",
    row=CallRow,
    select=fields(CallRow, "c"),
    sorts={
        "at": "c.id",
        "connection": "c.connection COLLATE NOCASE",
        "account": "c.account COLLATE NOCASE",
        "kind": "c.kind",
        "machine": "c.machine COLLATE NOCASE",
        "event": "c.event",
    },
    default_sort=("at", True),
    touched_by=frozenset({"audit_log"}),
)


def _among(where: Where, column: str, machine_ids: Sequence[int] | None) -> Where:
    if machine_ids is None:
        return where
    return where.and_(f"{column} IN {IN_JSON}", as_list(machine_ids))


def updates_where(
    machine_ids: Sequence[int] | None = None,
    classifications: Sequence[str] = (),
    restarts: bool | None = None,
    text: str = "",
) -> Where:
    """Conditions for available updates."""
    where = _among(Where().and_("m.deleted_at IS NULL"), "u.machine_id", machine_ids)
    if classifications:
        where = where.and_(
            f"u.classification IN ({','.join('?' * len(classifications))})", *classifications
        )
    if restarts is not None:
        where = where.and_(f"u.restart {'<>' if restarts else '='} 'NeverReboots'")
    for word in search_terms(text):
        where = where.and_(
            "u.kb LIKE ? ESCAPE '\\' OR u.name LIKE ? ESCAPE '\\'", *([like(word)] * 2)
        )
    return where


def kbs_where(update_filter: UpdateFilter) -> Where:
    """Conditions for updates across the fleet."""
    where = Where()
    for word in search_terms(update_filter.text):
        where = where.and_(
            "k.kb LIKE ? ESCAPE '\\' OR k.name LIKE ? ESCAPE '\\'", *([like(word)] * 2)
        )
    if update_filter.hides_definitions:
        where = where.and_("k.classification<>'Definition'")
    if update_filter.classification:
        where = where.and_("k.classification=?", update_filter.classification)
    if update_filter.restarts:
        where = where.and_(f"k.restart IN {IN_JSON}", as_list(update_filter.restarts))
    if update_filter.product:
        where = where.and_(
            "instr(',' || coalesce(k.products, '') || ',', ?)", f",{update_filter.product},"
        )
    if update_filter.published_before is not None:
        where = where.and_("k.published_at<?", to_text(update_filter.published_before))
    return where


_OF_KB = "({u}.kb=:kb OR :kb IS NULL AND {u}.kb IS NULL AND {u}.name=:name)"
_KB_MACHINES = f"""
WITH missing AS (SELECT DISTINCT u.machine_id AS id FROM updates u WHERE u.kb IS :kb AND u.name=:name),
results AS (
    SELECT i.machine_id AS id, iu.state AS state, max(i.started_at) AS run_at, i.id AS run
    FROM installation_updates iu JOIN installations i ON i.id=iu.installation_id
    WHERE {_OF_KB.format(u="iu")} AND iu.state IN ('Installed', 'Failed') GROUP BY i.machine_id)
SELECT m.id, {DISPLAY_NAME}, m.resource_group, m.tags, m.power, m.hotpatch_status, m.id IN (SELECT id FROM missing), r.state, r.run_at,
    CASE r.state WHEN 'Failed' THEN (SELECT message FROM installation_errors WHERE installation_id=r.run
        ORDER BY ordinal DESC LIMIT 1) END,
    EXISTS (SELECT 1 FROM operations o WHERE o.machine_id=m.id AND o.kind='install' AND o.state IN {OPEN}),
    EXISTS (SELECT 1 FROM operations o WHERE o.machine_id=m.id AND o.kind='install' AND o.state='unknown')
FROM machines m LEFT JOIN results r ON r.id=m.id
WHERE m.deleted_at IS NULL AND (m.id IN (SELECT id FROM missing) OR r.id IS NOT NULL)
ORDER BY m.id IN (SELECT id FROM missing) DESC, r.state='Failed' DESC, m.name COLLATE NOCASE
"""


def machines_with(db: sqlite3.Connection, kb: str | None, name: str) -> list[KbMachineRow]:
    """The machines on which an update is missing, matched by KB and name as in the rows of KBS, or whose runs installed it or failed to,
    matched by KB, or by name without one."""
    return typed(db.execute(_KB_MACHINES, {"kb": kb, "name": name}), KbMachineRow)


def within(column: str, span: Span) -> Where:
    """Condition for a stored time within the range."""
    where = Where().and_(f"{column}>=?", to_text(span.since)) if span.since else Where()
    return where.and_(f"{column}<?", to_text(span.until)) if span.until else where


def operations_where(
    text: str = "",
    span: Span = ALWAYS,
    meanings: Callable[[str], Sequence[str]] = lambda _: (),
) -> Where:
    """Conditions for operations, by words in the machine, operation, state, requester or note.

    ``meanings`` are the stored kinds and states that a word, as the window shows it, may mean.
    """
    where = within("o.created_at", span)
    for word in search_terms(text):
        where = where.and_(
            "m.name LIKE ? ESCAPE '\\' OR o.kind LIKE ? ESCAPE '\\' OR o.state LIKE ? ESCAPE '\\'"
            " OR o.requested_by LIKE ? ESCAPE '\\' OR o.note LIKE ? ESCAPE '\\'"
            f" OR o.request_id LIKE ? ESCAPE '\\' OR o.kind IN {IN_JSON} OR o.state IN {IN_JSON}",
            *([like(word)] * 6),
            *([as_list(meanings(word))] * 2),
        )
    return where


def actions_where(
    text: str = "",
    span: Span = ALWAYS,
    meanings: Callable[[str], Sequence[str]] = lambda _: (),
) -> Where:
    """Conditions for actions of which an operation fits ``operations_where``."""
    where = Where().and_("a.action_id IS NULL OR a.action_id=a.id")
    fitting = operations_where(text, span, meanings)
    if not fitting.conditions:
        return where
    return where.and_(
        "a.id IN (SELECT coalesce(o.action_id, o.id) FROM operations o"
        f" JOIN machines m ON m.id=o.machine_id{fitting.sql})",
        *fitting.parameters,
    )


def of_actions(action_ids: Sequence[int]) -> Where:
    """Condition for the operations of these actions."""
    ids = as_list(action_ids)
    return Where().and_(f"o.id IN {IN_JSON} OR o.action_id IN {IN_JSON}", ids, ids)


def operations_of(db: sqlite3.Connection, action_ids: Sequence[int]) -> list[int]:
    """The operations of these actions, in order."""
    where = of_actions(action_ids)
    rows = db.execute(f"SELECT o.id FROM operations o{where.sql} ORDER BY o.id", where.parameters)
    return [row[0] for row in rows]


def open_operations() -> Where:
    """Condition for operations that haven't ended, or whose result isn't known."""
    return Where().and_(f"o.state IN {OPEN}")


def calls_where(
    text: str = "",
    span: Span = ALWAYS,
    meanings: Callable[[str], Sequence[str]] = lambda _: (),
) -> Where:
    """Conditions for the audit log, by words in any of its texts; ``meanings`` as in ``operations_where``."""
    where = within("c.at", span)
    for word in search_terms(text):
        where = where.and_(
            "c.machine LIKE ? ESCAPE '\\' OR c.account LIKE ? ESCAPE '\\' OR c.requested_by LIKE ? ESCAPE '\\'"
            " OR c.kind LIKE ? ESCAPE '\\' OR c.event LIKE ? ESCAPE '\\' OR c.result LIKE ? ESCAPE '\\'"
            f" OR c.resource_id LIKE ? ESCAPE '\\' OR c.request_id LIKE ? ESCAPE '\\' OR c.kind IN {IN_JSON}",
            *([like(word)] * 8),
            as_list(meanings(word)),
        )
    return where


def history_where(
    machine_ids: Sequence[int] | None = None,
    span: Span = ALWAYS,
    statuses: Sequence[str] = (),
    text: str = "",
) -> Where:
    """Conditions for installation runs."""
    where = _among(within("i.started_at", span), "i.machine_id", machine_ids)
    if statuses:
        where = where.and_(f"i.status IN ({','.join('?' * len(statuses))})", *statuses)
    for word in search_terms(text):
        where = where.and_(
            "m.name LIKE ? ESCAPE '\\' OR i.run_id LIKE ? ESCAPE '\\' OR i.maintenance_run_id LIKE ? ESCAPE '\\'"
            " OR EXISTS (SELECT 1 FROM installation_updates x WHERE x.installation_id=i.id AND x.kb LIKE ? ESCAPE '\\')"
            " OR EXISTS (SELECT 1 FROM installation_errors e WHERE e.installation_id=i.id"
            " AND (e.code LIKE ? ESCAPE '\\' OR e.message LIKE ? ESCAPE '\\'))",
            *([like(word)] * 6),
        )
    return where


def tally(db: sqlite3.Connection, where: Where) -> tuple[int, int, int]:
    """(all, failed, succeeded) of the runs of ``history_where``; warnings count as succeeded."""
    row = db.execute(
        "SELECT count(*), coalesce(sum(i.status='Failed'), 0),"
        f" coalesce(sum(i.status IN {GOOD_RUNS}), 0)"
        f" FROM installations i JOIN machines m ON m.id=i.machine_id{where.sql}",
        where.parameters,
    ).fetchone()
    return row[0], row[1], row[2]


def by_day(db: sqlite3.Connection, where: Where) -> list[tuple[str, int, int]]:
    """(day, updates installed, updates failed) of the runs of ``history_where``, oldest first, without empty days."""
    dated = where.and_("date(i.started_at) IS NOT NULL")
    rows = db.execute(
        "SELECT date(i.started_at), coalesce(sum(i.installed), 0), coalesce(sum(i.failed), 0)"
        f" FROM installations i JOIN machines m ON m.id=i.machine_id{dated.sql} GROUP BY 1 ORDER BY 1",
        dated.parameters,
    )
    return [(r[0], r[1], r[2]) for r in rows]
