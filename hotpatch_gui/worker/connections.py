"""Connections in use, each with its gateway, calls and jobs; none waits for another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.problems import Problem, ProblemKind
from hotpatch_gui.store import connections, sync_state
from hotpatch_gui.store.release_book import CalendarCache
from hotpatch_gui.translation import translator

from .deployments import Deployments
from .events import Changed, Connected, Failed, Observer, Synced
from .file import DataFile
from .in_thread import in_thread
from .jobs import Jobs
from .operation_scheduler import OperationScheduler, SendPolicy
from .periodic import Periodic
from .schedule_changes import ScheduleChanges

if TYPE_CHECKING:
    from hotpatch_gui.azure.gateway import Gateway
    from hotpatch_gui.azure.throttle import Throttles

    from .context import Context

tr = translator("ConnectionsWorker")

log = logging.getLogger(__name__)
SET_UP_S = 30.0
"""How long to wait for one connection's setup before reporting the others."""


def setup_hangs() -> Problem:
    """A setup that doesn't end."""
    return Problem(
        ProblemKind.REJECTED,
        tr("The connection isn't ready yet."),
        tr("The platform's key store or the certificate's drive may be waiting for your input."),
    )


def _no_connection(name: str, error: Exception) -> Problem:
    return Problem(
        ProblemKind.REJECTED,
        tr("The connection {name} couldn't be set up: {error}", name=name, error=error),
        tr("Change it in Settings › Connections."),
    )


class Connections:
    """Sets up connections. Lives on the engine's loop.

    Args:
        transport: creates a cloud's transports in this process; None for the network.
        only: the IDs to use; None for all.
        sends: which queued operations are sent.
        prompt: receives what the user must do to sign in, on any thread.
    """

    def __init__(
        self,
        file: DataFile,
        clock: CloudClock,
        releases: CalendarCache,
        jobs: Jobs,
        observe: Observer,
        *,
        transport: Callable[[], Any] | None,
        only: frozenset[int] | None,
        sends: SendPolicy,
        sync_every_s: float,
        prompt: Callable[[str], None],
    ) -> None:
        self._file, self._clock, self._releases, self._jobs = file, clock, releases, jobs
        self._observe, self._prompt = observe, prompt
        self._transport, self._only = transport, only
        self.contexts: dict[int, Context] = {}
        self._throttles: dict[int, Throttles] = {}
        self._active: set[int] = set()
        """Connections with running jobs; others wait for a sign-in."""
        self.periodic = Periodic(file, jobs, self.contexts, observe, sync_every_s)
        self.scheduler = OperationScheduler(
            file, clock, jobs, self.contexts, self.changed, sends=sends
        )
        self.schedule_changes = ScheduleChanges(
            file, clock, jobs, self.contexts, observe, sends=sends
        )
        self.deployments = Deployments(
            file, clock, jobs, self.contexts, observe, sync=self.periodic.sync
        )

    def changed(self, *tables: str) -> None:
        """Report written tables."""
        self._observe(Changed(ChangedTables.of(*tables)))

    async def open_all(self) -> None:
        """Set up every stored connection in parallel. One that fails reports it where its sync would."""
        wanted = [
            c
            for c in connections.read_all(self._file.db)
            if (self._only is None or c.id in self._only)
            and c.id not in self.contexts
            and not self._jobs.has(tokens_job(c.id))
        ]
        for connection in wanted:
            self.start_set_up(connection)
        self._jobs.add("connected", lambda: self._report_connected([c.id for c in wanted]))

    async def _report_connected(self, ids: list[int]) -> None:
        """Report when each is set up or has taken too long."""
        await self._jobs.wait_for_all([f"{i} set-up" for i in ids], SET_UP_S)
        self._observe(Connected(tuple(self.contexts)))

    def start_set_up(self, connection: Connection, *, start_jobs: bool = True) -> None:
        """Set up a connection in a job, so that a hanging sign-in delays nothing else."""
        self._jobs.add(
            f"{connection.id} set-up", lambda: self.set_up(connection, start_jobs=start_jobs)
        )

    async def set_up(self, connection: Connection, *, start_jobs: bool = True) -> None:
        """Create the connection's gateway, then start its jobs if ``start_jobs``."""
        from hotpatch_gui.azure.gateway import Gateway  # noqa: PLC0415 - 0.8 s, after the first paint
        from hotpatch_gui.azure.throttle import Throttles  # noqa: PLC0415 - after the first paint

        from .calls import Calls  # noqa: PLC0415 - after the first paint
        from .context import Context  # noqa: PLC0415 - after the first paint
        from .sync.machine import read_results  # noqa: PLC0415 - after the first paint

        gateway: Gateway | None = None
        while gateway is None or not gateway.apply_connection(connection):
            if gateway is not None:
                gateway.close()
            try:
                throttles = self._throttles.setdefault(connection.id, Throttles.begin())
                gateway = await self._gateway(
                    connection.id,
                    partial(
                        Gateway, connection, self._clock, self._prompt, self._transport, throttles
                    ),
                )
            except Exception as error:  # noqa: BLE001 - one failure doesn't affect others
                log.warning("connection %s: %s", connection.id, error)
                problem = _no_connection(connection.name, error)
                later = partial(self._set_up_later, connection.id)
                self._jobs.add(f"{connection.id} set-up, later", later)
                await self._report(connection.id, problem)
                return
            # it may have changed or been removed in the meantime
            stored = connections.read(self._file.db, connection.id)
            if stored is None or connection.id in self.contexts:
                gateway.close()
                return
            connection = stored
        self.contexts[connection.id] = Context(
            self._file,
            gateway,
            Calls(gateway),
            self._clock,
            self._releases,
            self._jobs,
            lambda changes: self._observe(Changed(changes)),
            lambda problem: self._observe(Failed(problem)),
            self.scheduler.start,
            self.scheduler.wake,
            self.scheduler.turns,
            self.scheduler.expire_after_sleep,
            read_results,
        )
        if start_jobs:
            self.start_missing_jobs(connection.id)

    async def _set_up_later(self, connection_id: int) -> None:
        """Try again later, for example when a drive with a certificate is back."""
        await self._jobs.wait_for(f"{connection_id} set-up")  # which reports the failure
        await self._jobs.rest(self.periodic.every_s)
        stored = connections.read(self._file.db, connection_id)
        if stored is not None and connection_id not in self.contexts:
            self.start_set_up(stored)

    async def _gateway(self, connection_id: int, make: Callable[[], Gateway]) -> Gateway:
        """Create a gateway, and report if that hangs. One that isn't needed anymore is closed."""
        making = self._jobs.keep("gateway", in_thread(make))
        try:
            _, hanging = await asyncio.wait({making}, timeout=SET_UP_S)
            if hanging:
                await self._report(connection_id, setup_hangs())
            made = await asyncio.shield(making)
            if hanging:
                async with self._file.transaction() as db:
                    sync_state.forget_problem(db, connection_id)
                self.changed("sync_state")
        except BaseException:
            making.add_done_callback(_close_unused)
            raise
        return made

    async def wait_for_tokens(self, connection_id: int) -> None:
        """Wait until the connection's earlier tokens are deleted, and report when that hangs."""
        await self._jobs.wait_for_all([tokens_job(connection_id)], SET_UP_S)
        if self._jobs.has(tokens_job(connection_id)):
            await self._report(connection_id, setup_hangs())
            await self._jobs.wait_for(tokens_job(connection_id))

    async def _report(self, connection_id: int, problem: Problem) -> None:
        """Store why a connection isn't set up, as a sync's problem."""
        await store_failure(self._file, self._clock, [connection_id], problem)
        self.changed("sync_state")
        self._observe(Synced(connection_id))

    def start_missing_jobs(self, connection_id: int) -> None:
        """Start the connection's jobs that aren't running."""
        self._active.add(connection_id)
        self.periodic.begin(connection_id)
        self.scheduler.resume(connection_id)
        self.schedule_changes.resume(connection_id)
        self.deployments.resume(connection_id)

    def restart_jobs(self) -> None:
        """Like ``start_missing_jobs`` for all connections, except those that wait for a sign-in."""
        for connection_id in self._active & set(self.contexts):
            self.start_missing_jobs(connection_id)

    async def read_machine(self, resource_id: str) -> None:
        """Start to read one machine completely."""
        machine_id = self.machine_id(resource_id)
        if machine_id is None:
            return
        connection_id = connections.of_machine(self._file.db, machine_id) or 0
        context = self.contexts.get(connection_id)
        if context is None:
            return
        from .sync.machine import read_selected_machine  # noqa: PLC0415 - after the first paint

        name = f"{context.connection_id} machine {machine_id}"
        self._jobs.add(name, lambda: read_selected_machine(context, machine_id))

    def machine_id(self, resource_id: str) -> int | None:
        """The row ID of a machine; None if it isn't in the file."""
        from hotpatch_gui.store import machines  # noqa: PLC0415 - after the first paint

        return machines.ids(self._file.db, [resource_id.lower()]).get(resource_id.lower())

    def stored(self, connection_id: int) -> Connection:
        """The connection as stored; its row must exist."""
        stored = connections.read(self._file.db, connection_id)
        assert stored is not None, "it has just been written"
        return stored

    def apply_connection(self, connection_id: int) -> None:
        """Apply stored changes to the gateway."""
        context = self.contexts.get(connection_id)
        if context is not None:
            context.gateway.apply_connection(self.stored(connection_id))

    def restore(self, connection_id: int, context: Context | None) -> None:
        """Set up the connection again, because its change couldn't be stored."""
        self.close_later(connection_id, context)
        stored = connections.read(self._file.db, connection_id)
        if stored is not None:
            self.start_set_up(stored)

    async def detach(self, connection_id: int) -> Context | None:
        """End the connection's jobs. Operations are resumed with the next gateway; returns its context, None if it wasn't set up."""
        context = self.contexts.pop(connection_id, None)
        await self._jobs.end(f"{connection_id} ")
        self.scheduler.record_stop(connection_id)
        self._active.discard(connection_id)
        self.periodic.forget(connection_id)
        return context

    def close_later(self, connection_id: int, context: Context | None) -> None:
        """Close the gateway when sent requests are answered, or after KEPT_S."""
        if context is not None:
            self._jobs.keep(f"closing {connection_id}", self._close(connection_id, context))

    async def _close(self, connection_id: int, context: Context) -> None:
        await self._jobs.wait_for_kept(f"{connection_id} ")
        context.close()

    def close(self) -> None:
        """Close all gateways, without waiting for their requests."""
        for context in self.contexts.values():
            context.close()
        self.contexts.clear()


def tokens_job(connection_id: int) -> str:
    """The name of the job that deletes a connection's tokens."""
    return f"tokens of {connection_id}"


async def store_failure(
    file: DataFile, clock: CloudClock, ids: Iterable[int], problem: Problem
) -> None:
    """Store why these connections aren't set up, as problems of their syncs.

    Raises:
        ProblemError, sqlite3.Error: see ``DataFile.transaction``.
    """
    async with file.transaction() as db:
        for connection_id in ids:
            sync_state.sync_ended(db, connection_id, clock(), problem)


def _close_unused(making: asyncio.Task[Gateway]) -> None:
    if not making.cancelled() and making.exception() is None:
        making.result().close()
