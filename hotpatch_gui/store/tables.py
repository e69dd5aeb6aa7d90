"""Tables that views show, as SQL: which rows, their order, and the columns of visible rows.

This is the machine list; ``lists`` has the tables that the first paint doesn't show.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from hotpatch_gui.domain.resource_health import UNHEALTHY_STATES
from hotpatch_gui.domain.situation import Level

from .rows import MachineListRow, fields
from .sql import IN_JSON, UNDER_WAY, as_list, quoted

R = TypeVar("R")

DISPLAY_NAME = """CASE
    WHEN m.deleted_at IS NOT NULL THEN m.name || ' (no longer listed)'
    WHEN EXISTS (SELECT 1 FROM machines d WHERE d.deleted_at IS NULL AND d.name=m.name COLLATE NOCASE AND d.id<>m.id)
    THEN m.name || ' (' || m.resource_group || CASE
        WHEN EXISTS (SELECT 1 FROM machines d WHERE d.deleted_at IS NULL AND d.name=m.name COLLATE NOCASE AND d.id<>m.id
            AND d.resource_group=m.resource_group COLLATE NOCASE)
        THEN ', ' || coalesce((SELECT s.name FROM subscriptions s WHERE s.connection_id=m.connection_id
            AND s.id=m.subscription_id), m.subscription_id) || CASE m.kind WHEN 'arc' THEN ', Arc' ELSE '' END
        ELSE '' END || ')'
    ELSE m.name END"""
"""A machine's name for lists, as SQL over ``machines m``: equal names are distinguished, machines that are no longer listed are marked."""


class Where(NamedTuple):
    """Conditions joined by AND, with their parameters."""

    conditions: tuple[str, ...] = ()
    parameters: tuple[Any, ...] = ()

    def and_(self, condition: str, *parameters: Any) -> Where:
        """Add a condition."""
        return Where((*self.conditions, condition), (*self.parameters, *parameters))

    @property
    def sql(self) -> str:
        """The WHERE clause; empty without conditions."""
        return (
            f" WHERE {' AND '.join(f'({c})' for c in self.conditions)}" if self.conditions else ""
        )


PRESENT = Where().and_("m.deleted_at IS NULL")
"""Existing machines."""


class QueryRows(NamedTuple, Generic[R]):
    """Row IDs in order, and the rows by ID if they were read as well."""

    ids: array[int]
    rows: dict[int, R] | None


class TableQuery(NamedTuple, Generic[R]):
    """A table that views show.

    Attributes:
        source: the FROM part.
        key: the row ID's column.
        row: the row type, with only what is shown, so that unchanged rows compare equal.
        sorts: SQL by column key.
        touched_by: tables whose changes affect it.
    """

    name: str
    source: str
    key: str
    row: Callable[..., R]
    select: str
    sorts: dict[str, str]
    default_sort: tuple[str, bool]
    touched_by: frozenset[str] = frozenset()
    then: str = ""
    """SQL that orders ties."""
    lead: str = ""
    """SQL by which rows are grouped before they are sorted."""
    lead_parameters: tuple[str, ...] = ()
    is_whole: bool = False
    """A few expensive rows, read completely in the background."""

    def ids_sql(self, where: Where, sort: str, descending: bool, limit: int | None = None) -> str:
        """SQL for the row IDs in order. Ties are ordered by key, so pages never jump."""
        direction = "DESC" if descending else "ASC"
        ties = f"{self.then}, {self.key}" if self.then else f"{self.key} {direction}"
        lead = f"{self.lead}, " if self.lead else ""
        order = f"{lead}{self.sorts[sort]} {direction}, {ties}"
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
        """The row IDs in order."""
        sql = self.ids_sql(where, sort, descending, limit)
        rows = db.execute(sql, (*where.parameters, *self.lead_parameters))
        return array("q", (row[0] for row in rows))

    def rows(self, db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, R]:
        """The rows with these IDs; IDs without a row are left out."""
        return self._rows(db, Where().and_(f"{self.key} IN {IN_JSON}", as_list(ids)))

    def all(
        self, db: sqlite3.Connection, where: Where, sort: str, descending: bool, limit: int | None
    ) -> QueryRows[R]:
        """The IDs, and also the rows of a table that is read completely."""
        ids = self.ids(db, where, sort, descending, limit)
        return QueryRows(ids, self._rows(db, where) if self.is_whole else None)

    def _rows(self, db: sqlite3.Connection, where: Where) -> dict[int, R]:
        sql = f"SELECT {self.key}, {self.select} FROM {self.source}{where.sql}"
        return {values[0]: self.row(*values[1:]) for values in db.execute(sql, where.parameters)}


_DOING = f"(SELECT o.kind FROM operations o WHERE o.machine_id=m.id AND o.state IN {UNDER_WAY} ORDER BY o.id LIMIT 1)"
BY_URGENCY = (
    f"(m.level={int(Level.ERROR)} AND lower(coalesce(m.resource_health, '')) IN {quoted(UNHEALTHY_STATES)}) DESC,"
    " coalesce(m.missing_since, '9999'), m.name COLLATE NOCASE"
)
"""The order of machines with the same level: unhealthy ones, then by how long a monthly update has been missing. An index
supports this order."""
MACHINES = TableQuery(
    name="machines",
    source="machines m",
    key="m.id",
    row=MachineListRow,
    select=fields(MachineListRow, "m", name=DISPLAY_NAME, doing=_DOING),
    sorts={
        "urgency": "m.level",
        "name": "m.name COLLATE NOCASE",
        "hotpatch": "m.hotpatch_status",
        "updates": "m.updates",
        "assessed": "m.assessed_at",
        "missing": "coalesce(m.missing_since, '9999')",
    },
    default_sort=("urgency", True),
    touched_by=frozenset({"machines", "operations"}),
    then=BY_URGENCY,
)


def like(text: str) -> str:
    """A LIKE pattern for texts that contain this one, escaped with a backslash."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


MAX_WORDS, MAX_CHARACTERS = 12, 400
"""Of a search; SQLite refuses expressions with thousands of terms."""


def search_terms(text: str) -> list[str]:
    """The words of a search, as many as SQLite can search for."""
    return text[:MAX_CHARACTERS].split()[:MAX_WORDS]


def count(db: sqlite3.Connection, table: TableQuery[Any], where: Where) -> int:
    """The number of rows."""
    row = db.execute(f"SELECT count(*) FROM {table.source}{where.sql}", where.parameters).fetchone()
    return int(row[0])
