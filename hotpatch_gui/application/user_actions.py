"""User actions as commands for the engine."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.schedule_changes import (
    ChangeKind,
    ScheduleChange,
    assignment_id,
    distinct_name,
)
from hotpatch_gui.domain.waves import AT_ONCE, Waves
from hotpatch_gui.store import operations
from hotpatch_gui.store.database import store_problem
from hotpatch_gui.worker import commands
from hotpatch_gui.worker.commands import Command

if TYPE_CHECKING:
    from hotpatch_gui.domain.connections import Connection
    from hotpatch_gui.domain.deployments import Deployment
    from hotpatch_gui.domain.installs import InstallRequest
    from hotpatch_gui.domain.problems import Problem
    from hotpatch_gui.domain.schedules import Schedule, Scope
    from hotpatch_gui.domain.settings import SettingsChange
    from hotpatch_gui.store.schedule_changes import StoredChange


T = TypeVar("T")


def _free_id(below: str, name: str, schedule: str, taken: frozenset[str]) -> str:
    """The ID of an assignment: by this name, or by a distinct one if another schedule's assignment uses it."""
    usual = assignment_id(below, name)
    return assignment_id(below, distinct_name(name, schedule)) if usual.lower() in taken else usual


def _deletions(assigned: Sequence[tuple[str, str, bool]]) -> list[ScheduleChange]:
    """The deletions of assignments, those of one kind together."""
    kinds = {False: ChangeKind.UNASSIGN, True: ChangeKind.DELETE_SCOPE}
    ordered = sorted(assigned, key=lambda one: one[2])
    return [ScheduleChange(kinds[is_scope], known, name) for known, name, is_scope in ordered]


class NextSession(NamedTuple):
    """The session after this one: Azure, a scenario of the demo, or the demo as it was."""

    scenario: str | None = None
    is_azure: bool = False


class EngineUserActions:
    """Sends what the user did to the engine as commands. Methods return at once; results appear in the file and in events.
    The methods are documented in ``views/protocols.py``.

    Args:
        send: passes a command to the engine.
        path: the file.
        reader: returns the caller's SQLite connection, from which resource IDs are read.
        fail: receives why a request couldn't be made.
        continue_with: closes this window and starts the next session.
        start_trial: tries a connection next to the demo, or stops with None.
    """

    def __init__(
        self,
        send: Callable[[Command], None],
        path: Path,
        reader: Callable[[], sqlite3.Connection | None],
        fail: Callable[[Problem], None],
        *,
        clock: Clock,
        continue_with: Callable[[NextSession], None] = lambda _: None,
        start_trial: Callable[[Connection | None], None] = lambda _: None,
    ) -> None:
        self._send, self._path, self._reader, self._fail = send, path, reader, fail
        self._clock, self._continue_with, self._start_trial = clock, continue_with, start_trial

    def sync(self, *, full: bool = False) -> None:
        self._send(commands.Sync(full))

    def sync_every(self, minutes: float) -> None:
        self._send(commands.SyncEvery(minutes * 60.0))

    def read_releases_daily(self, address: str | None) -> None:
        self._send(commands.ReadReleasesDaily(address))

    def update_releases(self, address: str) -> None:
        self._send(commands.UpdateReleases(address))

    def import_releases(self, path: Path) -> None:
        self._send(commands.ImportReleases(path))

    def read_machine(self, machine_id: int) -> None:
        for resource_id, _ in (self._resource_ids([machine_id]) or {}).values():
            self._send(commands.ReadMachine(resource_id))

    def save_connection(self, connection: Connection) -> None:
        self._send(commands.SaveConnection(connection))

    def rename_connection(self, connection_id: int, name: str) -> None:
        self._send(commands.Rename(connection_id, name))

    def allow_changes(self, connection_id: int, *, changes_allowed: bool) -> None:
        self._send(commands.SetChangesAllowed(connection_id, changes_allowed))

    def choose_subscriptions(self, connection_id: int, subscription_ids: Sequence[str]) -> None:
        self._send(commands.ChooseSubscriptions(connection_id, tuple(subscription_ids)))

    def connect(self, connection: Connection) -> None:
        self._start_trial(connection)

    def stop_connecting(self) -> None:
        self._start_trial(None)

    def show_demo(self) -> None:
        self._continue_with(NextSession())

    def remove_connection(self, connection_id: int) -> None:
        self._send(commands.RemoveConnection(connection_id))

    def sign_in(self, connection_id: int) -> None:
        self._send(commands.SignIn(connection_id))

    def sign_out(self, connection_id: int) -> None:
        self._send(commands.SignOut(connection_id))

    def assess(self, machine_ids: Sequence[int]) -> None:
        self._act(OperationKind.ASSESS, machine_ids, lambda _: None)

    def install(
        self,
        machine_ids: Sequence[int],
        request: InstallRequest,
        waves: Waves = AT_ONCE,
        groups: Sequence[str] = (),
    ) -> None:
        from hotpatch_gui.azure.bodies import install_body  # noqa: PLC0415 - after the first paint

        body = json.dumps(install_body(request))
        self._act(OperationKind.INSTALL, machine_ids, lambda _: body, waves, groups)

    def restart(self, machine_ids: Sequence[int]) -> None:
        self._act(OperationKind.RESTART, machine_ids, lambda _: None)

    def start(self, machine_ids: Sequence[int]) -> None:
        self._act(OperationKind.START, machine_ids, lambda _: None)

    def change_settings(
        self,
        machine_ids: Sequence[int],
        change: SettingsChange,
        waves: Waves = AT_ONCE,
        groups: Sequence[str] = (),
    ) -> None:
        from hotpatch_gui.azure.bodies import settings_body  # noqa: PLC0415 - after the first paint

        bodies = [json.dumps(settings_body(change, is_arc=is_arc)) for is_arc in (False, True)]
        self._act(OperationKind.SETTINGS, machine_ids, lambda is_arc: bodies[is_arc], waves, groups)

    def enroll(
        self,
        machine_ids: Sequence[int],
        *,
        on: bool,
        waves: Waves = AT_ONCE,
        groups: Sequence[str] = (),
    ) -> None:
        from hotpatch_gui.azure.bodies import (  # noqa: PLC0415 - after the first paint
            enroll_body,
            unenroll_body,
        )

        body = json.dumps(enroll_body() if on else unenroll_body())
        kind = OperationKind.ENROLL if on else OperationKind.UNENROLL
        known = self._resource_ids(machine_ids) or {}
        arcs = [i for i in machine_ids if i in known and known[i][1]]
        names = dict(zip(machine_ids, groups, strict=True)) if groups else {}
        self._act(kind, arcs, lambda _: body, waves, [names[i] for i in arcs] if names else ())

    def save_schedule(
        self, connection_id: int, resource_id: str, schedule: Schedule, *, is_new: bool
    ) -> None:
        from hotpatch_gui.azure.bodies import schedule_body  # noqa: PLC0415 - after the first paint

        body = json.dumps(schedule_body(schedule, schedule.location))
        kind = ChangeKind.CREATE if is_new else ChangeKind.SAVE
        change = ScheduleChange(kind, resource_id, schedule.name, body)
        self._send(commands.ChangeSchedules(connection_id, (change,)))

    def exclude_update(
        self, connection_id: int, schedules: Sequence[tuple[str, str]], kb: str
    ) -> None:
        body = json.dumps({"kb": kb})
        changes = tuple(
            ScheduleChange(ChangeKind.EXCLUDE, resource_id, f"{name} ({kb})", body)
            for resource_id, name in schedules
        )
        self._send(commands.ChangeSchedules(connection_id, changes))

    def check_deployment(self, connection_id: int, deployment: Deployment, password: str) -> None:
        self._send(commands.CheckDeployment(connection_id, deployment, password))

    def deploy(self, connection_id: int, deployment: Deployment, password: str) -> None:
        self._send(commands.Deploy(connection_id, deployment, password))

    def cancel_changes(self, change_ids: Sequence[int] | None = None) -> None:
        ids = None if change_ids is None else tuple(change_ids)
        self._send(commands.CancelChanges(ids))

    def dismiss_changes(self) -> None:
        self._send(commands.DismissChanges())

    def read_schedule_file(self, path: Path) -> tuple[Schedule | None, str]:
        from hotpatch_gui.azure.schedule_files import ScheduleFileError, read_file  # noqa: PLC0415 - only for files

        try:
            return read_file(path), ""
        except ScheduleFileError as error:
            return None, str(error)

    def write_schedule_file(self, path: Path, schedule: Schedule) -> str:
        from hotpatch_gui.azure.schedule_files import ScheduleFileError, write_file  # noqa: PLC0415 - only for files

        try:
            write_file(path, schedule)
        except ScheduleFileError as error:
            return str(error)
        return ""

    def delete_schedule(self, connection_id: int, resource_id: str, name: str) -> None:
        """Its assignments are deleted first, including requested ones, or they would stay without a schedule."""
        from hotpatch_gui.store import schedules  # noqa: PLC0415 - after the first paint

        of = resource_id.lower()
        assigned = self._read(lambda db: schedules.assignments_of(db, of))
        if assigned is not None:
            known = {azure_id.lower() for azure_id, *_ in assigned}
            requested = [
                (
                    row.change.resource_id,
                    row.change.subject,
                    row.change.kind is ChangeKind.SAVE_SCOPE,
                )
                for row in self._assigning(connection_id)
                if row.change.builds_on == of and row.target not in known
            ]
            changes = _deletions([*assigned, *requested])
            changes.append(ScheduleChange(ChangeKind.DELETE, resource_id, name))
            self._send(commands.ChangeSchedules(connection_id, tuple(changes)))

    def assign_machines(
        self, connection_id: int, resource_id: str, name: str, machine_ids: Sequence[int]
    ) -> None:
        from hotpatch_gui.azure.bodies import assignment_body  # noqa: PLC0415 - after the first paint
        from hotpatch_gui.store import schedules  # noqa: PLC0415 - after the first paint

        found = self._read(lambda db: schedules.targets(db, machine_ids)) or []
        taken = self._taken(connection_id, resource_id)
        changes = tuple(
            ScheduleChange(
                ChangeKind.ASSIGN,
                _free_id(machine, name, resource_id, taken),
                machine_name,
                json.dumps(assignment_body(resource_id, machine, location)),
            )
            for machine, machine_name, location in found
        )
        if changes:
            self._send(commands.ChangeSchedules(connection_id, changes))

    def remove_machines(
        self, connection_id: int, resource_id: str, machine_ids: Sequence[int]
    ) -> None:
        from hotpatch_gui.store import schedules  # noqa: PLC0415 - after the first paint

        of, ids = resource_id.lower(), machine_ids
        assigned = self._read(lambda db: schedules.assignments_of(db, of, ids))
        if assigned:
            changes = tuple(_deletions(assigned))
            self._send(commands.ChangeSchedules(connection_id, changes))

    def save_scope(self, connection_id: int, scope: Scope) -> None:
        from hotpatch_gui.azure.bodies import scope_body  # noqa: PLC0415 - after the first paint

        taken = self._taken(connection_id, scope.schedule_id)
        known = scope.azure_id or _free_id(scope.below, scope.name, scope.schedule_id, taken)
        change = ScheduleChange(
            ChangeKind.SAVE_SCOPE, known, scope.name, json.dumps(scope_body(scope))
        )
        self._send(commands.ChangeSchedules(connection_id, (change,)))

    def delete_scope(self, connection_id: int, scope: Scope) -> None:
        change = ScheduleChange(ChangeKind.DELETE_SCOPE, scope.azure_id, scope.name)
        self._send(commands.ChangeSchedules(connection_id, (change,)))

    def _taken(self, connection_id: int, resource_id: str) -> frozenset[str]:
        """IDs of assignments to other schedules, including requested ones, which an assignment to this one must not replace."""
        from hotpatch_gui.store import schedules  # noqa: PLC0415 - after the first paint

        of = resource_id.lower()
        taken = self._read(lambda db: schedules.assigned_to_others(db, resource_id)) or frozenset()
        requested = self._assigning(connection_id)
        return taken | {row.target for row in requested if row.change.builds_on != of}

    def _assigning(self, connection_id: int) -> list[StoredChange]:
        """The assignments that are being made, or are so recent that Resource Graph may not show them."""
        from hotpatch_gui.store import schedule_changes  # noqa: PLC0415 - after the first paint

        now = self._clock()
        return self._read(lambda db: schedule_changes.assigning(db, connection_id, now)) or []

    def cancel(self, operation_ids: Iterable[int]) -> None:
        self._send_for_operations(commands.Cancel, operation_ids)

    def dismiss(self, operation_ids: Iterable[int]) -> None:
        self._send_for_operations(commands.Dismiss, operation_ids)

    def wait_for_turn(self, operation_ids: Iterable[int]) -> None:
        self._send_for_operations(commands.WaitForTurn, operation_ids)

    def _send_for_operations(
        self, make: Callable[[tuple[tuple[int, str], ...]], Command], operation_ids: Iterable[int]
    ) -> None:
        named = self._read(lambda db: operations.resource_ids(db, operation_ids))
        if named:
            self._send(make(named))

    def _act(
        self,
        kind: OperationKind,
        machine_ids: Sequence[int],
        body: Callable[[bool], str | None],
        waves: Waves = AT_ONCE,
        groups: Sequence[str] = (),
    ) -> None:
        names = self._resource_ids(machine_ids)
        if names is None:
            return
        found = [i for i in machine_ids if i in names]
        requests = tuple((names[i][0], body(names[i][1])) for i in found)
        by_id = dict(zip(machine_ids, groups, strict=True)) if groups else {}
        if requests:
            ordered = tuple(by_id[i] for i in found) if by_id else ()
            self._send(commands.Act(kind, requests, waves, ordered))
        if len(found) < len(machine_ids):
            from hotpatch_gui.worker.operation_queue import missing_machines  # noqa: PLC0415 - rarely needed

            self._fail(missing_machines(len(machine_ids) - len(found)))

    def _resource_ids(self, machine_ids: Sequence[int]) -> dict[int, tuple[str, bool]] | None:
        """(Resource ID, whether it is Arc-enabled) by row ID, of existing machines; None if the file can't be read."""
        from hotpatch_gui.store import machines  # noqa: PLC0415 - after the first paint

        return self._read(lambda db: machines.arm_ids(db, machine_ids))

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T | None:
        """The query's result; None if the file can't be read, which is reported."""
        db = self._reader()
        if db is None:
            return None
        try:
            return query(db)
        except sqlite3.Error as error:
            self._fail(store_problem(error, self._path))
        return None
