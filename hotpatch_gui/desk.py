"""What is asked for, by the window or a command: into the queue at once, then word to the worker."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .domain.clock import Clock
from .domain.operations import OperationKind
from .domain.problems import Problem, ProblemKind
from .store.changes import Changes
from .store.database import store_problem
from .store.operations import Outbox
from .worker.thread import WorkerThread

if TYPE_CHECKING:
    from .domain.connections import Connection
    from .domain.installs import InstallRequest
    from .domain.settings import SettingsChange


class Next(NamedTuple):
    """What comes after a window that closed: Azure, a world of the demo, or the demo as it was."""

    story: str | None = None
    is_azure: bool = False


def _under_way(kind: OperationKind, machines: int) -> Problem:
    where = f"on {machines:,} of the machines" if machines > 1 else "on the machine"
    return Problem(
        ProblemKind.CONFLICT,
        f"“{kind.label}” is under way {where} already, so it was not asked for again.",
        "Activity shows it; one whose end is not known can be dismissed there.",
    )


class Desk:
    """What the window asks for: into the queue at once, then word to the worker."""

    def __init__(
        self, path: Path, thread: WorkerThread, clock: Clock, go_on: Callable[[Next], None],
        try_out: Callable[[Connection | None], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """``go_on`` ends this window for what comes next; ``try_out`` tries a connection to Azure while the demo
        stays, or with None gives that up."""
        self._path, self._thread, self._clock, self._go_on = path, thread, clock, go_on
        self._try_out = try_out
        self._outbox: Outbox | None = None

    def sync(self) -> None:
        self._thread.sync_requested.emit()

    def sync_every(self, minutes: int) -> None:
        self._thread.worker.sync_every_s = minutes * 60.0

    def read_releases_daily(self, address: str | None) -> None:
        self._thread.worker.release_feed = address
        self._thread.daily_releases_changed.emit()

    def update_releases(self, address: str) -> None:
        self._thread.releases_requested.emit(address)

    def import_releases(self, path: Path) -> None:
        self._thread.release_import_requested.emit(str(path))

    def read_machine(self, machine_id: int) -> None:
        self._thread.machine_requested.emit(machine_id)

    def save_connection(self, connection: Connection) -> None:
        self._thread.connection_saved.emit(connection)

    def connect(self, connection: Connection) -> None:
        self._try_out(connection)

    def stop_connecting(self) -> None:
        self._try_out(None)

    def show_demo(self) -> None:
        self._go_on(Next())

    def remove_connection(self, connection_id: int) -> None:
        self._thread.connection_removed.emit(connection_id)

    def sign_in(self, connection_id: int) -> None:
        self._thread.sign_in_requested.emit(connection_id)

    def sign_out(self, connection_id: int) -> None:
        self._thread.sign_out_requested.emit(connection_id)

    def assess(self, machine_ids: Sequence[int]) -> int:
        return self._queue(OperationKind.ASSESS, [(i, None) for i in machine_ids])

    def install(self, machine_ids: Sequence[int], request: InstallRequest) -> int:
        import json  # noqa: PLC0415

        from .azure.bodies import install_body  # noqa: PLC0415 - after the first paint

        body = json.dumps(install_body(request))
        return self._queue(OperationKind.INSTALL, [(i, body) for i in machine_ids])

    def restart(self, machine_ids: Sequence[int]) -> int:
        return self._queue(OperationKind.RESTART, [(i, None) for i in machine_ids])

    def change_settings(self, machine_ids: Sequence[int], change: SettingsChange) -> int:
        import json  # noqa: PLC0415

        from .azure.bodies import settings_body  # noqa: PLC0415 - after the first paint

        arcs = self._box().arc_servers(machine_ids)
        bodies = {
            is_arc: json.dumps(settings_body(change, is_arc=is_arc)) for is_arc in (False, True)
        }
        return self._queue(OperationKind.SETTINGS, [(i, bodies[i in arcs]) for i in machine_ids])

    def enrol(self, machine_ids: Sequence[int], *, on: bool) -> int:
        import json  # noqa: PLC0415

        from .azure.bodies import disenrol_body, enrol_body  # noqa: PLC0415 - after the first paint

        body = json.dumps(enrol_body() if on else disenrol_body())
        kind = OperationKind.ENROL if on else OperationKind.DISENROL
        return self._queue(kind, [(i, body) for i in self._box().arc_servers(machine_ids)])

    def cancel(self, operation_id: int) -> bool:
        return self._change(lambda box: box.cancel(operation_id, self._clock()))

    def wait_for_turn(self, operation_id: int) -> bool:
        done = self._change(lambda box: box.wait_for_turn(operation_id, self._clock()) is not None)
        self._thread.operations_queued.emit()
        return done

    def _change(self, change: Callable[[Outbox], bool]) -> bool:
        try:
            done = change(self._box())
        except sqlite3.Error as error:
            self._thread.worker.failed.emit(store_problem(error, self._path))
            return False
        self._thread.worker.changed.emit(Changes.to("operations"))
        return done

    def close(self) -> None:
        if self._outbox is not None:
            self._outbox.close()

    def _queue(self, kind: OperationKind, wanted: Sequence[tuple[int, str | None]]) -> int:
        """(machine id, request JSON) into the queue. A problem goes the way of the worker's own: into the window."""
        try:
            queued = len(self._box().queue(kind, wanted, self._clock()))
        except sqlite3.Error as error:
            self._thread.worker.failed.emit(store_problem(error, self._path))
            return 0
        self._thread.worker.changed.emit(Changes.to("operations"))
        self._thread.operations_queued.emit()
        if queued < len(wanted):
            self._thread.worker.failed.emit(_under_way(kind, len(wanted) - queued))
        return queued

    def _box(self) -> Outbox:
        if self._outbox is None:
            self._outbox = Outbox(self._path)
        return self._outbox
