"""Rows of updates, installation runs, restarts and the audit log, which the first paint doesn't need."""

from typing import NamedTuple


class UpdateRow(NamedTuple):
    """An update that a machine's last assessment offers."""

    name: str
    kb: str | None
    classification: str
    severity: str | None
    restart: str
    published_at: str | None
    machine_name: str
    release_kind: str | None
    machine_kind: str
    patch_mode: str | None
    bypass_safety_checks: int | None


class KbRow(NamedTuple):
    """An update across the fleet: how many machines miss it, how many of those are running, and on how many it was installed or
    failed by the last run with it.

    ``severity`` is the highest that an assessment reported; ``products`` are those of the machines, separated by commas.
    """

    name: str
    kb: str | None
    classification: str
    severity: str | None
    restart: str
    published_at: str | None
    machines: int
    running: int
    products: str | None
    release_kind: str | None
    installed: int
    failed: int


class KbMachineRow(NamedTuple):
    """A machine on which an update is missing, or whose runs installed it or failed to.

    Attributes:
        id: the machine's row ID.
        is_missing: whether the last assessment offers the update.
        state: ``Installed`` or ``Failed`` by the last run with the update, which began at ``run_at``; None without one.
        error: the last error of that run.
        is_installing: whether an installation on the machine is queued, in progress or of unknown result; its updates show when it
            ends.
        has_unknown: whether the result of one isn't known.
    """

    id: int
    name: str
    resource_group: str
    tags: str
    power: str
    hotpatch_status: str
    is_missing: int
    state: str | None
    run_at: str | None
    error: str | None
    is_installing: int
    has_unknown: int


class InstallationRunRow(NamedTuple):
    """An installation run.

    Attributes:
        discrepancies: those with the next assessment, encoded by ``verify.encode``; None if it wasn't compared yet, empty
            if there are none.
        error: its last error.
    """

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
    discrepancies: str | None
    machine_name: str
    machine_id: int
    error_code: str | None
    error: str | None


class RunUpdateRow(NamedTuple):
    """The result of one update in a run; ``state`` is Azure's, such as ``Installed`` or ``Failed``."""

    name: str
    kb: str | None
    classification: str
    state: str
    restart: str | None


class RunErrorRow(NamedTuple):
    """An error of a run; ``code`` is Azure's or an HRESULT, as reported."""

    code: str
    message: str


class FailureRow(NamedTuple):
    """An error with its run."""

    started_at: str
    run_id: str
    code: str
    message: str


class LostRunRow(NamedTuple):
    """The run of an operation whose response was lost.

    ``is_shown``: Azure still showed it when the machine was last read.
    """

    run_id: str
    status: str
    installed: int | None
    failed: int | None
    is_shown: int


class ReleaseInstall(NamedTuple):
    """A release of the operating system in a run; ``kb`` is its title if it has none."""

    started_at: str
    kb: str
    state: str
    restart_status: str | None


class ReleaseDay(NamedTuple):
    """A day on which a release was installed on machines, or failed on them if ``failed``."""

    day: str
    kb: str
    failed: int
    machines: int


class RestartRecord(NamedTuple):
    """A restart.

    ``required_by``: one line per update that requires it, with KB and title. ``is_request``: this program requested it.
    """

    at: str
    machine_id: int
    started_by: str | None
    required_by: str | None
    is_request: int
    name: str
    sku: str | None
    os_name: str | None
    os_version: str | None


class RestartTotal(NamedTuple):
    """The number of restarts with the same updates and system."""

    required_by: str | None
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
    requested_by: str | None
    kind: str
    machine: str
    resource_id: str
    event: str
    body: str | None
    result: str
    code: str
    request_id: str


class ActionRow(NamedTuple):
    """An action: the operations of one click or command. ``machine_name`` is the first one's.

    ``ended_at`` is when the last operation ended; None while one is open.
    """

    id: int
    kind: str
    machine_name: str
    created_at: str
    requested_by: str | None
    total: int
    succeeded: int
    failed: int
    unknown: int
    canceled: int
    ended_at: str | None

    @property
    def ended(self) -> int:
        """The operations that have a result, or whose result isn't known."""
        return self.succeeded + self.failed + self.unknown + self.canceled
