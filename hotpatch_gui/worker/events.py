"""What the engine tells, on its own thread, to whoever observes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hotpatch_gui.domain.changes import Changes
from hotpatch_gui.domain.problems import Problem


@dataclass(frozen=True, slots=True)
class Opened:
    """The file is there and of the current schema; ``set_aside`` is where a damaged one was put."""

    path: Path
    set_aside: Path | None


@dataclass(frozen=True, slots=True)
class Connected:
    """These connections are there; the others have said why not."""

    connection_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A commit was made."""

    changes: Changes


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """What is being read, how much of it is there, the pause in seconds that Azure asked for."""

    reading: str
    done: int
    total: int
    waiting_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Synced:
    """The sync of one connection came to its end, or could not begin; sync_state says how."""

    connection_id: int


@dataclass(frozen=True, slots=True)
class SyncEnded:
    """No connection is being read any more."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Something outside an operation or a sync went wrong."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Prompted:
    """What the user has to do to sign in; empty once it is done."""

    text: str


@dataclass(frozen=True, slots=True)
class ReleasesRead:
    """An update of the release data has ended; how, in words."""

    text: str


@dataclass(frozen=True, slots=True)
class Queued:
    """These operations are on the disk; ``is_last`` says that all of a request are."""

    operation_ids: tuple[int, ...]
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Idled:
    """Nothing is left to do until somebody asks or the next periodic sync."""


Event = (
    Opened
    | Connected
    | Changed
    | SyncProgress
    | Synced
    | SyncEnded
    | Failed
    | Prompted
    | ReleasesRead
    | Queued
    | Idled
)
Observer = Callable[[Event], None]
