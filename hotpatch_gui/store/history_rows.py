"""The rows of updates, installation runs, restarts and the audit log: not in the first frame."""

from typing import NamedTuple


class UpdateRow(NamedTuple):
    """An update that the last assessment offers to a machine."""

    name: str
    kb: str | None
    classification: str
    severity: str | None
    restart: str
    published_at: str | None
    machine_name: str
    release_kind: str | None


class KbRow(NamedTuple):
    """An update over the fleet: on how many machines it is missing, how many of those run, and on how many runs have
    installed it or failed."""

    name: str
    kb: str | None
    classification: str
    restart: str
    published_at: str | None
    machines: int
    running: int
    release_kind: str | None
    installed: int
    failed: int


class RunRow(NamedTuple):
    """An installation run. ``doubts`` is JSON of what a later assessment says otherwise."""

    run_id: str
    status: str
    started_at: str
    modified_at: str | None
    started_by: str | None
    restart_status: str | None
    window_exceeded: int | None
    installed: int | None
    failed: int | None
    pending: int | None
    excluded: int | None
    not_selected: int | None
    doubts: str | None
    machine_name: str


class RunUpdateRow(NamedTuple):
    """What a run did to one update."""

    name: str
    kb: str | None
    classification: str
    state: str
    restart: str | None


class RunErrorRow(NamedTuple):
    code: str
    message: str


class LostRunRow(NamedTuple):
    """A run that is an operation's whose answer was lost. ``is_shown``: Azure still showed it when the machine was
    read last."""

    run_id: str
    status: str
    is_shown: int


class ReleaseInstall(NamedTuple):
    """An operating-system release that a run handled; ``kb`` is its title where it has none."""

    started_at: str
    kb: str
    state: str
    restart_status: str | None


class ReleaseDay(NamedTuple):
    """A day on which runs handled a release: on how many machines it was installed, or failed."""

    day: str
    kb: str
    failed: int
    machines: int


class RestartRecord(NamedTuple):
    """A restart. ``asked``: a line for each update that asks for one, KB and title; ``is_request``: this program asked
    for it."""

    at: str
    machine_id: int
    started_by: str | None
    asked: str | None
    is_request: int
    name: str
    sku: str | None
    os_name: str | None
    os_version: str | None


class RestartTotal(NamedTuple):
    """Restarts alike in updates and system, counted."""

    asked: str | None
    is_request: int
    sku: str | None
    os_name: str | None
    os_version: str | None
    restarts: int


class CallRow(NamedTuple):
    """A line of the audit log."""

    at: str
    connection: str
    account: str | None
    asked_by: str | None
    kind: str
    machine: str
    resource_id: str
    event: str
    body: str | None
    result: str
    code: str
    request_id: str
