"""How the last sync of a connection went."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class SyncState(NamedTuple):
    """``finished`` is the last one that came to its end; ``problem`` and ``next_step`` are sentences, empty where it went
    well; ``unreadable`` counts rows of Azure's answers."""

    connection_id: int = 0
    name: str = ""
    account: str | None = None
    started: datetime | None = None
    finished: datetime | None = None
    problem: str = ""
    next_step: str = ""
    problem_kind: str = ""
    unreadable: int = 0
