"""Sends one connection's changes of schedules in order, and reads back those whose response was lost."""

from __future__ import annotations

import asyncio
import logging
import math
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.dates import moment_name
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.domain.schedule_changes import ChangeKind, ScheduleChange
from hotpatch_gui.store import connections
from hotpatch_gui.store import schedule_changes as store
from hotpatch_gui.store.audit import Event
from hotpatch_gui.store.schedule_changes import StoredChange
from hotpatch_gui.translation import translator

from .operations.pauses import EXPIRES, FIRST_BACK_OFF_S, MAX_BACK_OFF_S
from .until_stored import until_stored
from .urgency import Urgency

if TYPE_CHECKING:
    from hotpatch_gui.azure.maintenance import Sent

    from .calls import RequestSlot
    from .context import Context

tr = translator("ScheduleSender")

log = logging.getLogger(__name__)
MAX_BULK, MAX_CHECKS_AT_ONCE = 100, 8
"""How many bulk changes are sent, and how many changes are checked, at a time."""
EFFECTS_S = 5.0
"""While changes are being sent, effects are stored together at this interval."""
FRESH_S = 5.0
"""How long a schedule that was read may wait until its change is sent."""
FEW = 10
"""An action with at most this many changes goes before bulk requests."""
CHECK_S, CHECKS = 15.0, 20
"""Seconds between checks of a change whose response was lost, and the maximum number of checks."""
CHANGED = (ChangeKind.SAVE, ChangeKind.EXCLUDE)
"""Changes of a schedule that must exist; what they don't name stays."""
BUG = tr.mark(
    "Because of an error in this program, Azure's response couldn't be processed. See the log for details."
)
DIFFERS = tr.mark(
    "Azure accepted the change, but returned other values than requested. The next sync shows what Azure stored."
)
_BLOCKING_STATES = {OperationState.FAILED, OperationState.CANCELED, OperationState.DISMISSED}
"""States after which nothing that builds on the change is sent."""
_StatesBefore = Mapping[int, set[OperationState]]
"""By row ID, the states of earlier changes of other kinds (``store.states_before``)."""
TABLES = ChangedTables.of("schedule_changes", "audit_log")


def _not_sent_error(kind: ProblemKind, sentence: str, step: str) -> ProblemError:
    """The error for a change that isn't sent: nothing reached Azure."""
    return ProblemError(Problem(kind, sentence, step)._replace(may_have_been_sent=False))


@dataclass(slots=True)
class _Attempts:
    """The next attempts to send and to check a change.

    Attributes:
        at: as a time of the monotonic clock.
        was_absent: whether the last read didn't find the resource; a deletion needs two of them.
        pause_s: seconds before the next attempt, unless Azure requests another delay.
        checks: successful reads of the resource since the response was lost.
    """

    at: float = 0.0
    was_absent: bool = False
    pause_s: float = FIRST_BACK_OFF_S
    checks: int = 0

    def pause(self, seconds: float | None = None) -> None:
        """Schedule the next attempt after ``seconds``, or after a pause that doubles each time."""
        self.at = time.monotonic() + (seconds or self.pause_s)
        self.pause_s = min(self.pause_s * 2, MAX_BACK_OFF_S)


class ScheduleSender:
    """One connection's changes, until each has ended or can't be resolved anymore."""

    def __init__(
        self, context: Context, wake: asyncio.Event, may_send: Callable[[int], bool]
    ) -> None:
        self._c, self._wake, self._may_send = context, wake, may_send
        self._attempts: defaultdict[int, _Attempts] = defaultdict(_Attempts)
        self._tasks: dict[int, tuple[Urgency, asyncio.Task[None]]] = {}
        """By row ID, the changes that are being sent or checked."""
        self._waiting = set[int]()
        """Row IDs of changes that are being read or wait for a slot; canceling their task is safe."""
        self._requests = set[int]()
        """Row IDs of changes that were sent and have no response yet. A canceled task doesn't remove them."""
        self._is_full = False
        """Whether ``MAX_BULK`` prevents further changes from starting."""
        self._made: list[ScheduleChange] = []
        """Changes that Azure made and whose effect isn't stored yet."""
        self._stored_at = self._refused_at = -math.inf

    async def run(self) -> None:
        """Send and check until nothing waits.

        Raises:
            Exception: the first failure that isn't a problem of one change, such as a full disk.
        """
        try:
            async with asyncio.TaskGroup() as group:
                while await self._start_ready(group):
                    pass
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        finally:
            await self._store_effect()

    async def _start_ready(self, group: asyncio.TaskGroup) -> bool:
        """Start what can be sent or checked now, then wait until there may be more.

        Returns:
            False when nothing is left to wait for.
        """
        self._wake.clear()
        await self._store_effect_if_due()
        rows = store.unfinished(self._c.db, self._c.connection_id)
        if await self._mark_interrupted(rows):
            return True
        self._cancel_tasks_of_ended({row.id for row in rows})
        waiting = [r for r in rows if r.state is OperationState.SENT or self._is_to_be_sent(r)]
        queued = [r for r in waiting if self._is_to_be_sent(r) and r.id not in self._tasks]
        before = store.states_before(self._c.db, {row.action_id for row in queued})
        if await self._cancel_late_and_blocked(queued, before):
            return True
        unknown = [r for r in rows if r.state is OperationState.UNKNOWN]
        checked = [r for r in unknown if self._attempts[r.id].checks < CHECKS]
        free = self._ready(waiting, checked, before)
        sizes = Counter(row.action_id for row in waiting)
        now = time.monotonic()
        due = sorted(self._due(free, now), key=lambda row: sizes[row.action_id] > FEW)
        self._is_full = False
        for row in due:
            urgency = Urgency.BULK if sizes[row.action_id] > FEW else Urgency.ACT
            if urgency is Urgency.BULK and self._count(urgency) >= MAX_BULK:
                self._is_full = True
                break
            self._start(group, row, urgency, self._send)
        for row in self._due(checked, now)[: MAX_CHECKS_AT_ONCE - self._count(Urgency.FOLLOW)]:
            self._start(group, row, Urgency.FOLLOW, self._check)
        pauses = [self._attempts[row.id].at - now for row in (*free, *checked)]
        if queued:
            left = EXPIRES - (self._c.clock() - min(row.created for row in queued))
            pauses.append(max(1.0, left.total_seconds()))
        if self._made:
            pauses.append(max(0.1, self._stored_at + EFFECTS_S - now))
        return await self._wait(min((p for p in pauses if p > 0), default=None))

    def _is_to_be_sent(self, row: StoredChange) -> bool:
        return row.state is OperationState.QUEUED and self._may_send(row.id)

    def _due(self, rows: Sequence[StoredChange], now: float) -> list[StoredChange]:
        return [r for r in rows if r.id not in self._tasks and self._attempts[r.id].at <= now]

    def _start(
        self,
        group: asyncio.TaskGroup,
        row: StoredChange,
        urgency: Urgency,
        act: Callable[[StoredChange, Urgency], Coroutine[Any, Any, None]],
    ) -> None:
        task = group.create_task(self._guarded(act, row, urgency))
        self._tasks[row.id] = urgency, task
        task.add_done_callback(lambda _: self._end(row.id))

    async def _guarded(
        self,
        act: Callable[[StoredChange, Urgency], Coroutine[Any, Any, None]],
        row: StoredChange,
        urgency: Urgency,
    ) -> None:
        """Keep a bug in one change from stopping the others; that change is tried again later."""
        try:
            await act(row, urgency)
        except (ProblemError, sqlite3.Error):
            raise
        except Exception:
            log.exception("schedule change %s: a bug", row.id)
            self._attempts[row.id].checks += 1
            self._attempts[row.id].pause()

    def _end(self, row_id: int) -> None:
        urgency, _ = self._tasks.pop(row_id)
        if (
            not self._is_full
            or urgency is not Urgency.BULK
            or self._count(urgency) <= MAX_BULK // 2
        ):
            self._wake.set()

    def _count(self, urgency: Urgency) -> int:
        """How many changes of this urgency are being sent or checked."""
        return sum(of is urgency for of, _ in self._tasks.values())

    def _cancel_tasks_of_ended(self, open_ids: Collection[int]) -> None:
        """Cancel the waiting tasks of changes that have ended in the meantime."""
        for row_id in self._waiting - set(open_ids):
            if row_id in self._tasks:
                self._tasks[row_id][1].cancel()

    async def _wait(self, seconds: float | None) -> bool:
        """Wait until a task has ended, something is requested or canceled, or the time has passed.

        Returns:
            False if there is nothing to wait for.
        """
        if self._tasks:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
            return True
        is_woken = await self._c.jobs.rest_until(self._wake, seconds or 0.0)
        return is_woken or seconds is not None

    async def _cancel_late_and_blocked(
        self, queued: Sequence[StoredChange], before: _StatesBefore
    ) -> bool:
        """Cancel changes that waited for too long, or that depend on one of their action that wasn't made.

        Returns:
            Whether there were any.
        """
        late = {row.id for row in queued if self._is_late(row)}
        blocked = {row.id for row in queued if before.get(row.id, set()) & _BLOCKING_STATES}
        if not late | blocked:
            return False
        async with self._c.transaction() as db:
            for row_id in sorted(late | blocked):
                note = (
                    tr("It waited for more than an hour and wasn't sent.")
                    if row_id in late
                    else tr(
                        "It wasn't sent, because an earlier change that it depends on wasn't made."
                    )
                )
                now, canceled = self._c.clock(), OperationState.CANCELED
                store.move(db, row_id, canceled, now, Event.CANCELED, note=note)
        self._c.changed(TABLES)
        return True

    def _is_late(self, row: StoredChange) -> bool:
        return self._c.clock() - row.created > EXPIRES

    def _ready(
        self,
        waiting: Sequence[StoredChange],
        checked: Sequence[StoredChange],
        before: _StatesBefore,
    ) -> list[StoredChange]:
        """The queued changes that can be sent now.

        Returns:
            The first change of each resource, if all earlier changes of other kinds in its action have succeeded and no creation
            or deletion of its schedule is unfinished or unknown. A schedule's deletion also waits for earlier assignments to it.
        """
        first_of_target: dict[str, int] = {}
        creation_or_deletion_of: dict[str, int] = {}
        first_dependent: dict[str, int] = {}
        for row in sorted((*waiting, *checked), key=lambda r: r.id):
            if row.change.kind in (ChangeKind.CREATE, ChangeKind.DELETE):
                creation_or_deletion_of.setdefault(row.target, row.id)
        for row in waiting:
            first_of_target.setdefault(row.target, row.id)
            first_dependent.setdefault(row.change.builds_on, row.id)
        return [
            row
            for row in waiting
            if row.state is OperationState.QUEUED
            and row.id not in self._tasks
            and before.get(row.id, set()) <= {OperationState.SUCCEEDED}
            and first_of_target[row.target] == row.id
            and creation_or_deletion_of.get(row.change.builds_on, row.id) >= row.id
            and (
                row.change.kind is not ChangeKind.DELETE
                or first_dependent.get(row.target, row.id) >= row.id
            )
        ]

    async def _mark_interrupted(self, rows: Sequence[StoredChange]) -> bool:
        """Mark changes that an earlier session sent as unknown, and return whether there were any."""
        interrupted = [
            row
            for row in rows
            if row.state is OperationState.SENT
            and row.id not in self._tasks
            and not self._c.jobs.has_kept(self._owner(row))
        ]
        if not interrupted:
            return False
        async with self._c.transaction() as db:
            for row in interrupted:
                self._mark_unknown(db, row, tr("The program ended before Azure answered."))
        self._c.changed(TABLES)
        return True

    def _owner(self, row: StoredChange) -> str:
        """The name under which a sent request is kept."""
        return f"{self._c.connection_id} schedule change {row.id}."

    def _mark_unknown(self, db: sqlite3.Connection, row: StoredChange, why: str) -> None:
        note = tr(
            "{why} It isn't sent again. The program checks in Azure whether the change was made. If it wasn't, request it again.",
            why=why,
        )
        store.move(db, row.id, OperationState.UNKNOWN, self._c.clock(), Event.LOST, note=note)

    async def _store_unknown(self, row: StoredChange, why: str) -> None:
        async with self._c.transaction() as db:
            self._mark_unknown(db, row, why)
        self._attempts.pop(row.id, None)
        self._c.changed(TABLES)

    async def _send(self, row: StoredChange, urgency: Urgency) -> None:
        """Send one change; the problem of one isn't a problem of others."""
        self._waiting.add(row.id)
        try:
            while not await self._try_to_send(row, urgency):
                pass
        except ProblemError as error:
            await self._handle(row, error.problem)
        finally:
            self._waiting.discard(row.id)

    async def _try_to_send(self, row: StoredChange, urgency: Urgency) -> bool:
        """Read the resource and send the change; False if the read is too old to send on."""
        read_at = time.monotonic()
        old = await self._read_before(row, urgency)
        if await self._end_if_made(row, old):
            return True
        async with self._c.calls.writes.slot(urgency) as slot:
            if old is not None and time.monotonic() > read_at + FRESH_S:
                return False
            self._waiting.discard(row.id)
            if not await self._claim(row):
                self._attempts[row.id].at = time.monotonic() + FIRST_BACK_OFF_S
                return True
            change = partial(self._c.gateway.change_schedule, row.change, old)
            await self._c.jobs.run_to_completion(self._owner(row), self._request(row, change, slot))
        return True

    async def _request(self, row: StoredChange, change: partial[Sent], slot: RequestSlot) -> None:
        """Send the change and store the result of the response, even while the program closes."""
        self._requests.add(row.id)
        try:
            sent = await slot.run(change)
        except ProblemError as error:
            problem = error.problem
            await self._until_stored(lambda: self._handle(row, problem))
        except Exception:
            log.exception("schedule change %s: a bug after it was sent", row.id)
            await self._until_stored(lambda: self._store_unknown(row, tr(BUG)))
        else:
            made = tr("Azure made the change.") if sent.is_as_requested else tr(DIFFERS)
            await self._until_stored(
                lambda: self._succeed(row, made, sent.request_id, is_shown=sent.is_as_requested)
            )
        finally:
            self._requests.discard(row.id)
            self._wake.set()
        await self._store_effect_if_due()

    async def _until_stored(self, write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        await until_stored(self._c.jobs, write, "a change of a schedule")

    async def _read_before(self, row: StoredChange, urgency: Urgency) -> Mapping[str, Any] | None:
        """The schedule's current state in Azure; a change keeps values that it doesn't name.

        Raises:
            ProblemError: it can't be read, or was deleted in the meantime, and nothing was sent.
        """
        if row.change.kind not in (ChangeKind.CREATE, *CHANGED):
            return None
        read = partial(self._c.gateway.read_target, row.change)
        try:
            old = await self._c.calls.reads.call(read, urgency)
        except ProblemError as error:
            raise ProblemError(error.problem._replace(may_have_been_sent=False)) from error
        if old is None and row.change.kind in CHANGED:
            raise _not_sent_error(
                ProblemKind.NOT_FOUND,
                tr(
                    "{name} was deleted in the meantime, so nothing was changed.",
                    name=row.change.subject,
                ),
                tr("Create it again, if it is still needed."),
            )
        return old

    async def _end_if_made(self, row: StoredChange, old: Mapping[str, Any] | None) -> bool:
        """End the change if the schedule to be created exists just as requested, as after a lost response.

        Returns:
            Whether the change ended.

        Raises:
            ProblemError: another schedule of this name exists, and nothing was sent.
        """
        if row.change.kind is not ChangeKind.CREATE or old is None:
            return False
        from hotpatch_gui.azure import maintenance  # noqa: PLC0415 - the SDK, after the first paint

        if maintenance.shows(old, row.change):
            await self._succeed(row, tr("Azure shows the change."))
            return True
        raise _not_sent_error(
            ProblemKind.CONFLICT,
            tr("{name} already exists, so nothing was created.", name=row.change.subject),
            tr("Choose another name, or edit the existing schedule."),
        )

    async def _claim(self, row: StoredChange) -> bool:
        """Mark the row as sent, on disk; False if it was canceled, changes are off, it is too old, or nobody waits for it anymore."""
        c = self._c
        async with c.transaction(durable=True) as db:
            is_allowed = store.is_allowed(db, c.connection_id)
            self._c.expire_after_sleep(db)
            claimed = (
                is_allowed
                and not self._is_late(row)
                and not (c.jobs.is_closing or c.jobs.is_abandoned)
                and store.move(db, row.id, OperationState.SENT, c.clock(), Event.SENDING)
            )
            if claimed:
                store.end_earlier(db, c.connection_id, row, OperationState.QUEUED, c.clock())
        c.changed(TABLES)
        if not is_allowed:
            name = c.gateway.connection.name
            note = tr(
                "Changes are off for {name}. Turn them on in Settings › Connections.", name=name
            )
            await self._move(row, OperationState.FAILED, Event.NOT_SENT, note)
        return claimed

    async def _succeed(
        self, row: StoredChange, note: str, request_id: str = "", *, is_shown: bool = True
    ) -> None:
        """End a change as made; ``is_shown``: the window shows it as requested until Resource Graph does."""
        async with self._c.transaction(durable=True) as db:
            now, done = self._c.clock(), OperationState.SUCCEEDED
            is_new = store.move(
                db, row.id, done, now, Event.ENDED, note=note, request_id=request_id
            )
            if is_new:
                unknown = OperationState.UNKNOWN
                store.end_earlier(db, self._c.connection_id, row, unknown, now)
        if is_new:  # otherwise a later change has decided
            if is_shown:
                self._made.append(row.change)
            log.info("schedule change %s: %s (request %s)", row.id, note, request_id or "no ID")
        self._c.changed(TABLES)

    async def _store_effect_if_due(self) -> None:
        """Store the effect of the last changes together: when no other is being sent, or after a while."""
        if not (self._tasks or self._requests) or time.monotonic() >= self._stored_at + EFFECTS_S:
            await self._store_effect()

    async def _store_effect(self) -> None:
        """Store the effect of the last changes: Resource Graph shows it later."""
        if not self._made:
            return
        from .sync.schedule_overlay import save_with  # noqa: PLC0415 - after the first paint

        made, self._made = self._made, []
        self._stored_at = time.monotonic()
        async with self._c.transaction() as db:
            if connections.read(db, self._c.connection_id) is not None:
                save_with(db, self._c.connection_id, made, self._c.clock())
        self._c.changed(ChangedTables.of("machines"))

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

    async def _handle(self, row: StoredChange, problem: Problem) -> None:
        """Store what a problem means for the change; it is tried again if it certainly wasn't made and waiting helps."""
        attempts = self._attempts[row.id]
        if problem.kind is ProblemKind.THROTTLED or (
            problem.kind.is_inconclusive and not problem.may_have_been_sent
        ):
            if self._c.jobs.is_abandoned:
                await self._move(row, OperationState.FAILED, Event.NOT_SENT, problem.text, problem)
                return
            attempts.pause(problem.retry_after_s)
            note = _retry_note(problem, self._c.clock())
            event = Event.REJECTED if problem.may_have_been_sent else Event.NOT_SENT
            await self._move(row, OperationState.QUEUED, event, note, problem)
            return
        if problem.kind.is_inconclusive:
            await self._store_unknown(row, problem.sentence)
            return
        if problem.kind is ProblemKind.STORE:
            raise ProblemError(problem)
        if row.change.kind.deletes and _is_missing(problem):
            await self._succeed(row, tr("It had already been deleted."), problem.request_id)
            return
        if problem.kind in (ProblemKind.NOT_SIGNED_IN, ProblemKind.TOKEN_REJECTED):
            problem = problem._replace(next_step=tr("Sign in again, then request it again."))
            await self._fail_all_waiting(problem)
        event = Event.REJECTED if problem.may_have_been_sent else Event.NOT_SENT
        await self._move(row, OperationState.FAILED, event, problem.text, problem)

    async def _fail_all_waiting(self, problem: Problem) -> None:
        """End what waits, because each would fail for the same reason."""
        async with self._c.transaction() as db:
            rows = store.unfinished(db, self._c.connection_id)
            ended = [
                store.move(
                    db,
                    row.id,
                    OperationState.FAILED,
                    self._c.clock(),
                    Event.NOT_SENT,
                    note=problem.text,
                )
                for row in rows
                if self._is_to_be_sent(row)
            ]
        if ended:
            self._c.changed(TABLES)
        if (
            time.monotonic() > self._refused_at + EFFECTS_S
        ):  # once for those that were sent together
            self._c.failed(problem._replace(connection_id=self._c.connection_id))
        self._refused_at = time.monotonic()

    async def _check(self, row: StoredChange, urgency: Urgency) -> None:
        """Read the resource of a change whose result isn't known."""
        from hotpatch_gui.azure import maintenance  # noqa: PLC0415 - the SDK, after the first paint

        attempts = self._attempts[row.id]
        read = partial(self._c.gateway.read_target, row.change)
        try:
            found = await self._c.calls.reads.call(read, urgency)
        except ProblemError as error:
            log.info("schedule change %s can't be checked yet: %s", row.id, error)
            attempts.checks += not error.problem.kind.is_transient
        else:
            attempts.checks += 1
            is_shown = maintenance.shows(found, row.change)
            if is_shown and (attempts.was_absent or not row.change.kind.deletes):
                await self._succeed(row, tr("Azure shows the change."))
            attempts.was_absent = found is None
        attempts.at = time.monotonic() + CHECK_S


def _retry_note(problem: Problem, now: datetime) -> str:
    """The error, and the time of the next attempt if Azure named one."""
    seconds = problem.retry_after_s or 0.0
    if seconds < FIRST_BACK_OFF_S:
        return tr("{sentence} Trying again.", sentence=problem.sentence)
    time_text = moment_name(now + timedelta(seconds=seconds))
    return tr("{sentence} Trying again at {time} UTC.", sentence=problem.sentence, time=time_text)


def _is_missing(problem: Problem) -> bool:
    """Whether Azure says that the resource doesn't exist."""
    from hotpatch_gui.azure import maintenance  # noqa: PLC0415 - the SDK, after the first paint

    return problem.kind is ProblemKind.NOT_FOUND and problem.code in maintenance.MISSING
