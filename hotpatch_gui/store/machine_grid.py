"""The machine list as a grid, as SQL."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from zlib import crc32

from hotpatch_gui.domain.machine_filter import Dimension, Grouping

from .machine_filters import group_value
from .overview import GROUP_NAMES, group_label
from .rows import fields
from .tables import BY_URGENCY, DISPLAY_NAME, MACHINES, QueryRows, TableQuery, Where


class MachineGridRow(NamedTuple):
    """A machine with every column of the grid; times are ISO 8601 in UTC, counts None if they aren't known."""

    name: str
    situation: str
    level: int
    """A ``domain.situation.Level``."""
    resource_health: str | None
    hotpatch_status: str
    updates: int
    updates_restarting: int
    updates_may_restart: int
    critical: int
    security: int
    restart_pending: int
    update_missing: int | None
    missing_since: str | None
    assessed_at: str | None
    last_run_at: str | None
    last_run_error: str | None
    power: str
    product: str | None
    os_version: str | None
    connection: str | None
    subscription: str
    resource_group: str
    location: str
    zone: str | None
    tags: str
    azure_id: str
    in_graph: int
    unreported: str


_CONNECTION = "(SELECT c.name FROM connections c WHERE c.id=m.connection_id)"
_SUBSCRIPTION = (
    "coalesce((SELECT s.name FROM subscriptions s WHERE s.connection_id=m.connection_id"
    " AND s.id=m.subscription_id), m.subscription_id)"
)
GRID = TableQuery(
    name="machines",
    source="machines m",
    key="m.id",
    row=MachineGridRow,
    select=fields(
        MachineGridRow, "m", name=DISPLAY_NAME, connection=_CONNECTION, subscription=_SUBSCRIPTION
    ),
    sorts=MACHINES.sorts
    | {
        "critical": "m.critical",
        "security": "m.security",
        "restart": "m.restart_pending",
        "last_run": "m.last_run_at",
        "error": "coalesce(m.last_run_error, '')",
        "power": "m.power",
        "product": "m.product",
        "build": "m.os_version",
        "connection": _CONNECTION,
        "subscription": _SUBSCRIPTION,
        "group": "m.resource_group COLLATE NOCASE",
        "region": "m.location",
        "zone": "m.zone",
        "tags": "m.tags",
    },
    default_sort=("urgency", True),
    touched_by=frozenset({"machines"}),
    then=BY_URGENCY,
)


class Group(NamedTuple):
    """A group of machines.

    Attributes:
        id: a negative number, so that it differs from the machines' row IDs.
        name: its display name; empty for machines without a value.
    """

    id: int
    name: str
    machines: int


class GroupedMachines(NamedTuple):
    """Row IDs with each group's ID before those of its machines."""

    found: QueryRows[MachineGridRow]
    groups: dict[int, Group]


def read_grouped(
    db: sqlite3.Connection,
    grouping: Grouping,
    now: datetime,
    where: Where,
    *,
    order: tuple[str, bool],
    folded: Collection[int],
) -> GroupedMachines:
    """The machines by group. ``order`` is the column and whether it descends; a folded group keeps its
    own ID, and its machines' IDs are left out."""
    value, bound = group_value(*grouping, now)
    ids = GRID._replace(lead=value, lead_parameters=bound).ids(db, where, *order)
    name = GROUP_NAMES.get(grouping.dimension, "''")
    sizes = db.execute(
        f"SELECT {value}, max(coalesce({name}, '')), count(*) FROM machines m{where.sql} GROUP BY 1 ORDER BY 1",
        (*bound, *where.parameters),
    )
    shown, groups, start = array("q"), {}, 0
    for key, stored, machines in sizes:
        group = Group(-1 - crc32(key.encode()), stored or _name(grouping.dimension, key), machines)
        groups[group.id] = group
        shown.append(group.id)
        if group.id not in folded:
            shown.extend(ids[start : start + machines])
        start += machines
    return GroupedMachines(QueryRows(shown, None), groups)


def _name(dimension: Dimension, key: str) -> str:
    return key if dimension is Dimension.TAG else group_label(dimension, key)
