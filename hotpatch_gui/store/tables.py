"""The tables that views show, as SQL: which rows, in which order, and the columns of those in sight."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

from .sql import AMONG, as_list

DISPLAY_NAME = """CASE
    WHEN m.gone_at IS NOT NULL THEN m.name || ' (gone)'
    WHEN EXISTS (SELECT 1 FROM machines d WHERE d.gone_at IS NULL AND d.name=m.name COLLATE NOCASE AND d.id<>m.id)
    THEN m.name || ' (' || m.resource_group || CASE
        WHEN EXISTS (SELECT 1 FROM machines d WHERE d.gone_at IS NULL AND d.name=m.name COLLATE NOCASE AND d.id<>m.id
            AND d.resource_group=m.resource_group COLLATE NOCASE)
        THEN ', ' || coalesce((SELECT s.name FROM subscriptions s WHERE s.connection_id=m.connection_id
            AND s.id=m.subscription_id), m.subscription_id) || CASE m.kind WHEN 'arc' THEN ', Arc' ELSE '' END
        ELSE '' END || ')'
    ELSE m.name END"""
"""A machine's name for lists, as SQL over ``machines m``: equal names are distinguished, and who is gone says so."""


class Where(NamedTuple):
    """Conditions joined by AND, with their parameters."""

    conditions: tuple[str, ...] = ()
    parameters: tuple[Any, ...] = ()

    def and_(self, condition: str, *parameters: Any) -> Where:
        return Where((*self.conditions, condition), (*self.parameters, *parameters))

    @property
    def sql(self) -> str:
        return (
            f" WHERE {' AND '.join(f'({c})' for c in self.conditions)}" if self.conditions else ""
        )


class Found(NamedTuple):
    """Row ids in order; the rows by id where they were read at once."""

    ids: array[int]
    rows: dict[int, sqlite3.Row] | None


class Table(NamedTuple):
    """``select`` names what is shown and no more: a row that was only fetched anew is the same row.

    ``source`` is the FROM part, ``key`` the row id, ``sorts`` SQL by column key; ``touched_by``
    are the tables whose change may change what is shown."""

    name: str
    source: str
    key: str
    select: str
    sorts: dict[str, str]
    default_sort: tuple[str, bool]
    touched_by: frozenset[str] = frozenset()
    then: str = ""
    """SQL that orders what the sort leaves equal."""
    is_whole: bool = False
    """Few rows that are dear to work out: read all at once, in the background."""

    def ids_sql(self, where: Where, sort: str, descending: bool, limit: int | None = None) -> str:
        """SQL for the row ids in order; ties keep the order of the key, so pages never jump."""
        direction = "DESC" if descending else "ASC"
        ties = f"{self.then}, {self.key}" if self.then else f"{self.key} {direction}"
        order = f"{self.sorts[sort]} {direction}, {ties}"
        tail = f" LIMIT {int(limit)}" if limit is not None else ""
        return f"SELECT {self.key} FROM {self.source}{where.sql} ORDER BY {order}{tail}"

    def ids(
        self,
        db: sqlite3.Connection,
        where: Where,
        sort: str,
        descending: bool,
        limit: int | None = None,
    ) -> array[int]:
        rows = db.execute(self.ids_sql(where, sort, descending, limit), where.parameters)
        return array("q", (row[0] for row in rows))

    def rows(self, db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, sqlite3.Row]:
        """The rows with these ids ; one deleted since is not among them."""
        return self._rows(db, Where().and_(f"{self.key} IN {AMONG}", as_list(ids)))

    def all(
        self, db: sqlite3.Connection, where: Where, sort: str, descending: bool, limit: int | None
    ) -> Found:
        """What a view needs to begin with: the ids, and the rows too of a table that is read whole."""
        ids = self.ids(db, where, sort, descending, limit)
        return Found(ids, self._rows(db, where) if self.is_whole else None)

    def _rows(self, db: sqlite3.Connection, where: Where) -> dict[int, sqlite3.Row]:
        sql = f"SELECT {self.key} AS row_id, {self.select} FROM {self.source}{where.sql}"
        return {row["row_id"]: row for row in db.execute(sql, where.parameters)}


MACHINES = Table(
    name="machines",
    source="machines m",
    key="m.id",
    select=f"{DISPLAY_NAME} AS name, m.hotpatch_status, m.situation, m.attention, m.updates, m.updates_that_restart, m.assessed_at",
    sorts={
        "attention": "m.attention",
        "name": "m.name COLLATE NOCASE",
        "hotpatch": "m.hotpatch_status",
        "updates": "m.updates",
        "assessed": "m.assessed_at",
    },
    default_sort=("attention", True),
    touched_by=frozenset({"machines"}),
    then="m.name COLLATE NOCASE",
)

_RELEASE = (
    "CASE WHEN {u}.kb IS NOT NULL THEN (SELECT r.kind FROM releases r WHERE r.kb={u}.kb ORDER BY r.channel LIMIT 1)"
    " WHEN {u}.name NOT LIKE '%.NET%' THEN (SELECT r.kind FROM releases r WHERE r.kb IS NULL AND r.channel='hotpatch'"
    " AND r.month=substr({u}.name, 1, 7) AND instr({u}.name, 'Server ' || substr(r.product, 3)) LIMIT 1) END"
)
"""The kind of release that an update is: by its KB; where that isn't known, by the month and system in its title."""
_CLASS_ORDER = "CASE {c} WHEN 'Critical' THEN 0 WHEN 'Security' THEN 1 ELSE 2 END"

UPDATES = Table(
    name="updates",
    source="updates u JOIN machines m ON m.id=u.machine_id",
    key="u.id",
    select=(
        "u.name, u.kb, u.classification, u.severity, u.restart, u.published_at,"
        f" {DISPLAY_NAME} AS machine_name,"
        f" {_RELEASE.format(u='u')} AS release_kind"
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

_MACHINES_WITH = (
    "CASE WHEN k.kb IS NULL THEN (SELECT count(DISTINCT i.machine_id) FROM installation_updates iu"
    " JOIN installations i ON i.id=iu.installation_id WHERE iu.kb IS NULL AND iu.name=k.name AND iu.state='{state}')"
    " ELSE (SELECT count(DISTINCT i.machine_id) FROM installation_updates iu JOIN installations i"
    " ON i.id=iu.installation_id WHERE iu.kb=k.kb AND iu.state='{state}') END"
)
"""On how many machines runs left an update in a state; one without a KB is known by its name."""

KBS = Table(
    name="kbs",
    source=(
        "(SELECT min(u.id) AS id, u.kb AS kb, u.name AS name, u.classification AS classification,"
        " u.restart AS restart, u.published_at AS published_at, count(*) AS machines,"
        " sum(m.power='running') AS running FROM updates u JOIN machines m ON m.id=u.machine_id"
        " WHERE m.gone_at IS NULL GROUP BY u.kb, u.name) k"
    ),
    key="k.id",
    select=(
        f"k.*, {_RELEASE.format(u='k')} AS release_kind,"
        f" {_MACHINES_WITH.format(state='Installed')} AS installed,"
        f" {_MACHINES_WITH.format(state='Failed')} AS failed"
    ),
    sorts={
        "machines": "k.machines",
        "name": "k.name COLLATE NOCASE",
        "kb": "k.kb",
        "classification": "k.classification",
        "restart": "k.restart",
        "published": "k.published_at",
    },
    default_sort=("machines", True),
    touched_by=frozenset({"updates", "machines", "installations"}),
    is_whole=True,
)

HISTORY = Table(
    name="history",
    source="installations i JOIN machines m ON m.id=i.machine_id",
    key="i.id",
    select=(
        "i.run_id, i.status, i.started_at, i.modified_at, i.started_by, i.restart_status, i.window_exceeded,"
        " i.installed, i.failed, i.pending, i.excluded, i.not_selected, i.doubts,"
        f" {DISPLAY_NAME} AS machine_name"
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
        "doubts": "coalesce(i.doubts, '')",
    },
    default_sort=("started", True),
    touched_by=frozenset({"installations"}),
)

OPERATIONS = Table(
    name="operations",
    source="operations o JOIN machines m ON m.id=o.machine_id",
    key="o.id",
    select=f"o.*, {DISPLAY_NAME} AS machine_name, m.azure_id",
    sorts={
        "created": "o.id",
        "machine": "m.name COLLATE NOCASE",
        "kind": "o.kind",
        "state": "o.state",
        "ended": "o.ended_at",
    },
    default_sort=("created", True),
    touched_by=frozenset({"operations"}),
)


CALLS = Table(
    name="calls",
    source="calls c",
    key="c.id",
    select="c.*",
    sorts={
        "at": "c.id",
        "connection": "c.connection COLLATE NOCASE",
        "account": "c.account COLLATE NOCASE",
        "kind": "c.kind",
        "machine": "c.machine COLLATE NOCASE",
        "event": "c.event",
    },
    default_sort=("at", True),
    touched_by=frozenset({"calls"}),
)


def _like(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _among(where: Where, column: str, machine_ids: Sequence[int] | None) -> Where:
    if machine_ids is None:
        return where
    return where.and_(f"{column} IN {AMONG}", as_list(machine_ids))


def machines_where(
    text: str = "", situation: str | None = None, attention: int | None = None
) -> Where:
    """Machines that are still there, by words in name, group, place, image or tags, and by situation."""
    where = Where().and_("m.gone_at IS NULL")
    for word in text.split():
        where = where.and_(
            "m.name LIKE ? ESCAPE '\\' OR m.resource_group LIKE ? ESCAPE '\\' OR m.location LIKE ?"
            " ESCAPE '\\' OR m.sku LIKE ? ESCAPE '\\' OR m.situation LIKE ? ESCAPE '\\'"
            " OR m.tags LIKE ? ESCAPE '\\'",
            *([_like(word)] * 6),
        )
    if situation is not None:
        where = where.and_("m.situation=?", situation)
    if attention is not None:
        where = where.and_("m.attention>=?", attention)
    return where


def updates_where(
    machine_ids: Sequence[int] | None = None,
    classifications: Sequence[str] = (),
    restarts: bool | None = None,
    text: str = "",
) -> Where:
    where = _among(Where().and_("m.gone_at IS NULL"), "u.machine_id", machine_ids)
    if classifications:
        where = where.and_(
            f"u.classification IN ({','.join('?' * len(classifications))})", *classifications
        )
    if restarts is not None:
        where = where.and_(f"u.restart {'<>' if restarts else '='} 'NeverReboots'")
    for word in text.split():
        where = where.and_(
            "u.kb LIKE ? ESCAPE '\\' OR u.name LIKE ? ESCAPE '\\'", *([_like(word)] * 2)
        )
    return where


def kbs_where(text: str = "") -> Where:
    where = Where()
    for word in text.split():
        where = where.and_(
            "k.kb LIKE ? ESCAPE '\\' OR k.name LIKE ? ESCAPE '\\'", *([_like(word)] * 2)
        )
    return where


def history_where(
    machine_ids: Sequence[int] | None = None,
    since: str | None = None,
    statuses: Sequence[str] = (),
    text: str = "",
) -> Where:
    where = _among(Where(), "i.machine_id", machine_ids)
    if since is not None:
        where = where.and_("i.started_at>=?", since)
    if statuses:
        where = where.and_(f"i.status IN ({','.join('?' * len(statuses))})", *statuses)
    for word in text.split():
        where = where.and_(
            "m.name LIKE ? ESCAPE '\\' OR i.run_id LIKE ? ESCAPE '\\' OR EXISTS (SELECT 1 FROM"
            " installation_updates x WHERE x.installation_id=i.id AND x.kb LIKE ? ESCAPE '\\')",
            *([_like(word)] * 3),
        )
    return where


def count(db: sqlite3.Connection, table: Table, where: Where) -> int:
    row = db.execute(f"SELECT count(*) FROM {table.source}{where.sql}", where.parameters).fetchone()
    return int(row[0])
