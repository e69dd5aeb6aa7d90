"""Small tables: releases (for joins), subscriptions' names, and the state of the last sync."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from .times import from_text, to_text

if TYPE_CHECKING:
    from hotpatch_gui.domain.problems import Problem
    from hotpatch_gui.domain.releases import Release

FLEET = "fleet"


def save_releases(db: sqlite3.Connection, releases: Iterable[Release]) -> None:
    """Make the table hold exactly these."""
    db.execute("DELETE FROM releases")
    db.executemany(
        "INSERT INTO releases (product, month, released, kind, channel, kb, build, restarts, lcu_kb,"
        " lcu_build, confidence, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                r.product, r.month, r.released.isoformat(), r.kind, r.channel, r.kb, r.build, r.restarts,
                r.lcu_kb, r.lcu_build, r.confidence, r.source,
            )
            for r in releases
        ],
    )  # fmt: skip


def save_subscriptions(db: sqlite3.Connection, pairs: Iterable[tuple[str, str]]) -> None:
    db.executemany(
        "INSERT INTO subscriptions VALUES (?, ?) ON CONFLICT DO UPDATE SET name=excluded.name",
        list(pairs),
    )


def subscription_names(db: sqlite3.Connection) -> list[str]:
    return [r[0] for r in db.execute("SELECT name FROM subscriptions ORDER BY name")]


class SyncState(NamedTuple):
    """How the last sync went. ``finished`` is the last one that came to its end."""

    started: datetime | None = None
    finished: datetime | None = None
    problem: str = ""
    next_step: str = ""
    problem_kind: str = ""
    unreadable: int = 0


def sync_started(db: sqlite3.Connection, now: datetime) -> None:
    db.execute(
        "INSERT INTO sync_state (scope, started_at) VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET started_at=excluded.started_at",
        (FLEET, to_text(now)),
    )


def sync_ended(
    db: sqlite3.Connection, now: datetime, problem: Problem | None, unreadable: int
) -> None:
    """A sync that failed keeps the time of the last good one."""
    values = (
        (problem.sentence, problem.next_step, problem.kind.value)
        if problem is not None
        else ("", "", "")
    )
    db.execute("INSERT INTO sync_state (scope) VALUES (?) ON CONFLICT DO NOTHING", (FLEET,))
    db.execute(
        "UPDATE sync_state SET finished_at=CASE WHEN ?='' THEN ? ELSE finished_at END, unreadable=?,"
        " problem=?, next_step=?, problem_kind=? WHERE scope=?",
        (values[0], to_text(now), unreadable, *values, FLEET),
    )


def sync_state(db: sqlite3.Connection) -> SyncState:
    row = db.execute("SELECT * FROM sync_state WHERE scope=?", (FLEET,)).fetchone()
    if row is None:
        return SyncState()
    return SyncState(
        from_text(row["started_at"]), from_text(row["finished_at"]), row["problem"], row["next_step"],
        row["problem_kind"], row["unreadable"],
    )  # fmt: skip


def latest_time(db: sqlite3.Connection) -> datetime | None:
    """The last time at which anything was fetched: the best guess of a cloud's clock before it answers."""
    row = db.execute(
        "SELECT max(t) FROM (SELECT max(fetched_at) AS t FROM machines UNION ALL"
        " SELECT started_at FROM sync_state UNION ALL SELECT max(created_at) FROM operations)"
    ).fetchone()
    return from_text(row[0])
