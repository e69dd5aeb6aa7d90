"""The connections under way: each with its gateway, its calls and its jobs; none waits for another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.operations import Operation, OperationState
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.store import catalogue, connections, operations, queue
from hotpatch_gui.store.changes import Changes
from hotpatch_gui.store.release_book import ReleaseBook

from .events import Changed, Connected, Failed, Observer, Synced, SyncEnded
from .file import DataFile
from .in_thread import in_thread
from .jobs import Jobs
from .turns import Turns

if TYPE_CHECKING:
    from .context import Context

log = logging.getLogger(__name__)
RETRY_S = 15.0
SIGNED_OUT = Problem(
    ProblemKind.NOT_SIGNED_IN, "You signed out.", "What is shown is what was known last."
)


def _no_connection(name: str, error: Exception) -> Problem:
    return Problem(
        ProblemKind.REJECTED,
        f"The connection {name} could not be set up: {error}",
        "Change it in Settings › Connections.",
    )


class Connections:
    """Lives on the engine's loop.

    Args:
        transport: makes the transports of a cloud in this process; None for the network.
        only: the ids that are looked at; None for all.
        sends: whether what is queued is sent; what was sent is followed in any case.
        prompt: hears from any thread what the user has to do to sign in.
    """

    def __init__(
        self, file: DataFile, clock: CloudClock, releases: ReleaseBook, jobs: Jobs, observe: Observer, *,
        transport: Callable[[], Any] | None, only: frozenset[int] | None, sends: bool, sync_every_s: float,
        prompt: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._file, self._clock, self._releases, self._jobs = file, clock, releases, jobs
        self._observe, self._prompt = observe, prompt
        self._transport, self._only, self._sends = transport, only, sends
        self._sync_every_s = sync_every_s
        self._contexts: dict[int, Context] = {}
        self._syncing: set[int] = set()
        self._turns = Turns()
        self._periods: dict[int, asyncio.Event] = {}

    def changed(self, *tables: str) -> None:
        self._observe(Changed(Changes.to(*tables)))

    async def open_all(self) -> None:
        """Set up every connection of the file; one that cannot be says so where its sync would."""
        for connection in connections.read_all(self._file.db):
            if self._only is None or connection.id in self._only:
                await self._set_up(connection)
        self._observe(Connected(tuple(self._contexts)))

    async def _set_up(self, connection: Connection, *, begins: bool = True) -> None:
        from hotpatch_gui.azure.gateway import Gateway  # noqa: PLC0415 - 0.8 s, after the first frame

        from .calls import Calls  # noqa: PLC0415
        from .context import Context  # noqa: PLC0415

        try:
            gateway = await in_thread(
                lambda: Gateway(connection, self._clock, self._prompt, self._transport)
            )
        except (ValueError, OSError, ImportError) as error:
            log.warning("connection %s: %s", connection.id, error)
            async with self._file.transaction() as db:
                problem = _no_connection(connection.name, error)
                catalogue.sync_ended(db, connection.id, self._clock(), problem)
            self.changed("sync_state")
            self._observe(Synced(connection.id))
            return
        self._contexts[connection.id] = Context(
            self._file, gateway, Calls(gateway), self._clock, self._releases, self._jobs,
            lambda changes: self._observe(Changed(changes)), lambda problem: self._observe(Failed(problem)),
            self.follow, self._on_ended, self._turns,
        )  # fmt: skip
        self._periods[connection.id] = asyncio.Event()
        if begins:
            self.revive(connection.id)

    def revive(self, connection_id: int) -> None:
        """Begin the jobs that should run and do not."""
        self._jobs.add(f"{connection_id} periodic", lambda: self._periodic(connection_id))
        self.follow_open()

    def revive_all(self) -> None:
        for connection_id in self._contexts:
            self.revive(connection_id)

    def sync_every(self, seconds: float) -> None:
        self._sync_every_s = seconds
        for period in self._periods.values():
            period.set()

    def sync_all(self, *, whole: bool) -> None:
        for connection_id in self._contexts:
            self._sync(connection_id, whole=whole)

    def _sync(self, connection_id: int, *, whole: bool = False) -> None:
        self._jobs.add(
            f"{connection_id} sync",
            lambda: self._sync_one(self._contexts[connection_id], whole=whole),
        )

    async def _sync_one(self, context: Context, *, whole: bool) -> None:
        from .sync.fleet import sync_fleet  # noqa: PLC0415

        own = context.connection_id
        self._syncing.add(own)
        try:
            await sync_fleet(context, self._observe, whole=whole)
        finally:
            self._syncing.discard(own)
            self._observe(Synced(own))
            if not self._syncing:
                self._observe(SyncEnded())
            if own in self._periods:
                self._periods[own].set()

    async def _periodic(self, connection_id: int) -> None:
        """A sync at the start and every period; sooner where the last one met what passes by itself. Only a sign-in
        that asks for a person waits for one: the others are tried again."""
        period = self._periods[connection_id]
        while True:
            self._sync(connection_id)
            await self._jobs.finished(f"{connection_id} sync")
            period.clear()
            while (pause := self._pause_s(connection_id)) is not None:
                async with self._jobs.resting():
                    try:
                        await asyncio.wait_for(period.wait(), pause)
                    except TimeoutError:
                        break
                period.clear()
            if pause is None:
                async with self._jobs.resting():
                    await period.wait()  # until somebody has signed in, or asked for a sync

    def _pause_s(self, connection_id: int) -> float | None:
        """Until the next sync; None where only a person helps."""
        problem = self._last_problem(connection_id)
        if problem is None or not problem.passes:
            return self._sync_every_s
        if problem is not ProblemKind.NOT_SIGNED_IN:
            return min(RETRY_S, self._sync_every_s)
        asks = self._contexts[connection_id].gateway.connection.method.asks_user
        return None if asks else self._sync_every_s

    def _last_problem(self, connection_id: int) -> ProblemKind | None:
        states = catalogue.sync_states(self._file.db)
        kind = next((s.problem_kind for s in states if s.connection_id == connection_id), "")
        return ProblemKind(kind) if kind else None

    async def read_machine(self, resource_id: str) -> None:
        machine_id = self.machine_id(resource_id)
        context = self._context_of(machine_id) if machine_id is not None else None
        if context is None or machine_id is None:
            return
        from .sync.machine import read_chosen  # noqa: PLC0415

        name = f"{context.connection_id} machine {machine_id}"
        self._jobs.add(name, lambda: read_chosen(context, machine_id))

    def machine_id(self, resource_id: str) -> int | None:
        """The row of a machine in this file; None where it is not in it."""
        from hotpatch_gui.store import machines  # noqa: PLC0415 - after the first frame

        return machines.ids(self._file.db, [resource_id.lower()]).get(resource_id.lower())

    def _context_of(self, machine_id: int) -> Context | None:
        return self._contexts.get(connections.of_machine(self._file.db, machine_id) or 0)

    def follow_open(self) -> None:
        """Take up every operation that has not ended, as far as its turn has come."""
        waiting = set()
        for operation in operations.open_operations(self._file.db):
            if operation.state is OperationState.QUEUED and operation.batch_id is not None:
                waiting.add(operation.batch_id)
            else:
                self._follow(operation)
        for batch_id in waiting:
            self.follow(queue.next_of_batch(self._file.db, batch_id))

    def follow(self, operation_ids: Iterable[int]) -> None:
        """Begin these, which have just been queued or whose turn has come."""
        for operation_id in operation_ids:
            self._follow(operations.read(self._file.db, operation_id))

    def _follow(self, operation: Operation) -> None:
        from .operations.follow import follow  # noqa: PLC0415 - after the first frame

        context = self._context_of(operation.machine_id)
        waits = operation.state is OperationState.QUEUED and not self._sends
        if context is not None and not waits:
            name = f"{context.connection_id} operation {operation.id}"
            self._jobs.add(name, lambda: follow(context, operation.id))

    def _on_ended(self, operation: Operation) -> None:
        """Others that wait for it go on: on its machine, and in its batch."""
        self._turns.wake(operation.machine_id)
        batch_id = operation.batch_id
        if batch_id is not None:
            self._jobs.add(f"batch {batch_id} {operation.id}", lambda: self._go_on(batch_id))

    async def _go_on(self, batch_id: int) -> None:
        async with self._file.transaction() as db:
            stopped = queue.stop_batch(db, batch_id, self._clock())
        if stopped:
            self.changed("operations", "calls")
        self.follow(queue.next_of_batch(self._file.db, batch_id))

    def wake(self, operation: Operation) -> None:
        """Somebody cancelled or dismissed it."""
        self._on_ended(operation)

    async def save(self, connection: Connection) -> None:
        """Store where it leads. A new one, or one that leads elsewhere now, signs in first, and then is read."""
        is_new = not connection.id
        async with self._file.transaction() as db:
            stored = connections.read(db, connection.id) if connection.id else None
            if stored is not None:
                connection = connection._replace(may_act=stored.may_act)
            number = connections.save(db, connection)
            if is_new:
                connections.choose_subscriptions(db, number, connection.subscription_ids)
        context = self._contexts.get(number)
        now = self._stored(number)
        if context is not None and context.gateway.adopt(now):
            self._sync(number)
        else:
            async with self._file.transaction() as db:
                catalogue.forget_problem(db, number)
                catalogue.forget_reading(db, number)
            await self._let_go(number)
            await self._set_up(now, begins=not now.method.asks_user)
            if now.method.asks_user:
                self.sign_in(number)
        self.changed("connections", "subscriptions", "sync_state", "machines")

    def _stored(self, connection_id: int) -> Connection:
        stored = connections.read(self._file.db, connection_id)
        assert stored is not None, "it has just been written"
        return stored

    async def allow_actions(self, connection_id: int, *, may_act: bool) -> None:
        async with self._file.transaction() as db:
            connections.allow_actions(db, connection_id, may_act=may_act)
        self._adopt(connection_id)
        self.changed("connections", "machines")

    async def choose_subscriptions(self, connection_id: int, ids: tuple[str, ...]) -> None:
        async with self._file.transaction() as db:
            connections.choose_subscriptions(db, connection_id, ids)
            catalogue.forget_reading(db, connection_id)
        self._adopt(connection_id)
        self._jobs.end(f"{connection_id} sync")
        self._sync(connection_id)
        self.changed("connections", "subscriptions")

    def _adopt(self, connection_id: int) -> None:
        context = self._contexts.get(connection_id)
        if context is not None:
            context.gateway.adopt(self._stored(connection_id))

    async def remove(self, connection_id: int) -> None:
        """Forget it with what it ended, in one transaction; then the tokens, and only then is it let go."""
        async with self._file.transaction() as db:
            connections.remove(db, connection_id, self._clock())
        await self._forget_tokens(connection_id)
        await self._let_go(connection_id)
        self.changed(
            "connections",
            "subscriptions",
            "sync_state",
            "machines",
            "updates",
            "operations",
            "calls",
        )

    async def _forget_tokens(self, connection_id: int) -> None:
        context = self._contexts.get(connection_id)
        if context is not None:
            await in_thread(context.gateway.sign_out)

    def sign_in(self, connection_id: int) -> None:
        context = self._contexts.get(connection_id)
        if context is not None:
            self._jobs.add(f"{connection_id} sign-in", lambda: self._sign_in(context))

    async def _sign_in(self, context: Context) -> None:
        """Ask the user, then sync. A failure is said where the sync's problems are."""
        own, problem, account = context.connection_id, None, None
        try:
            account = await in_thread(context.gateway.sign_in, "sign-in")
        except ProblemError as error:
            problem = error.problem
        async with self._file.transaction() as db:
            if problem is not None:
                catalogue.sync_ended(db, own, self._clock(), problem)
            elif account is not None:
                connections.signed_in(db, own, account.name, account.record)
        self.changed("connections", "sync_state")
        if problem is not None:
            self._observe(Synced(own))
            return
        self._sync(own)
        self.revive(own)

    async def sign_out(self, connection_id: int) -> None:
        """Forget the tokens and who it was; what was read stays."""
        if connection_id not in self._contexts:
            return
        async with self._file.transaction() as db:
            connections.signed_in(db, connection_id, None, None)
            catalogue.sync_ended(db, connection_id, self._clock(), SIGNED_OUT)
        await self._forget_tokens(connection_id)
        await self._let_go(connection_id)
        now = self._stored(connection_id)
        await self._set_up(now, begins=not now.method.asks_user)
        self.changed("connections", "sync_state")

    async def _let_go(self, connection_id: int) -> None:
        """End the connection's jobs; operations under way are taken up again where there is another gateway."""
        self._jobs.end(f"{connection_id} ")
        self._syncing.discard(connection_id)
        self._periods.pop(connection_id, None)
        context = self._contexts.pop(connection_id, None)
        if context is not None:
            self._close_one(context)

    def _close_one(self, context: Context) -> None:
        context.lists.close()
        context.calls.close()
        context.gateway.close()

    def close(self) -> None:
        for context in self._contexts.values():
            self._close_one(context)
        self._contexts.clear()
