"""Commands for the engine. Machines are named by resource ID, which is the same in every file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.deployments import Deployment
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.schedule_changes import ScheduleChange
from hotpatch_gui.domain.waves import AT_ONCE, Waves


@dataclass(frozen=True, slots=True)
class Sync:
    """Sync now; ``full`` reads everything, not only changes."""

    full: bool = False


@dataclass(frozen=True, slots=True)
class SyncEvery:
    """Change the interval of syncs, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ReadMachine:
    """Read one machine's instance view, assessment and last run."""

    resource_id: str


@dataclass(frozen=True, slots=True)
class Act:
    """Queue one operation per (resource ID, request JSON).

    ``groups`` are the machines' waves by name, in the same order, if waves go by group.
    """

    kind: OperationKind
    operations: Sequence[tuple[str, str | None]]
    waves: Waves = AT_ONCE
    groups: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel queued operations, each named with its machine's resource ID."""

    operations: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Dismiss:
    """Stop resolving unknown operations, each named with its machine's resource ID."""

    operations: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class WaitForTurn:
    """Retry rejected operations until Azure accepts them, each named with its machine's resource ID."""

    operations: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class SaveConnection:
    """Store a connection's cloud, sign-in and name.

    Its selected subscriptions and whether changes are allowed stay unless it is new.
    """

    connection: Connection


@dataclass(frozen=True, slots=True)
class Rename:
    """Change only the connection's name."""

    connection_id: int
    name: str


@dataclass(frozen=True, slots=True)
class SetChangesAllowed:
    """Allow or prohibit changes through the connection."""

    connection_id: int
    changes_allowed: bool


@dataclass(frozen=True, slots=True)
class ChooseSubscriptions:
    """Select subscriptions; none selects all that the account can read, now and later."""

    connection_id: int
    subscription_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveConnection:
    """Sign out and remove the connection; its history stays."""

    connection_id: int


@dataclass(frozen=True, slots=True)
class SignIn:
    """Sign in to a connection, with a prompt if its method needs one."""

    connection_id: int


@dataclass(frozen=True, slots=True)
class SignOut:
    """Delete stored tokens; data stays."""

    connection_id: int


@dataclass(frozen=True, slots=True)
class ReadReleasesDaily:
    """Read release data from this address once a day; None stops it."""

    address: str | None


@dataclass(frozen=True, slots=True)
class UpdateReleases:
    """Read release data from this address now."""

    address: str


@dataclass(frozen=True, slots=True)
class ImportReleases:
    """Read a saved document or list of release data."""

    path: Path


@dataclass(frozen=True, slots=True)
class ChangeSchedules:
    """Change schedules, their machines or dynamic scopes through a connection, in this order."""

    connection_id: int
    changes: tuple[ScheduleChange, ...]


@dataclass(frozen=True, slots=True)
class CancelChanges:
    """Cancel these changes of schedules, or all (None), if they are still queued."""

    change_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class DismissChanges:
    """Stop resolving changes of schedules whose result isn't known."""


@dataclass(frozen=True, slots=True)
class CheckDeployment:
    """Ask Azure whether a deployment is valid and what it would do. The password is never stored or logged."""

    connection_id: int
    deployment: Deployment
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Deploy:
    """Start a deployment and follow it. The password is never stored or logged."""

    connection_id: int
    deployment: Deployment
    password: str = field(repr=False)


Command = (
    Sync
    | SyncEvery
    | ReadMachine
    | Act
    | Cancel
    | Dismiss
    | WaitForTurn
    | SaveConnection
    | Rename
    | SetChangesAllowed
    | ChooseSubscriptions
    | RemoveConnection
    | SignIn
    | SignOut
    | ReadReleasesDaily
    | UpdateReleases
    | ImportReleases
    | ChangeSchedules
    | CancelChanges
    | DismissChanges
    | CheckDeployment
    | Deploy
)
