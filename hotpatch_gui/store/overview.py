"""Aggregates of the whole fleet for the Overview page."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from hotpatch_gui.domain.hotpatch import ELIGIBLE, HotpatchStatus
from hotpatch_gui.domain.machine_filter import FAILURE_DAYS, Condition, Dimension, LastAssessed
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.releases import Product

from . import daily_states, unhealthy
from .machine_columns import tags_of
from .machine_filters import CONDITIONS, group_key
from .run_sql import GOOD_RUNS
from .timestamps import from_text, to_text


class FleetGroup(NamedTuple):
    """Machines that are alike in everything that Overview counts.

    Attributes:
        product: None if it isn't known.
        is_missing: whether a monthly update is missing on them, since ``since``; None if it isn't known.
        baseline_missing: whether a missing one is a baseline. A machine that waits for a restart may have installed it.
    """

    product: Product | None
    situation: str
    status: str
    restart_pending: bool
    is_missing: bool | None
    since: date | None
    baseline_missing: bool
    enrollment_failed: bool
    is_disconnected: bool
    is_unhealthy: bool
    machines: int

    @property
    def is_baseline_due(self) -> bool:
        """Whether a baseline is missing that doesn't only wait for a restart."""
        return self.baseline_missing and not self.restart_pending

    @property
    def is_on(self) -> bool:
        """Whether hotpatch is known to be on."""
        return self.status == HotpatchStatus.ENABLED

    @property
    def is_eligible(self) -> bool:
        """Whether they are known to be able to receive hotpatches."""
        return self.status in ELIGIBLE


class FleetCounts(NamedTuple):
    """The fleet now.

    Attributes:
        groups: all machines.
        failed: machines with failed installations in the last FAILURE_DAYS; ``failures`` is the number of these installations.
        became_unhealthy: machines that became unhealthy after an installation.
        unknown: machines with an operation whose result isn't known.
        by_windows: machines that Windows Update may restart at any time.
    """

    groups: list[FleetGroup]
    failed: int
    failures: int
    became_unhealthy: int
    unknown: int
    by_windows: int = 0


_GROUPS = f"""
SELECT m.product, m.situation, m.hotpatch_status, m.restart_pending, m.update_missing, m.missing_since, m.baseline_missing,
    {CONDITIONS[Condition.ENROLLMENT_FAILED]}, {CONDITIONS[Condition.DISCONNECTED]},
    coalesce({CONDITIONS[Condition.UNHEALTHY]}, 0), count(*)
FROM machines m WHERE m.deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""
_FAILED = """
SELECT count(DISTINCT i.machine_id), count(*) FROM installations i JOIN machines m ON m.id=i.machine_id
WHERE i.started_at>=? AND i.status='Failed' AND m.deleted_at IS NULL
"""
_UNKNOWN = """
SELECT count(DISTINCT o.machine_id) FROM operations o JOIN machines m ON m.id=o.machine_id
WHERE o.state='unknown' AND m.deleted_at IS NULL
"""
_BY_WINDOWS = (
    "SELECT count(*) FROM machines m WHERE m.deleted_at IS NULL AND "
    + CONDITIONS[Condition.RESTARTS_BY_WINDOWS]
)


def counts(db: sqlite3.Connection, now: datetime) -> FleetCounts:
    """The fleet now."""
    groups = [
        FleetGroup(
            Product(product) if product else None,
            situation,
            status,
            bool(pending),
            None if missing is None else bool(missing),
            date.fromisoformat(since) if since else None,
            bool(baseline),
            bool(enrollment),
            bool(disconnected),
            bool(is_unhealthy),
            machines,
        )
        for (
            product,
            situation,
            status,
            pending,
            missing,
            since,
            baseline,
            enrollment,
            disconnected,
            is_unhealthy,
            machines,
        ) in db.execute(_GROUPS)
    ]
    since = to_text(now - timedelta(days=FAILURE_DAYS))
    failed, failures = db.execute(_FAILED, (since,)).fetchone()
    unknown = db.execute(_UNKNOWN).fetchone()[0]
    by_windows = db.execute(_BY_WINDOWS).fetchone()[0]
    has_unhealthy = any(g.is_unhealthy for g in groups)
    after = unhealthy.count(db, now) if has_unhealthy else 0
    return FleetCounts(groups, failed, failures, after, unknown, by_windows)


class GroupCount(NamedTuple):
    """Machines of a group in a situation. ``key`` is for a Choice; ``value`` is empty for machines without a value."""

    value: str
    key: str
    situation: str
    machines: int
    restart_pending: int


GROUP_NAMES = {
    Dimension.CONNECTION: "(SELECT c.name FROM connections c WHERE c.id=m.connection_id)",
    Dimension.SUBSCRIPTION: "coalesce((SELECT s.name FROM subscriptions s WHERE s.connection_id=m.connection_id"
    " AND s.id=m.subscription_id), m.subscription_id)",
}
"""Names that differ from the keys, as SQL over ``machines m``."""
_LABELS = {
    Dimension.PRODUCT: lambda key: Product(key).label,
    Dimension.HOTPATCH: lambda key: HotpatchStatus(key).label,
    Dimension.POWER: lambda key: PowerState(key).label,
    Dimension.ASSESSED: lambda key: LastAssessed(key).label,
}


def grouped(
    db: sqlite3.Connection,
    dimension: Dimension,
    now: datetime,
    tag: str = "",
    day: date | None = None,
) -> list[GroupCount]:
    """Machines by group and situation: existing ones, or as known at the end of a past day in their current groups.

    ``tag`` is the tag's name for TAG.
    """
    known, situation, pending = (
        "machines m WHERE m.deleted_at IS NULL",
        "m.situation",
        "m.restart_pending",
    )
    if day is not None:
        known, situation = daily_states.KNOWN_ON, daily_states.SITUATION_ON
        pending = "s.restart_pending"
    name = GROUP_NAMES.get(dimension, "''")
    rows = db.execute(
        f"SELECT coalesce({name}, ''), {group_key(dimension, now)}, {situation}, count(*),"
        f" sum({pending}) FROM {known} GROUP BY 1, 2, 3",
        daily_states.on(day) if day else {},
    )
    found = [GroupCount(*row) for row in rows]
    if dimension in GROUP_NAMES:
        return found
    if dimension is Dimension.TAG:
        values = {g.key: tags_of(g.key or None).get(tag, "") for g in found}
        return [g._replace(value=values[g.key], key=values[g.key]) for g in found]
    return [g._replace(value=group_label(dimension, g.key)) for g in found]


def group_label(dimension: Dimension, key: str) -> str:
    """The display name of a stored value; itself if this version doesn't know it."""
    label: Callable[[str], str] = _LABELS.get(dimension, str)
    try:
        return label(key) if key else ""
    except ValueError:
        return key


def tag_names(db: sqlite3.Connection) -> list[str]:
    """Names of the tags on existing machines, sorted."""
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
    "restarted": "SELECT count(*), max(modified_at) FROM installations WHERE modified_at>? AND restart_status='Completed'",
    "unhealthy": "SELECT count(*), max(m.resource_health_at) FROM machines m"
    f" WHERE m.resource_health IS NOT NULL AND m.resource_health_at>? AND {unhealthy.IS_UNHEALTHY}",
    "deleted": "SELECT count(*), max(deleted_at) FROM machines WHERE deleted_at>?",
    "ended": "SELECT count(*), max(ended_at) FROM operations WHERE ended_at>?",
}


def changes_since(db: sqlite3.Connection, since: datetime) -> list[Change]:
    """The events after ``since``, newest first."""
    found = []
    for kind, sql in _CHANGES.items():
        count, at = db.execute(sql, (to_text(since),)).fetchone()
        moment = from_text(at)
        if count and moment is not None:
            found.append(Change(kind, count, moment))
    return sorted(found, key=lambda c: c.at, reverse=True)
