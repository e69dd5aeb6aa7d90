"""Aggregates of the whole fleet for the Overview page."""

from __future__ import annotations

import json
import sqlite3
from datetime import date, datetime
from typing import NamedTuple

from hotpatch_gui.domain.exposure import BuildCount
from hotpatch_gui.domain.hotpatch import ELIGIBLE, HotpatchStatus
from hotpatch_gui.domain.machine_filter import Condition, Dimension
from hotpatch_gui.domain.machines import build_of, product_of

from . import daily_states
from .machine_columns import tags_of
from .machine_filters import CONDITIONS, GROUP_KEYS
from .run_sql import GOOD_RUNS
from .sql import quoted
from .timestamps import from_text, to_text


class FleetCounts(NamedTuple):
    """The fleet now, in machines.

    Attributes:
        situations: (situation, machines).
        eligible: machines that can receive hotpatches; ``enabled`` of them do.
        failed: machines with failed installations since a time, which are ``failures``.
        unknown: machines with an operation whose result isn't known.
        builds: machines by product and build.
    """

    situations: list[tuple[str, int]]
    restart_pending: int
    enabled: int
    eligible: int
    failed: int
    failures: int
    unknown: int
    builds: list[BuildCount]

    @property
    def machines(self) -> int:
        """All machines."""
        return sum(count for _, count in self.situations)


_COUNTS = f"""
SELECT coalesce(sum(m.restart_pending), 0), coalesce(sum(m.hotpatch_status='{HotpatchStatus.ENABLED}'), 0),
    coalesce(sum(m.hotpatch_status IN {quoted(s.value for s in ELIGIBLE)}), 0),
    coalesce(sum({CONDITIONS[Condition.UNKNOWN_RESULT]}), 0)
FROM machines m WHERE m.deleted_at IS NULL
"""
_FAILED = """
SELECT count(DISTINCT i.machine_id), count(*) FROM installations i JOIN machines m ON m.id=i.machine_id
WHERE i.started_at>=? AND i.status='Failed' AND m.deleted_at IS NULL
"""


def counts(db: sqlite3.Connection, since: datetime) -> FleetCounts:
    """The fleet now; failed installations since ``since``."""
    situations = [
        (row[0], row[1])
        for row in db.execute(
            "SELECT situation, count(*) FROM machines WHERE deleted_at IS NULL GROUP BY situation"
        )
    ]
    pending, enabled, eligible, unknown = db.execute(_COUNTS).fetchone()
    failed, failures = db.execute(_FAILED, (to_text(since),)).fetchone()
    return FleetCounts(
        situations, pending, enabled, eligible, failed, failures, unknown, _builds(db)
    )


def _builds(db: sqlite3.Connection) -> list[BuildCount]:
    key = GROUP_KEYS[Dimension.PRODUCT]
    rows = db.execute(
        f"SELECT {key}, count(*) FROM machines m WHERE m.deleted_at IS NULL GROUP BY 1"
    )
    found = []
    for text, machines in rows:
        sku, name, version, edition = json.loads(text)
        product = product_of(sku, name, version, edition)
        found.append(BuildCount(product, build_of(version), machines, text))
    return found


class GroupCount(NamedTuple):
    """Machines of a group in a situation. ``key`` is for a MachineFilter; ``value`` is empty for machines without one."""

    value: str
    key: str
    situation: str
    machines: int


_NAMES = {
    Dimension.CONNECTION: "(SELECT c.name FROM connections c WHERE c.id=m.connection_id)",
    Dimension.SUBSCRIPTION: "coalesce((SELECT s.name FROM subscriptions s WHERE s.connection_id=m.connection_id"
    " AND s.id=m.subscription_id), m.subscription_id)",
    Dimension.GROUP: "m.resource_group",
    Dimension.REGION: "m.location",
    Dimension.PRODUCT: "''",
    Dimension.TAG: "''",
}


def grouped(
    db: sqlite3.Connection, dimension: Dimension, tag: str = "", day: date | None = None
) -> list[GroupCount]:
    """Machines by group and situation: existing ones, or as known at the end of a past day in their current groups.

    ``tag`` is the tag's name for TAG.
    """
    known, situation = "machines m WHERE m.deleted_at IS NULL", "m.situation"
    if day is not None:
        known, situation = daily_states.KNOWN_ON, daily_states.SITUATION_ON
    rows = db.execute(
        f"SELECT coalesce({_NAMES[dimension]}, ''), {GROUP_KEYS[dimension]}, {situation}, count(*)"
        f" FROM {known} GROUP BY 1, 2, 3",
        daily_states.on(day) if day else {},
    )
    found = [GroupCount(*row) for row in rows]
    if dimension is Dimension.PRODUCT:
        return [g._replace(value=_product(g.key)) for g in found]
    if dimension is Dimension.TAG:
        return [g._replace(value=tags_of(g.key or None).get(tag, "")) for g in found]
    return found


def _product(key: str) -> str:
    product = product_of(*json.loads(key))
    return product.label if product else ""


def tag_names(db: sqlite3.Connection) -> list[str]:
    """The names of all tags."""
    rows = db.execute("SELECT DISTINCT tag_pairs FROM machines WHERE deleted_at IS NULL")
    return sorted({name for row in rows for name in tags_of(row[0])})


class Change(NamedTuple):
    """Something that happened since a time: how often, and when last."""

    kind: str
    times: int
    at: datetime


_CHANGES = {
    "installed": f"SELECT count(*), max(modified_at) FROM installations WHERE modified_at>? AND status IN {GOOD_RUNS}",
    "failed": "SELECT count(*), max(modified_at) FROM installations WHERE modified_at>? AND status='Failed'",
    "deleted": "SELECT count(*), max(deleted_at) FROM machines WHERE deleted_at>?",
    "requested": "SELECT count(*), max(ended_at) FROM operations WHERE ended_at>?",
}


def changes_since(db: sqlite3.Connection, since: datetime) -> list[Change]:
    """What happened after ``since``, newest first."""
    found = []
    for kind, sql in _CHANGES.items():
        count, at = db.execute(sql, (to_text(since),)).fetchone()
        moment = from_text(at)
        if count and moment is not None:
            found.append(Change(kind, count, moment))
    return sorted(found, key=lambda c: c.at, reverse=True)
