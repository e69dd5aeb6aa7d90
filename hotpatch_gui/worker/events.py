"""Events that the engine reports on its own thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.deployments import WhatIfChange
from hotpatch_gui.domain.problems import Problem


@dataclass(frozen=True, slots=True)
class Opened:
    """The file is ready; ``set_aside`` is where a damaged one was moved."""

    path: Path
    set_aside: Path | None


@dataclass(frozen=True, slots=True)
class Connected:
    """These connections are set up; others reported why not."""

    connection_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A commit was made."""

    changes: ChangedTables


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """The list being read, its progress, and the pause in seconds that Azure requested."""

    reading: str
    done: int
    total: int
    waiting_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Synced:
    """A connection's sync finished or couldn't start; sync_state has the result."""

    connection_id: int


@dataclass(frozen=True, slots=True)
class SyncEnded:
    """No connection is being read anymore."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A problem for the user that no sync stored."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Prompted:
    """The instruction for signing in; empty when done."""

    text: str


@dataclass(frozen=True, slots=True)
class ReleasesRead:
    """An update of release data finished, with its result as text."""

    text: str


@dataclass(frozen=True, slots=True)
class Queued:
    """These operations are stored. ``is_last``, without IDs: everything of an action that could be stored is stored."""

    operation_ids: tuple[int, ...]
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class ChangesQueued:
    """These changes of schedules are stored; none if the request was rejected."""

    change_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DeploymentChecked:
    """The changes that a deployment would make, or the reason why Azure would reject it; ``resource_id`` is the deployment's."""

    resource_id: str
    changes: tuple[WhatIfChange, ...]
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class DeploymentStored:
    """The deployment is stored, and sent next; none if the request was rejected."""

    row_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Idled:
    """No command is left to handle, and every job has ended or rests. Operations may still be in progress, between two polls."""


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
    | ChangesQueued
    | DeploymentChecked
    | DeploymentStored
    | Idled
)
Observer = Callable[[Event], None]
