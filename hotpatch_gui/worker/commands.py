"""What the engine can be asked. A machine is named by its resource id: it is the same in every file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.waves import AT_ONCE, Waves


@dataclass(frozen=True, slots=True)
class Sync:
    """Read the fleet now; ``whole`` reads all of it, also what cannot have changed."""

    whole: bool = False


@dataclass(frozen=True, slots=True)
class SyncEvery:
    seconds: float


@dataclass(frozen=True, slots=True)
class ReadMachine:
    """Read one machine in full."""

    resource_id: str


@dataclass(frozen=True, slots=True)
class Act:
    """Queue one operation for each (resource id, request JSON); ``groups`` are the machines' waves by name, in the
    same order, where the waves go by group."""

    kind: OperationKind
    requests: Sequence[tuple[str, str | None]]
    waves: Waves = AT_ONCE
    groups: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take queued operations back. Each is named with its machine's resource id."""

    operations: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Dismiss:
    """Stop finding out about operations whose end is not known. Each is named with its machine's resource id."""

    operations: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class WaitForTurn:
    """Ask again for what Azure refused because something else was at work, once that has ended. Each operation is
    named with its machine's resource id."""

    operations: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class SaveConnection:
    """Store a new connection, or where one leads (its cloud, its sign-in, its name); what is read over it and
    whether it may act stays as it is in the file."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Rename:
    """Give the connection another name; nothing else of it changes."""

    connection_id: int
    name: str


@dataclass(frozen=True, slots=True)
class SetActionsAllowed:
    connection_id: int
    may_act: bool


@dataclass(frozen=True, slots=True)
class ChooseSubscriptions:
    """Read these and no others; with none named, all that the account can read, now and later."""

    connection_id: int
    subscription_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveConnection:
    """Sign out and forget it; what was read over it stays as history."""

    connection_id: int


@dataclass(frozen=True, slots=True)
class SignIn:
    connection_id: int


@dataclass(frozen=True, slots=True)
class SignOut:
    """Forget the tokens here and in the platform's store; what was read stays."""

    connection_id: int


@dataclass(frozen=True, slots=True)
class ReadReleasesDaily:
    """Have the release data read from there once a day; None ends that."""

    address: str | None


@dataclass(frozen=True, slots=True)
class UpdateReleases:
    """Read the release data from there now."""

    address: str


@dataclass(frozen=True, slots=True)
class ImportReleases:
    """Read a saved document or list of release data."""

    path: Path


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
    | SetActionsAllowed
    | ChooseSubscriptions
    | RemoveConnection
    | SignIn
    | SignOut
    | ReadReleasesDaily
    | UpdateReleases
    | ImportReleases
)
