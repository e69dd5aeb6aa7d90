"""Actions that ended: the operations that one click or command requested."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from hotpatch_gui.domain.operations import OperationState

from .sql import IN_JSON, OPEN, as_list
from .tables import DISPLAY_NAME


class EndedAction(NamedTuple):
    """An action of which no operation is in progress anymore; results may be unknown.

    ``machine``, ``note`` and ``code`` are of the first operation that failed, or else of the first one with an unknown
    result, or else of the first one.
    """

    id: int
    kind: str
    total: int
    succeeded: int
    failed: int
    unknown: int
    canceled: int
    machine: str
    note: str
    code: str


_ACTIONS = f"""
SELECT o.action_id, o.kind, count(*), sum(o.state='succeeded'), sum(o.state='failed'),
    sum(o.state IN ('unknown', 'dismissed')), sum(o.state='{OperationState.CANCELED}')
FROM operations o WHERE o.action_id>? OR o.action_id IN {IN_JSON}
GROUP BY 1, 2 HAVING sum(o.state IN {OPEN} AND o.state<>'unknown')=0 ORDER BY 1
"""
_FIRST = f"""
SELECT {DISPLAY_NAME}, o.note, o.code FROM operations o JOIN machines m ON m.id=o.machine_id
WHERE o.action_id=? ORDER BY o.state<>'failed', o.state NOT IN ('unknown', 'dismissed'), o.id LIMIT 1
"""


def newest_action(db: sqlite3.Connection) -> int:
    """The ID of the newest action; 0 without any."""
    return int(db.execute("SELECT coalesce(max(action_id), 0) FROM operations").fetchone()[0])


def open_actions(db: sqlite3.Connection) -> list[int]:
    """Actions with an operation that hasn't ended."""
    rows = db.execute(
        f"SELECT DISTINCT action_id FROM operations WHERE state IN {OPEN} AND action_id IS NOT NULL"
    )
    return [row[0] for row in rows]


def ended(db: sqlite3.Connection, after: int, also: Iterable[int]) -> list[EndedAction]:
    """Ended actions with a higher ID than ``after``, and those of ``also``; oldest first."""
    found = []
    for values in db.execute(_ACTIONS, (after, as_list(also))).fetchall():
        first = db.execute(_FIRST, (values[0],)).fetchone()
        if first is not None:
            found.append(EndedAction(*values, *first))
    return found
