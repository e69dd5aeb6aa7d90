"""The connections under way: each with its gateway, its calls and its jobs; none waits for another."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from hotpatch_gui.domain.changes import Changes
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.store import catalogue, connections, queue
from hotpatch_gui.store.release_book import ReleaseBook

from .carrying import Carrying
from .events import Changed, Connected, Failed, Observer, Synced, SyncEnded
from .file import DataFile
from .in_thread import in_thread
from .jobs import Jobs

if TYPE_CHECKING:
    from hotpatch_gui.azure.gateway import Gateway

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
        self._transport, self._only = transport, only
        self._sync_every_s = sync_every_s
        self._contexts: dict[int, Context] = {}
        self._syncing: set[int] = set()
        self._begun: set[int] = set()
        """Those whose jobs run; the others wait for somebody to sign in."""
        self._stumbled: set[int] = set()
        """Those whose last sync the file did not let come to its end."""
        self._whole_next: set[int] = set()
        self.carrying = Carrying(file, clock, jobs, self._contexts, self.changed, sends=sends)
        self._periods: dict[int, asyncio.Event] = {}

    def changed(self, *tables: str) -> None:
        self._observe(Changed(Changes.to(*tables)))

    async def open_all(self) -> None:
        """Set up every connection of the file that is not, each on its own: one that hangs keeps no other waiting, and
        one that cannot be set up says so where its sync would."""
        wanted = [
            c
            for c in connections.read_all(self._file.db)
            if (self._only is None or c.id in self._only)
            and c.id not in self._contexts
            and not self._jobs.has(_tokens(c.id))
        ]
        for connection in wanted:
            self._begin_set_up(connection)
        self._jobs.add("connected", lambda: self._tell_connected([c.id for c in wanted]))

    async def _tell_connected(self, ids: list[int]) -> None:
        for connection_id in ids:
            await self._jobs.finished(f"{connection_id} set-up")
        self._observe(Connected(tuple(self._contexts)))

    def _begin_set_up(self, connection: Connection, *, begins: bool = True) -> None:
        self._jobs.add(f"{connection.id} set-up", lambda: self._set_up(connection, begins=begins))

    async def _set_up(self, connection: Connection, *, begins: bool = True) -> None:
        from hotpatch_gui.azure.gateway import Gateway  # noqa: PLC0415 - 0.8 s, after the first frame

        from .calls import Calls  # noqa: PLC0415
        from .context import Context  # noqa: PLC0415
        from .sync.machine import read_lists  # noqa: PLC0415

        gateway: Gateway | None = None
        while gateway is None or not gateway.adopt(connection):
            try:
                gateway = await in_thread(
                    partial(Gateway, connection, self._clock, self._prompt, self._transport)
                )
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one, the others go on
                await self._say_no_connection(connection, error)
                return
            # it may have been changed or removed while the SDKs and the platform's store took their time
            stored = connections.read(self._file.db, connection.id)
            if stored is None or connection.id in self._contexts:
                gateway.close()
                return
            connection = stored
        self._contexts[connection.id] = Context(
            self._file, gateway, Calls(gateway), self._clock, self._releases, self._jobs,
            lambda changes: self._observe(Changed(changes)), lambda problem: self._observe(Failed(problem)),
            self.carrying.follow, self.carrying.wake, self.carrying.turns, read_lists,
        )  # fmt: skip
        self._periods[connection.id] = asyncio.Event()
        if begins:
            self.revive(connection.id)

    async def _say_no_connection(self, connection: Connection, error: Exception) -> None:
        log.warning("connection %s: %s", connection.id, error)
        async with self._file.transaction() as db:
            problem = _no_connection(connection.name, error)
            catalogue.sync_ended(db, connection.id, self._clock(), problem)
        self.changed("sync_state")
        self._observe(Synced(connection.id))

    def revive(self, connection_id: int) -> None:
        """Begin the jobs that should run and do not."""
        self._begun.add(connection_id)
        self._jobs.add(f"{connection_id} periodic", lambda: self._periodic(connection_id))
        self.carrying.take_up(connection_id)

    def revive_all(self) -> None:
        """Those that somebody has to sign in to first stay as they are."""
        for connection_id in self._begun & set(self._contexts):
            self.revive(connection_id)

    def sync_every(self, seconds: float) -> None:
        self._sync_every_s = seconds
        for period in self._periods.values():
            period.set()

    def sync_all(self, *, whole: bool) -> None:
        for connection_id in self._contexts:
            self._sync(connection_id, whole=whole)

    def _sync(self, connection_id: int, *, whole: bool = False) -> None:
        """One at a time; everything is read once more where that was asked for meanwhile."""
        context = self._contexts[connection_id]
        begun = self._jobs.add(
            f"{connection_id} sync", lambda: self._sync_one(context, whole=whole)
        )
        if whole and not begun:
            self._whole_next.add(connection_id)

    async def _sync_one(self, context: Context, *, whole: bool) -> None:
        from .sync.fleet import sync_fleet  # noqa: PLC0415

        own = context.connection_id
        self._syncing.add(own)
        self._stumbled.discard(own)
        is_over = True
        try:
            await sync_fleet(context, self._observe, whole=whole)
            while own in self._whole_next:
                self._whole_next.discard(own)
                await sync_fleet(context, self._observe, whole=True)
        except asyncio.CancelledError:
            is_over = False
            raise
        except (sqlite3.Error, ProblemError):
            self._stumbled.add(own)  # the file could not even take what was wrong
            raise
        finally:
            if is_over:
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
            while await self._jobs.rest_until(period, self._pause_s(connection_id)):
                period.clear()  # somebody signed in, asked for a sync, or chose another period

    def _pause_s(self, connection_id: int) -> float | None:
        """Until the next sync; None where only a person helps."""
        if connection_id in self._stumbled:
            return min(RETRY_S, self._sync_every_s)
        problem = self._last_problem(connection_id)
        if problem is None or not problem.passes or problem is ProblemKind.TOKEN_REFUSED:
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
        if machine_id is None:
            return
        own = connections.of_machine(self._file.db, machine_id) or 0
        context = self._contexts.get(own)
        if context is None:
            return
        from .sync.machine import read_chosen  # noqa: PLC0415

        name = f"{context.connection_id} machine {machine_id}"
        self._jobs.add(name, lambda: read_chosen(context, machine_id))

    def machine_id(self, resource_id: str) -> int | None:
        """The row of a machine in this file; None where it is not in it."""
        from hotpatch_gui.store import machines  # noqa: PLC0415 - after the first frame

        return machines.ids(self._file.db, [resource_id.lower()]).get(resource_id.lower())

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
            self._close_later(number, await self._let_go(number))
            try:
                async with self._file.transaction() as db:
                    catalogue.forget_problem(db, number)
                    catalogue.forget_reading(db, number)
            finally:
                self._jobs.add(f"{number} set-up", lambda: self._set_up_new(now))
        self.changed("connections", "subscriptions", "sync_state", "machines")

    async def _set_up_new(self, connection: Connection) -> None:
        asks = connection.method.asks_user
        await self._set_up(connection, begins=not asks)
        if asks:
            self.sign_in(connection.id)

    def _stored(self, connection_id: int) -> Connection:
        stored = connections.read(self._file.db, connection_id)
        assert stored is not None, "it has just been written"
        return stored

    async def rename(self, connection_id: int, name: str) -> None:
        async with self._file.transaction() as db:
            connections.rename(db, connection_id, name)
        self._adopt(connection_id)
        self.changed("connections", "machines")

    async def allow_actions(self, connection_id: int, *, may_act: bool) -> None:
        async with self._file.transaction(durable=True) as db:
            connections.allow_actions(db, connection_id, may_act=may_act)
        self._adopt(connection_id)
        self.changed("connections", "machines")

    async def choose_subscriptions(self, connection_id: int, ids: tuple[str, ...]) -> None:
        async with self._file.transaction() as db:
            connections.choose_subscriptions(db, connection_id, ids)
            catalogue.forget_reading(db, connection_id)
        self._adopt(connection_id)
        await self._jobs.end(f"{connection_id} sync")
        if connection_id in self._contexts:
            self._sync(connection_id)
        self.changed("connections", "subscriptions")

    def _adopt(self, connection_id: int) -> None:
        context = self._contexts.get(connection_id)
        if context is not None:
            context.gateway.adopt(self._stored(connection_id))

    async def remove(self, connection_id: int) -> None:
        """End its jobs, then forget it with what that ended, in one transaction; then the tokens."""
        stored = connections.read(self._file.db, connection_id)
        context = await self._let_go(connection_id)
        try:
            async with self._file.transaction(durable=True) as db:
                connections.remove(db, connection_id, self._clock())
        except (sqlite3.Error, ProblemError):
            self._come_back(connection_id, context)
            raise
        if stored is not None:
            self._forget_tokens(stored, context)
        for batch_id in queue.batches_with_waiting(self._file.db):
            self.carrying.go_on_with(batch_id)
        self.changed(
            "connections",
            "subscriptions",
            "sync_state",
            "machines",
            "updates",
            "operations",
            "calls",
        )

    def _come_back(self, connection_id: int, context: Context | None) -> None:
        """The file could not be written, so all stays as it was."""
        self._close_later(connection_id, context)
        stored = connections.read(self._file.db, connection_id)
        if stored is not None:
            self._begin_set_up(stored)

    def _forget_tokens(
        self, connection: Connection, context: Context | None, *, comes_back: bool = False
    ) -> None:
        """Once what was sent has its answer, and also where the program ends meanwhile. Then the connection is set up
        again where it ``comes_back``."""
        name = _tokens(connection.id)
        forgotten = self._jobs.keep(name, self._forget(connection, context))
        back = connection.id if comes_back else None
        self._jobs.add(name, lambda: self._after(forgotten, back))

    async def _forget(self, connection: Connection, context: Context | None) -> None:
        from hotpatch_gui.azure.credentials import forget_tokens  # noqa: PLC0415 - after the first frame

        await self._jobs.kept(f"{connection.id} ")
        sign_out = (
            partial(forget_tokens, connection) if context is None else context.gateway.sign_out
        )
        try:
            await in_thread(sign_out, "sign-out")
        finally:
            if context is not None:
                self._close_one(context)

    async def _after(self, forgotten: Awaitable[None], connection_id: int | None) -> None:
        try:
            await asyncio.shield(forgotten)
        finally:
            stored = connections.read(self._file.db, connection_id) if connection_id else None
            if stored is not None:
                self._begin_set_up(stored, begins=not stored.method.asks_user)

    def sign_in(self, connection_id: int) -> None:
        self._jobs.add(f"{connection_id} sign-in", lambda: self._sign_in(connection_id))

    async def _sign_in(self, own: int) -> None:
        """Ask the user, then sync. A failure is said where the sync's problems are, as one to set up the connection is."""
        await self._jobs.finished(_tokens(own))
        await self._jobs.finished(f"{own} set-up")
        context = self._contexts.get(own)
        if context is None:
            return
        problem, account = None, None
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
        await self._jobs.end(f"{own} sync")  # which had no token yet
        self._sync(own)
        self.revive(own)

    async def sign_out(self, connection_id: int) -> None:
        """Forget the tokens and who it was; what was read stays."""
        stored = connections.read(self._file.db, connection_id)
        if stored is None:
            return
        context = await self._let_go(connection_id)
        try:
            async with self._file.transaction() as db:
                connections.signed_in(db, connection_id, None, None)
                catalogue.sync_ended(db, connection_id, self._clock(), SIGNED_OUT)
        except (sqlite3.Error, ProblemError):
            self._come_back(connection_id, context)
            raise
        self._forget_tokens(stored, context, comes_back=True)
        self.changed("connections", "sync_state")

    async def _let_go(self, connection_id: int) -> Context | None:
        """End the connection's jobs; operations under way are taken up again where there is another gateway."""
        context = self._contexts.pop(connection_id, None)
        await self._jobs.end(f"{connection_id} ")
        was_syncing = connection_id in self._syncing
        self._syncing.discard(connection_id)
        self._begun.discard(connection_id)
        self._periods.pop(connection_id, None)
        if was_syncing and not self._syncing:
            self._observe(SyncEnded())  # and not Synced: nothing says how it went
        return context

    def _close_one(self, context: Context) -> None:
        context.lists.close()
        context.calls.close()
        context.gateway.close()

    def _close_later(self, connection_id: int, context: Context | None) -> None:
        """Once what was sent has its answer."""
        if context is not None:
            self._jobs.keep(f"closing {connection_id}", self._close(connection_id, context))

    async def _close(self, connection_id: int, context: Context) -> None:
        await self._jobs.kept(f"{connection_id} ")
        self._close_one(context)

    def close(self) -> None:
        for context in self._contexts.values():
            self._close_one(context)
        self._contexts.clear()


def _tokens(connection_id: int) -> str:
    """Of the job that has the platform's store forget tokens."""
    return f"tokens of {connection_id}"
