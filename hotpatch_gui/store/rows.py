"""Row types of the file's SELECTs, so that no raw row leaves the store.

Times are UTC ISO text as stored (see ``timestamps.from_text``); flags are 0 or 1. These rows are in the first paint;
``machine_rows`` and ``history_rows`` have the others.
"""

import sqlite3
from collections.abc import Callable
from typing import NamedTuple, TypeVar

R = TypeVar("R")


def fields(row: Callable[..., object], alias: str, **computed: str) -> str:
    """SQL that selects a row type's fields in order: columns by name, or expressions."""
    names: tuple[str, ...] = getattr(row, "_fields", ())
    return ", ".join(f"{computed.get(name, f'{alias}.{name}')} AS {name}" for name in names)


def typed(cursor: sqlite3.Cursor, row: Callable[..., R]) -> list[R]:
    """The rows of a SELECT made with ``fields``."""
    return [row(*values) for values in cursor]


def first(cursor: sqlite3.Cursor, row: Callable[..., R]) -> R | None:
    """The first row; None if there is none."""
    values = cursor.fetchone()
    return None if values is None else row(*values)


class MachineListRow(NamedTuple):
    """A machine with the columns of the list; ``doing`` is the kind of its operation in progress."""

    name: str
    hotpatch_status: str
    situation: str
    level: int
    """A ``domain.situation.Level``."""
    resource_health: str | None
    power: str
    updates: int
    updates_restarting: int
    updates_may_restart: int
    assessed_at: str | None
    update_missing: int | None
    missing_since: str | None
    doing: str | None
    """The kind of the operation that is in progress on it."""


class OperationRow(NamedTuple):
    """An operation with its machine's name and resource ID."""

    id: int
    machine_id: int
    machine_name: str
    azure_id: str
    kind: str
    state: str
    request: str | None
    created_at: str
    sent_at: str | None
    ended_at: str | None
    latest_end_at: str | None
    token: str | None
    run_id: str | None
    note: str
    code: str
    request_id: str
    done: int | None
    total: int | None
    requested_by: str | None
    standby: str
    batch_id: int | None
    wave: int
    wave_name: str
