"""Checks, starts and follows the deployments of new machines."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.deployments import (
    ACTIONS,
    Deployment,
    DeploymentProgress,
    WhatIfChange,
    rejection_reason,
)
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.store import connections
from hotpatch_gui.store import deployments as store
from hotpatch_gui.store.audit import Event
from hotpatch_gui.store.deployments import StoredDeployment
from hotpatch_gui.system.user import local_user
from hotpatch_gui.translation import translator

from . import commands
from .events import Changed, DeploymentChecked, DeploymentStored, Failed, Observer
from .file import DataFile
from .jobs import Jobs
from .operations.pauses import EXPIRES, FIRST_BACK_OFF_S
from .until_stored import until_stored
from .urgency import Urgency

if TYPE_CHECKING:
    from .calls import RequestSlot
    from .context import Context

tr = translator("DeploymentsWorker")

log = logging.getLogger(__name__)
T = TypeVar("T")
CHECK_FOR_S = 600.0
"""How long an answer about a deployment is awaited."""
FOLLOW_S = 5.0
"""Between reads of a deployment."""
MAX_PAUSES, MAX_FAILURES, MAX_MISSING = 12, 10, 60
"""While a deployment can't be read or isn't shown: the longest pause, in FOLLOW_S; after so many failed reads it is unknown; after so
many reads that don't show it, it is dismissed."""
"""Problems that don't show whether Azure accepted the deployment."""
TABLES = ChangedTables.of("deployments", "audit_log")


class Deployments:
    """The deployments of all connections. Lives on the engine's loop.

    A deployment is sent once; only reading it shows how it ended. The password is never stored, so a deployment that was still
    queued when its job or the program ended is canceled.

    Args:
        sync: reads a connection's machines.
    """

    def __init__(
        self,
        file: DataFile,
        clock: CloudClock,
        jobs: Jobs,
        contexts: dict[int, Context],
        observe: Observer,
        *,
        sync: Callable[..., None],
    ) -> None:
        self._file, self._clock, self._jobs, self._contexts = file, clock, jobs, contexts
        self._observe, self._sync = observe, sync

    async def handle(self, command: commands.CheckDeployment | commands.Deploy) -> None:
        """Handle a command about a deployment."""
        context = self._contexts.get(command.connection_id)
        why = self._problem_before_sending(context, command.connection_id)
        if isinstance(command, commands.CheckDeployment):
            resource_id = command.deployment.resource_id
            if why is not None or context is None:
                self._observe(DeploymentChecked(resource_id, (), why))
                return
            check = partial(self._check, context, command.deployment, command.password)
            self._jobs.add(f"{context.connection_id} check of {resource_id}", check)
            return
        if why is not None or context is None:
            if why is not None:
                self._observe(Failed(why))
            self._observe(DeploymentStored(()))
            return
        await self._begin(context, command)

    def _problem_before_sending(
        self, context: Context | None, connection_id: int
    ) -> Problem | None:
        """The problem that prevents sending; None without one."""
        connection = connections.read(self._file.db, connection_id)
        if connection is None or context is None:
            return Problem(
                ProblemKind.NOT_FOUND,
                tr("The connection isn't ready, so nothing was sent."),
                tr("Check it in Settings › Connections, then try again."),
                may_have_been_sent=False,
            )
        if not connection.changes_allowed:
            return Problem(
                ProblemKind.FORBIDDEN,
                tr("Changes are off for {name}.", name=connection.name),
                tr("Turn them on in Settings › Connections."),
                may_have_been_sent=False,
            )
        return None

    async def _check(self, context: Context, deployment: Deployment, password: str) -> None:
        """Report whether the deployment is valid, and what it would do; even if the check can't finish."""
        found: tuple[WhatIfChange, ...] = ()
        problem: Problem | None = Problem(
            ProblemKind.OFFLINE,
            tr("The check was interrupted. Nothing was created."),
            tr("Check the connection, then try again."),
        )
        try:
            for what_if in (False, True):
                found = await self._answer(context, deployment, password, what_if=what_if)
            problem = None
        except ProblemError as error:
            problem = _not_created(_explained(error.problem))
        finally:
            self._observe(DeploymentChecked(deployment.resource_id, found, problem))

    async def _answer(
        self, context: Context, deployment: Deployment, password: str, *, what_if: bool
    ) -> tuple[WhatIfChange, ...]:
        """The validation's or the what-if's result.

        Raises:
            ProblemError: Azure rejects the deployment, or there is no result within CHECK_FOR_S.
        """
        token = ""
        try:
            async with asyncio.timeout(CHECK_FOR_S):
                while True:
                    ask = partial(
                        context.gateway.check_deployment,
                        deployment,
                        password,
                        what_if=what_if,
                        token=token,
                    )
                    answer = await context.calls.reads.call(ask, Urgency.ACT)
                    if answer.changes is not None:
                        return answer.changes
                    token = answer.token
                    await self._jobs.rest(answer.delay_s)
        except TimeoutError:
            problem = Problem(
                ProblemKind.OFFLINE,
                tr("Azure didn't report within ten minutes what the deployment would do."),
                "",
                may_have_been_sent=False,
            )
            raise ProblemError(problem) from None

    async def _begin(self, context: Context, command: commands.Deploy) -> None:
        """Store the deployment, then send it."""
        row_ids: tuple[int, ...] = ()
        try:
            async with self._file.transaction(durable=True) as db:
                row_ids = (
                    store.add(
                        db, command.connection_id, command.deployment, self._clock(), local_user()
                    ),
                )
        except BaseException:
            row_ids = ()
            raise
        finally:
            self._observe(DeploymentStored(row_ids))
        self._observe(Changed(TABLES))
        (row_id,) = row_ids
        send = partial(self._send, context, row_id, command.deployment, command.password)
        self._jobs.add(_job(context.connection_id, row_id), send)

    def resume(self, connection_id: int) -> None:
        """Follow what an earlier session started; what it didn't send is canceled."""
        for row in store.unfinished(self._file.db, connection_id):
            context = self._contexts[connection_id]
            self._jobs.add(_job(connection_id, row.id), partial(self._resume, context, row))

    async def _resume(self, context: Context, row: StoredDeployment) -> None:
        await self._jobs.wait_for_all_kept(_owner(context.connection_id, row.id))
        row = store.read(self._file.db, row.id)
        if row.state is OperationState.QUEUED:
            note = tr("It was interrupted before it was sent. Nothing was created.")
            await self._move(row.id, OperationState.CANCELED, Event.CANCELED, note)
            return
        if row.state is OperationState.SENT:
            note = tr("The program ended before Azure answered.")
            await self._move(row.id, OperationState.UNKNOWN, Event.LOST, note)
        await self._follow(context, row.id, None)

    async def _send(
        self, context: Context, row_id: int, deployment: Deployment, password: str
    ) -> None:
        """Repeat the what-if and send the deployment until Azure accepts or rejects it, then follow it."""
        pause: float | None = 0.0
        began = self._clock()
        while pause is not None:
            await self._jobs.rest(pause)
            if self._clock() - began > EXPIRES:
                note = tr("It couldn't be sent within an hour. Nothing was created.")
                await self._move(row_id, OperationState.CANCELED, Event.CANCELED, note)
                return
            if not await self._only_creates(context, row_id, deployment, password):
                return
            async with context.calls.writes.slot(Urgency.ACT) as slot:
                if not await self._claim(context, row_id):
                    return
                request = partial(context.gateway.deploy, deployment, password)
                owner = _owner(context.connection_id, row_id)
                pause = await self._jobs.run_to_completion(
                    owner, self._request(row_id, request, slot)
                )
        await self._follow(context, row_id, password)

    async def _only_creates(
        self, context: Context, row_id: int, deployment: Deployment, password: str
    ) -> bool:
        """Whether it still only creates: an earlier check may be out of date. Otherwise the row has failed."""
        try:
            found = await self._answer(context, deployment, password, what_if=True)
        except ProblemError as error:
            problem = _not_created(_explained(error.problem))
            await self._move(
                row_id,
                OperationState.FAILED,
                Event.NOT_SENT,
                problem.text,
                code=problem.code,
                request_id=problem.request_id,
            )
            return False
        why = rejection_reason(deployment, found)
        if why:
            await self._move(row_id, OperationState.FAILED, Event.NOT_SENT, why)
        return not why

    async def _claim(self, context: Context, row_id: int) -> bool:
        """Mark the row as sent, on disk, so that after a kill it is unknown and never repeated; False if it may not be sent."""
        async with self._file.transaction(durable=True) as db:
            stored = connections.read(db, context.connection_id)
            if stored is None or not stored.changes_allowed:
                note = tr("Changes were turned off before it was sent. Nothing was created.")
                canceled = OperationState.CANCELED
                store.move(db, row_id, canceled, self._clock(), Event.CANCELED, note=note)
            claimed = not self._jobs.is_closing and store.move(
                db, row_id, OperationState.SENT, self._clock(), Event.SENDING
            )
        self._observe(Changed(TABLES))
        return claimed

    async def _request(self, row_id: int, request: partial[str], slot: RequestSlot) -> float | None:
        """Send once and store the response, even while the program closes.

        Returns:
            Seconds until it is sent again, because Azure throttled it; None if it was accepted, rejected or lost.
        """
        try:
            request_id = await slot.run(request)
        except ProblemError as error:
            problem = _explained(error.problem)
            return await self._until_stored(lambda: self._handle(row_id, problem))
        except Exception:
            log.exception("deployment %s: a bug after it was sent", row_id)
            note = tr(
                "Because of an error in this program, Azure's response couldn't be processed. See the log for details."
            )
            await self._until_stored(
                lambda: self._move(row_id, OperationState.UNKNOWN, Event.LOST, note)
            )
            return None
        note = tr("Azure accepted the deployment.")
        await self._until_stored(
            lambda: self._move(
                row_id, OperationState.RUNNING, Event.ACCEPTED, note, request_id=request_id
            )
        )
        return None

    async def _until_stored(self, write: Callable[[], Awaitable[T]]) -> T:
        return await until_stored(self._jobs, write, "a deployment")

    async def _handle(self, row_id: int, problem: Problem) -> float | None:
        """Store what a problem means; seconds until another attempt, or None."""
        was_sent = problem.may_have_been_sent
        named = {"code": problem.code, "request_id": problem.request_id}
        event = Event.REJECTED if was_sent else Event.NOT_SENT
        if problem.kind is ProblemKind.THROTTLED:
            await self._move(row_id, OperationState.QUEUED, event, problem.sentence, **named)
            return problem.retry_after_s or FIRST_BACK_OFF_S
        if problem.kind.is_inconclusive and was_sent:
            note = tr(
                "{sentence} It isn't sent again. The program checks in Azure whether the deployment exists.",
                sentence=problem.sentence,
            )
            await self._move(row_id, OperationState.UNKNOWN, Event.LOST, note, **named)
            return None
        problem = _not_created(problem)
        await self._move(row_id, OperationState.FAILED, event, problem.text, **named)
        return None

    async def _follow(self, context: Context, row_id: int, password: str | None) -> None:
        """Read the deployment until it has ended, more slowly while that fails or Azure doesn't show it."""
        missing, failures, pause = 0, 0, FOLLOW_S
        while True:
            row = store.read(self._file.db, row_id)
            if row.state not in (OperationState.RUNNING, OperationState.UNKNOWN):
                return
            read = partial(context.gateway.read_deployment, row.deployment, password)
            try:
                progress = await context.calls.reads.call(read, Urgency.FOLLOW)
            except ProblemError as error:
                failures += 1
                await self._store_failure(row, error.problem, is_long=failures >= MAX_FAILURES)
                progress = None
            else:
                failures = 0
                missing = missing + 1 if progress is None else 0
                await self._store_progress(row, progress, is_dismissed=missing >= MAX_MISSING)
            pause = FOLLOW_S if progress is not None else min(2 * pause, MAX_PAUSES * FOLLOW_S)
            await self._jobs.rest(pause)

    async def _store_failure(
        self, row: StoredDeployment, problem: Problem, *, is_long: bool
    ) -> None:
        """A deployment that can't be read isn't known to be in progress, unless the problem may pass and is new."""
        log.info("deployment %s can't be read now: %s", row.id, problem.sentence)
        if row.state is OperationState.RUNNING and (is_long or not problem.kind.is_transient):
            why = problem.sentence if problem.kind.is_transient else problem.text
            note = tr("{why} The program keeps reading it.", why=why)
            await self._move(row.id, OperationState.UNKNOWN, Event.LOST, note, code=problem.code)

    async def _store_progress(
        self, row: StoredDeployment, progress: DeploymentProgress | None, *, is_dismissed: bool
    ) -> None:
        if progress is None:
            if is_dismissed:
                note = tr(
                    "Azure hasn't shown the deployment for a long time. Check in the portal whether {machine} exists.",
                    machine=row.deployment.machine,
                )
                await self._move(row.id, OperationState.DISMISSED, Event.DISMISSED, note)
            elif row.state is OperationState.RUNNING:
                note = tr("Azure doesn't show the deployment anymore, so its result isn't known.")
                await self._move(row.id, OperationState.UNKNOWN, Event.LOST, note)
            return
        if progress.state is OperationState.RUNNING:
            if row.state is OperationState.UNKNOWN:
                note = tr("Azure shows that it accepted the deployment.")
                await self._move(row.id, OperationState.RUNNING, Event.ACCEPTED, note)
            return
        if progress.state is OperationState.SUCCEEDED:
            note = tr("Azure created {machine}.", machine=row.deployment.machine)
        else:
            note = tr(
                "{why} Resources that were already created remain in the resource group. Check it before you try again.",
                why=progress.error or tr("Azure gave no reason."),
            )
        await self._move(row.id, progress.state, Event.ENDED, note, code=progress.code)
        self._sync(row.connection_id, full=True)

    async def _move(
        self,
        row_id: int,
        state: OperationState,
        event: Event,
        note: str,
        *,
        code: str = "",
        request_id: str = "",
    ) -> None:
        async with self._file.transaction(durable=True) as db:
            store.move(
                db,
                row_id,
                state,
                self._clock(),
                event,
                note=note,
                code=code,
                request_id=request_id,
            )
        log.info("deployment %s: %s %s", row_id, state, code)
        self._observe(Changed(TABLES))


def _explained(problem: Problem) -> Problem:
    """A missing permission with the actions that creating a machine needs, because the program's role has none of them."""
    if problem.kind is not ProblemKind.FORBIDDEN:
        return problem
    step = tr(
        "To create machines, the account needs these actions on the resource group: {actions}.",
        actions=", ".join(ACTIONS),
    )
    return problem._replace(next_step=step)


def _not_created(problem: Problem) -> Problem:
    """A problem with a step that fits: neither a check nor a deployment is repeated automatically."""
    if problem.kind.is_transient or problem.kind is ProblemKind.MALFORMED_RESPONSE:
        step = tr("Nothing was created. Check the connection and the sign-in, then try again.")
    elif problem.kind is ProblemKind.NOT_FOUND:
        step = tr("Nothing was created. Choose a resource group that exists.")
    else:
        step = tr("Nothing was created. {step}", step=problem.next_step)
    return problem._replace(next_step=step)


def _owner(connection_id: int, row_id: int) -> str:
    """The name under which a sent request is kept."""
    return f"{connection_id} deployment {row_id}."


def _job(connection_id: int, row_id: int) -> str:
    return f"{connection_id} deployment {row_id}"
