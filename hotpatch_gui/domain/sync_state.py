"""The result of a connection's last sync."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class SyncState(NamedTuple):
    """The result of the last sync.

    Attributes:
        finished: when the last complete sync finished.
        problem: why the last one failed; empty if it succeeded. ``next_step`` likewise.
        unreadable: rows of Azure's responses that couldn't be read.
    """

    connection_id: int = 0
    name: str = ""
    account: str | None = None
    started: datetime | None = None
    finished: datetime | None = None
    problem: str = ""
    next_step: str = ""
    problem_kind: str = ""
    unreadable: int = 0
