"""Signing in and out."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING

from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.store import connections, sync_state
from hotpatch_gui.translation import translator

from .connections import Connections, tokens_job
from .events import Observer, Synced
from .file import DataFile
from .in_thread import in_thread
from .jobs import Jobs

if TYPE_CHECKING:
    from .context import Context

tr = translator("Signing")


def signed_out() -> Problem:
    """The problem that is shown after a sign-out."""
    return Problem(
        ProblemKind.NOT_SIGNED_IN,
        tr.mark("You signed out."),
        tr.mark("Showing the last known data."),
    )


class Signing:
    """Signs in and out. Lives on the engine's loop."""

    def __init__(
        self,
        file: DataFile,
        clock: CloudClock,
        jobs: Jobs,
        opened: Connections,
        observe: Observer,
    ) -> None:
        self._file, self._clock, self._jobs = file, clock, jobs
        self._opened, self._observe = opened, observe

    def sign_in(self, connection_id: int) -> None:
        """Sign in with a job, because it takes as long as the user does."""
        self._jobs.add(f"{connection_id} sign-in", lambda: self._sign_in(connection_id))

    async def _sign_in(self, own: int) -> None:
        """Prompt the user, then sync. A failure is stored as a sync's problem."""
        await self._opened.wait_for_tokens(own)
        await self._jobs.wait_for(f"{own} set-up")
        stored = connections.read(self._file.db, own)
        if own not in self._opened.contexts and stored is not None:
            await self._opened.set_up(stored, start_jobs=False)
        context = self._opened.contexts.get(own)
        if context is None:
            return
        problem, account = None, None
        try:
            account = await in_thread(context.gateway.sign_in, "sign-in")
        except ProblemError as error:
            problem = _of_sign_in(error.problem, context.gateway.connection)
        async with self._file.transaction() as db:
            if problem is not None:
                sync_state.sync_ended(db, own, self._clock(), problem)
            elif account is not None:
                connections.signed_in(db, own, account.name, account.record)
        self._opened.changed("connections", "sync_state")
        if problem is not None:
            self._observe(Synced(own))
            if not context.gateway.connection.method.asks_user:
                self._opened.start_missing_jobs(own)
            return
        await self._opened.periodic.restart(own)  # the current sync has no token yet
        self._opened.start_missing_jobs(own)

    async def sign_out(self, connection_id: int) -> None:
        """Delete the tokens and the account; data stays.

        Raises:
            ProblemError, sqlite3.Error: nothing was stored, and the connection continues.
        """
        stored = connections.read(self._file.db, connection_id)
        if stored is None:
            return
        context = await self._opened.detach(connection_id)
        try:
            async with self._file.transaction() as db:
                connections.signed_in(db, connection_id, None, None)
                sync_state.sync_ended(db, connection_id, self._clock(), signed_out())
        except (sqlite3.Error, ProblemError):
            self._opened.restore(connection_id, context)
            raise
        self.forget_tokens(stored, context)
        self._opened.changed("connections", "sync_state")

    def forget_tokens(self, connection: Connection, context: Context | None) -> None:
        """Delete tokens when sent requests are answered or after KEPT_S, even while closing, then set the connection up again."""
        name = tokens_job(connection.id)
        self._jobs.keep(name, self._forget(connection, context))
        self._jobs.add(name, lambda: self._set_up_after(connection.id))

    async def _forget(self, connection: Connection, context: Context | None) -> None:
        from hotpatch_gui.azure.credentials import forget_tokens  # noqa: PLC0415 - after the first paint

        await self._jobs.wait_for_kept(f"{connection.id} ")
        sign_out = (
            partial(forget_tokens, connection) if context is None else context.gateway.sign_out
        )
        try:
            await in_thread(sign_out, "sign-out")
        finally:
            if context is not None:
                context.close()

    async def _set_up_after(self, connection_id: int) -> None:
        """Set up the connection when its tokens are deleted."""
        try:
            await self._jobs.wait_for_all_kept(tokens_job(connection_id))
        finally:
            stored = connections.read(self._file.db, connection_id)
            if stored is not None and connection_id not in self._opened.contexts:
                self._opened.start_set_up(stored, start_jobs=not stored.method.asks_user)


def _of_sign_in(problem: Problem, connection: Connection) -> Problem:
    """The problem of a sign-in. If it needs a person, only a person can retry."""
    if problem.kind is ProblemKind.NOT_SIGNED_IN or not connection.method.asks_user:
        return problem
    is_offline = problem.kind is ProblemKind.OFFLINE
    check = tr("Check the network and the proxy, then choose Sign in.")
    step = check if is_offline else tr("Choose Sign in to try again.")
    return problem._replace(kind=ProblemKind.NOT_SIGNED_IN, next_step=step)
