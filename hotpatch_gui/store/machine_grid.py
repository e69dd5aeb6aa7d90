"""The machine list as a grid, as SQL."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from hotpatch_gui.domain.machine_filter import Dimension

from .machine_filters import group_key
from .rows import fields
from .tables import DISPLAY_NAME, MACHINES, Table


class MachineGridRow(NamedTuple):
    """A machine in the grid."""

    name: str
    situation: str
    attention: int
    hotpatch_status: str
    updates: int
    updates_that_restart: int
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


_CONNECTION = "(SELECT c.name FROM connections c WHERE c.id=m.connection_id)"
_SUBSCRIPTION = (
    "coalesce((SELECT s.name FROM subscriptions s WHERE s.connection_id=m.connection_id"
    " AND s.id=m.subscription_id), m.subscription_id)"
)
GRID = Table(
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
    default_sort=("attention", True),
    touched_by=frozenset({"machines"}),
    then="m.name COLLATE NOCASE",
)


def grouped_by(dimension: Dimension | None, now: datetime) -> Table[MachineGridRow]:
    """The grid with the machines of a group together."""
    return GRID if dimension is None else GRID._replace(lead=group_key(dimension, now))
