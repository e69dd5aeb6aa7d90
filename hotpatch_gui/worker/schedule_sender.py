"""Sends one connection's changes of schedules in order, and reads back those whose response was lost."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from hotpatch_gui.domain.changes import Changes
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.domain.schedule_changes import ChangeKind, ScheduleChange
from hotpatch_gui.store import schedule_changes as store
from hotpatch_gui.store.audit import Event
from hotpatch_gui.store.schedule_changes import StoredChange
from hotpatch_gui.translation import translator

from .operations.pauses import EXPIRES, FIRST_BACK_OFF_S, MAX_BACK_OFF_S
from .urgency import Urgency

if TYPE_CHECKING:
    from .calls import RequestSlot
    from .context import Context

tr = translator("ScheduleSender")

log = logging.getLogger(__name__)
AT_ONCE = 100
"""Changes of one kind that are sent together, and whose effect is stored together."""
FEW = 10
"""So many changes are sent before others' bulk requests."""
CHECK_S, CHECKS = 15.0, 20
"""Between looking for a change whose response was lost, and how often."""
INCONCLUSIVE = (ProblemKind.OFFLINE, ProblemKind.AZURE_FAILED, ProblemKind.MALFORMED_RESPONSE)
_BAD = {OperationState.FAILED, OperationState.CANCELED, OperationState.DISMISSED}
"""States after which nothing that builds on the change is sent."""
_Before = Mapping[tuple[int, ChangeKind], set[OperationState]]
"""What ``store.states_before`` returns."""
TABLES = Changes.to("schedule_changes", "audit_log")


def _refusal(kind: ProblemKind, sentence: str, step: str) -> ProblemError:
    """Why a change isn't sent."""
    return ProblemError(Problem(kind, sentence, step)._replace(may_have_been_sent=False))


class ScheduleSender:
    """One connection's changes, until each has ended or can't be clarified anymore."""

    def __init__(
        self, context: Context, wake: asyncio.Event, may_send: Callable[[int], bool]
    ) -> None:
        self._c, self._wake, self._may_send = context, wake, may_send
        self._pause_s = FIRST_BACK_OFF_S
        self._pauses: dict[int, float] = {}
        """When each row is tried again, as a time of the monotonic clock."""
        self._checks = 0
        self._going = set[int]()
        """Row IDs of the changes that are being sent."""
        self._made: list[ScheduleChange] = []
        """Changes that Azure made and whose effect isn't stored yet."""

    async def run(self) -> None:
        """Send and check until nothing waits."""
        await self._find_interrupted()
        while True:
            self._wake.clear()
            rows = store.unfinished(self._c.db, self._c.connection_id)
            queued = [r for r in rows if r.state is OperationState.QUEUED and self._may_send(r.id)]
            unknown = [r for r in rows if r.state is OperationState.UNKNOWN]
            before = store.states_before(self._c.db, {row.action_id for row in queued})
            if await self._cancel_hopeless(queued, before):
                continue
            free = self._free(queued, before)
            ready = [r for r in free if self._pauses.get(r.id, 0.0) <= time.monotonic()]
            if ready:
                await self._send(ready)
            elif free:
                pause = min(self._pauses[r.id] for r in free) - time.monotonic()
                await self._c.jobs.rest_until(self._wake, max(0.0, pause))
            elif unknown and self._checks < CHECKS:
                self._checks += 1
                await self._check(unknown)
                await self._c.jobs.rest_until(self._wake, CHECK_S)
            elif queued:  # on what is unknown
                left = EXPIRES - (self._c.clock() - min(r.created for r in queued))
                await self._c.jobs.rest_until(self._wake, max(1.0, left.total_seconds()))
            elif not await self._c.jobs.rest_until(self._wake, 0.0):
                return

    async def _cancel_hopeless(self, queued: Sequence[StoredChange], before: _Before) -> bool:
        """Cancel changes that waited for too long, or build on what wasn't done in their action; whether there were any."""
        late = {row.id for row in queued if self._is_late(row)}
        spoiled = {r.id for r in queued if before.get((r.action_id, r.change.kind), set()) & _BAD}
        if not late | spoiled:
            return False
        async with self._c.transaction() as db:
            for row_id in sorted(late | spoiled):
                note = (
                    tr("It waited for more than an hour and wasn't sent.")
                    if row_id in late
                    else tr("It wasn't sent, because what had to be done before wasn't done.")
                )
                now, canceled = self._c.clock(), OperationState.CANCELED
                store.move(db, row_id, canceled, now, Event.CANCELED, note=note)
        self._c.changed(TABLES)
        return True

    def _is_late(self, row: StoredChange) -> bool:
        return self._c.clock() - row.created > EXPIRES

    def _free(self, queued: Sequence[StoredChange], before: _Before) -> list[StoredChange]:
        """The changes that needn't wait: for others of their action, for an earlier one of their resource, or for the creation or
        deletion of their schedule."""
        first: dict[str, int] = {}
        turned: dict[str, int] = {}
        for row in queued:
            first.setdefault(row.target, row.id)
            if row.change.kind in (ChangeKind.CREATE, ChangeKind.DELETE):
                turned.setdefault(row.target, row.id)
        return [
            row
            for row in queued
            if before.get((row.action_id, row.change.kind), set()) <= {OperationState.SUCCEEDED}
            and first[row.target] == row.id
            and turned.get(row.change.builds_on, row.id) >= row.id
        ]

    async def _find_interrupted(self) -> None:
        """Nobody receives the response of a change that an earlier session sent; what an earlier sender sent is awaited."""
        sent = f"{self._c.connection_id} schedule change "
        await self._c.jobs.kept(sent, EXPIRES.total_seconds())
        rows = store.unfinished(self._c.db, self._c.connection_id)
        async with self._c.transaction() as db:
            for row in rows:
                if row.state is OperationState.SENT:
                    self._lose(db, row, tr("The program ended before Azure answered."))
        self._c.changed(TABLES)

    def _lose(self, db: sqlite3.Connection, row: StoredChange, why: str) -> None:
        note = tr(
            "{why} It isn't sent again; what Azure shows decides. If the schedule stays as it was, request it again.",
            why=why,
        )
        store.move(db, row.id, OperationState.UNKNOWN, self._c.clock(), Event.LOST, note=note)

    async def _send(self, queued: Sequence[StoredChange]) -> None:
        """Send the first changes of one kind, because later kinds may build on them."""
        first = queued[0]
        kind, action = first.change.kind, first.action_id
        some = list(takewhile(lambda r: (r.change.kind, r.action_id) == (kind, action), queued))[
            :AT_ONCE
        ]
        urgency = Urgency.ACT if len(queued) <= FEW else Urgency.BULK
        self._going.update(row.id for row in some)
        try:
            results = await asyncio.gather(*(self._send_one(row, urgency) for row in some))
        finally:
            self._going.clear()  # of those that weren't sent
        await self._store_effect()
        for row, pause in zip(some, results, strict=True):
            if pause is not None:
                self._pauses[row.id] = time.monotonic() + pause

    async def _send_one(self, row: StoredChange, urgency: Urgency) -> float | None:
        """Send one change.

        Returns:
            Seconds until it is tried again; None if it isn't.
        """
        try:
            old = await self._read_before(row, urgency)
            if self._is_late(row):  # the answer sets the clock
                await self._cancel_hopeless([row], {})
                return None
            if await self._is_made(row, old):
                return None
            async with self._c.calls.writes.slot(urgency) as slot:
                if not await self._claim(row):
                    return FIRST_BACK_OFF_S
                change = partial(self._c.gateway.change_schedule, row.change, old)
                owner = f"{self._c.connection_id} schedule change {row.id}"
                return await self._c.jobs.to_its_end(owner, self._request(row, change, slot))
        except ProblemError as error:
            return await self._handle(row, error.problem)

    async def _request(
        self, row: StoredChange, change: partial[str], slot: RequestSlot
    ) -> float | None:
        """Send the change and store what the response says, also while the program ends.

        Returns:
            Seconds until it is tried again; None if it isn't.
        """
        try:
            request_id = await slot.run(change)
            await self._succeed(row, tr("Azure made the change."), request_id)
        except ProblemError as error:
            return await self._handle(row, error.problem)
        finally:
            self._going.discard(row.id)
            await self._store_effect()
        self._pause_s = FIRST_BACK_OFF_S
        log.info("schedule change %s was made (request %s)", row.id, request_id or "without an ID")
        return None

    async def _read_before(self, row: StoredChange, urgency: Urgency) -> Mapping[str, Any] | None:
        """The schedule as Azure has it, because a change keeps what it doesn't name.

        Raises:
            ProblemError: it can't be read, or was deleted meanwhile, and nothing was sent.
        """
        if row.change.kind not in (ChangeKind.CREATE, ChangeKind.SAVE):
            return None
        read = partial(self._c.gateway.read_changed, row.change)
        try:
            old = await self._c.calls.reads.call(read, urgency)
        except ProblemError as error:
            raise ProblemError(error.problem._replace(may_have_been_sent=False)) from error
        if old is None and row.change.kind is ChangeKind.SAVE:
            raise _refusal(
                ProblemKind.NOT_FOUND,
                tr(
                    "{name} was deleted meanwhile, so nothing was changed.", name=row.change.subject
                ),
                tr("Create it again, if it is still needed."),
            )
        return old

    async def _is_made(self, row: StoredChange, old: Mapping[str, Any] | None) -> bool:
        """Whether a schedule to be created exists just as requested, as after a lost response.

        Raises:
            ProblemError: another schedule of this name exists, and nothing was sent.
        """
        if row.change.kind is not ChangeKind.CREATE or old is None:
            return False
        from hotpatch_gui.azure import maintenance  # noqa: PLC0415 - the SDK, after the first frame

        if maintenance.shows(old, row.change):
            await self._succeed(row, tr("Azure shows the change."))
            await self._store_effect()
            return True
        raise _refusal(
            ProblemKind.CONFLICT,
            tr("{name} exists already, so nothing was created.", name=row.change.subject),
            tr("Choose another name, or edit the existing schedule."),
        )

    async def _claim(self, row: StoredChange) -> bool:
        """Mark the row as sent, on disk; False if it was canceled, changes are off or nobody waits anymore."""
        c = self._c
        async with c.transaction(durable=True) as db:
            is_allowed = store.is_allowed(db, c.connection_id)
            claimed = (
                is_allowed
                and not (c.jobs.is_closing or c.jobs.is_abandoned)
                and store.move(db, row.id, OperationState.SENT, c.clock(), Event.SENDING)
            )
            if claimed:
                store.settle_earlier(db, c.connection_id, row, OperationState.QUEUED, c.clock())
        c.changed(TABLES)
        if not is_allowed:
            name = c.gateway.connection.name
            note = tr(
                "Changes are off for {name}. Turn them on in Settings › Connections.", name=name
            )
            await self._move(row, OperationState.FAILED, Event.NOT_SENT, note)
        return claimed

    async def _succeed(self, row: StoredChange, note: str, request_id: str = "") -> None:
        async with self._c.transaction(durable=True) as db:
            now, done = self._c.clock(), OperationState.SUCCEEDED
            if store.move(db, row.id, done, now, Event.ENDED, note=note, request_id=request_id):
                unknown = OperationState.UNKNOWN
                store.settle_earlier(db, self._c.connection_id, row, unknown, now)
        self._made.append(row.change)
        self._c.changed(TABLES)

    async def _store_effect(self) -> None:
        """Store the effect of the last changes together when none is being sent: Resource Graph shows it later."""
        if self._going or not self._made:
            return
        from .sync.schedule_overlay import save_with  # noqa: PLC0415 - after the first frame

        made, self._made = self._made, []
        async with self._c.transaction() as db:
            save_with(db, self._c.connection_id, made, self._c.clock())
        self._c.changed(Changes.to("machines"))

    async def _move(
        self,
        row: StoredChange,
        state: OperationState,
        event: Event,
        note: str,
        problem: Problem | None = None,
    ) -> None:
        async with self._c.transaction() as db:
            store.move(
                db,
                row.id,
                state,
                self._c.clock(),
                event,
                note=note,
                code=problem.code if problem else "",
                request_id=problem.request_id if problem else "",
            )
        self._c.changed(TABLES)

    async def _handle(self, row: StoredChange, problem: Problem) -> float | None:
        """Store what a problem means for the change.

        Returns:
            Seconds until it is tried again, if it certainly wasn't made and waiting helps; None otherwise.
        """
        if problem.kind is ProblemKind.THROTTLED or (
            problem.kind in INCONCLUSIVE and not problem.may_have_been_sent
        ):
            if self._c.jobs.is_abandoned:
                await self._move(row, OperationState.FAILED, Event.NOT_SENT, problem.text, problem)
                return None
            pause = problem.retry_after_s or self._pause_s
            self._pause_s = min(self._pause_s * 2, MAX_BACK_OFF_S)
            note = tr("{sentence} Trying again.", sentence=problem.sentence)
            await self._move(row, OperationState.QUEUED, Event.NOT_SENT, note, problem)
            return pause
        if problem.kind in INCONCLUSIVE:
            async with self._c.transaction() as db:
                self._lose(db, row, problem.sentence)
            self._checks = 0
            self._c.changed(TABLES)
            return None
        if problem.kind in (ProblemKind.NOT_SIGNED_IN, ProblemKind.TOKEN_REFUSED):
            self._c.failed(problem._replace(connection_id=self._c.connection_id))
            problem = problem._replace(next_step=tr("Sign in again, then request it again."))
        event = Event.REFUSED if problem.may_have_been_sent else Event.NOT_SENT
        await self._move(row, OperationState.FAILED, event, problem.text, problem)
        return None

    async def _check(self, unknown: Sequence[StoredChange]) -> None:
        """Read the resources of changes whose result isn't known."""
        from hotpatch_gui.azure import maintenance  # noqa: PLC0415 - the SDK, after the first frame

        for row in unknown:
            read = partial(self._c.gateway.read_changed, row.change)
            try:
                found = await self._c.calls.reads.call(read, Urgency.FOLLOW)
            except ProblemError as error:
                log.info("schedule change %s can't be checked yet: %s", row.id, error)
                continue
            if maintenance.shows(found, row.change):
                await self._succeed(row, tr("Azure shows the change."))
        await self._store_effect()
